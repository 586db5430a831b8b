package web

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"biseo/assistant/state"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// withoutPolicy are the routes that need none: they hold what every installation
// of the program holds.
func withoutPolicy(path string) bool {
	return slices.Contains(views, path) || strings.HasPrefix(path, "/page/") || path == "/openapi.json" || path == "/openapi.yaml"
}

var pathParameter = regexp.MustCompile(`:([^/]+)`)

// TestPolicies fails on a route that nobody has given a policy.
func TestPolicies(t *testing.T) {
	s, routes := routesOf(t)
	for _, route := range routes {
		if _, ok := s.policies[route]; !ok && !withoutPolicy(strings.Fields(route)[1]) {
			t.Errorf("%s has no policy: add it with register or route", route)
		}
	}
	for route := range maps.Keys(s.policies) {
		if !slices.Contains(routes, route) {
			t.Errorf("%s has a policy and no route", route)
		}
	}
	if len(s.policies) < 8 {
		t.Errorf("only %d policies", len(s.policies))
	}
}

// routesOf lists the routes of a server with everything that it can have, as
// method and path with {parameters}.
func routesOf(t *testing.T) (*server, []string) {
	t.Helper()
	store := newStore(t)
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, Options{Identify: Identify(store, fakeLogin{}), Login: fakeLogin{}})
	r, err := s.router()
	if err != nil {
		t.Fatal(err)
	}
	var routes []string
	for _, route := range r.Routes() {
		routes = append(routes, route.Method+" "+pathParameter.ReplaceAllString(route.Path, "{$1}"))
	}
	slices.Sort(routes)
	return s, routes
}

// TestEveryRoute sends a request to every route as nobody, with keys that lack
// its permission, and with one that has nothing else.
func TestEveryRoute(t *testing.T) {
	store := newStore(t)
	permissions := []Permission{Read, Ask, Draft, Documents, Admin}
	only, without := map[Permission]string{}, map[Permission]string{}
	for _, p := range permissions {
		_, only[p] = newKey(t, store, state.Key{Name: "only " + string(p), Permissions: []string{string(p)}})
		var rest []string
		for _, q := range permissions {
			if q != p {
				rest = append(rest, string(q))
			}
		}
		_, without[p] = newKey(t, store, state.Key{Name: "without " + string(p), Permissions: rest})
	}
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, Options{Identify: Identify(store, fakeLogin{}), Login: fakeLogin{}, Limits: Limits{KeyPerMinute: -1}})
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	send := func(route, secret string) (int, string) {
		method, path, _ := strings.Cut(route, " ")
		r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost"+strings.NewReplacer("{", "", "}", "").Replace(path), nil)
		if secret != "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, fmt.Sprint(w.Code, " ", codeOf(w.Body.String()))
	}
	for _, route := range slices.Sorted(maps.Keys(s.policies)) {
		p := s.policies[route]
		if p == Anyone {
			if status, got := send(route, ""); status == 401 || status == 403 {
				t.Errorf("%s as nobody: got %s", route, got)
			}
			continue
		}
		if _, got := send(route, ""); got != "401 unauthorized" {
			t.Errorf("%s as nobody: got %s", route, got)
		}
		if _, got := send(route, only[p]+"x"); got != "401 unknown_key" {
			t.Errorf("%s with an unknown key: got %s", route, got)
		}
		if _, got := send(route, without[p]); got != "403 forbidden" {
			t.Errorf("%s without %s: got %s", route, p, got)
		}
		if status, got := send(route, only[p]); status == 401 || got == "403 forbidden" || status == 500 {
			t.Errorf("%s with %s: got %s", route, p, got)
		}
	}
}
