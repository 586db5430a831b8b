package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"biseo/assistant"
	"biseo/assistant/state"
	"biseo/index"
)

// A fakeLogin knows the browser whose cookie is "b=TOKEN".
type fakeLogin map[string]state.Session

func (l fakeLogin) Session(r *http.Request) (state.Session, error) {
	if c, err := r.Cookie("b"); err == nil {
		if s, ok := l[c.Value]; ok {
			return s, nil
		}
	}
	return state.Session{}, state.ErrNotFound
}

func (l fakeLogin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte("login"))
}

// newStore opens an empty state file.
func newStore(t testing.TB) *state.Store {
	t.Helper()
	store, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func newKey(t testing.TB, store *state.Store, k state.Key) (state.Key, string) {
	t.Helper()
	k, secret, err := store.CreateKey(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	return k, secret
}

// typo is secret with another letter in its middle.
func typo(secret string) string {
	other := "a"
	if secret[20] == 'a' {
		other = "b"
	}
	return secret[:20] + other + secret[21:]
}

// codeOf is the code of a problem, or of an error as OpenAI writes them.
func codeOf(body string) string {
	var p struct {
		Code  string
		Error struct{ Code string }
	}
	_ = json.Unmarshal([]byte(body), &p)
	return p.Code + p.Error.Code
}

func TestIdentify(t *testing.T) {
	store := newStore(t)
	key, secret := newKey(t, store, state.Key{Name: "archive", Permissions: []string{"read", "ask"}, Groups: []string{"a", "b"}, Grade: "sensitive"})
	front, frontSecret := newKey(t, store, state.Key{Name: "portal", Permissions: []string{"read", "ask", "draft", "documents"}, Groups: []string{"a", "b", "민원과"}, Grade: "sensitive", Trusted: true})
	_, expired := newKey(t, store, state.Key{Name: "old", Permissions: []string{"read"}, Expires: time.Now().Add(-time.Second)})
	gone, revoked := newKey(t, store, state.Key{Name: "lost", Permissions: []string{"read"}})
	if err := store.RevokeKey(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	login := fakeLogin{"1": {Subject: "kim", Groups: []string{"staff"}, Permissions: []string{"read"}, Grade: "open", Idle: time.Minute, Expires: november}}
	identify := Identify(store, login)
	caller := func(id string, grade index.Grade, via, key, user string, groups []string, permissions ...Permission) Caller {
		return Caller{Principal: assistant.Principal{ID: id, Groups: groups, Grade: grade}, Via: via, Key: key, User: user, Permissions: permissions}
	}
	session := caller("user:kim", index.Open, "session", "", "", []string{"staff"}, Read)
	session.Idle, session.Expires = time.Minute, november
	asFront := func(more ...string) []string {
		return append([]string{"Authorization", "Bearer " + frontSecret}, more...)
	}
	frontID := "key:" + front.ID
	tests := []struct {
		name   string
		header []string
		want   Caller
		status int
		code   string
	}{
		{"nobody", nil, Caller{}, 0, ""},
		{"key", []string{"Authorization", "Bearer " + secret}, caller("key:"+key.ID, index.Sensitive, "key", key.ID, "", []string{"a", "b"}, Read, Ask), 0, ""},
		{"scheme in lower case", []string{"Authorization", "bearer " + secret}, caller("key:"+key.ID, index.Sensitive, "key", key.ID, "", []string{"a", "b"}, Read, Ask), 0, ""},
		{"key with a typing error", []string{"Authorization", "Bearer " + typo(secret)}, Caller{}, 401, "unknown_key"},
		{"start of a key", []string{"Authorization", "Bearer " + secret[:64]}, Caller{}, 401, "unknown_key"},
		{"expired", []string{"Authorization", "Bearer " + expired}, Caller{}, 401, "unknown_key"},
		{"revoked", []string{"Authorization", "Bearer " + revoked}, Caller{}, 401, "unknown_key"},
		{"password", []string{"Authorization", "Basic " + secret}, Caller{}, 401, "unknown_key"},
		{"empty", []string{"Authorization", ""}, Caller{}, 401, "unknown_key"},
		{"two keys", []string{"Authorization", "Bearer " + secret, "Authorization", "Bearer " + frontSecret}, Caller{}, 401, "unknown_key"},
		{"session", []string{"Cookie", "b=1"}, session, 0, ""},
		{"unknown session", []string{"Cookie", "b=2"}, Caller{}, 0, ""},
		{"session and key", []string{"Cookie", "b=1", "Authorization", "Bearer " + secret}, Caller{}, 400, "two_identities"},
		{"session and unknown key", []string{"Cookie", "b=1", "Authorization", "Bearer x"}, Caller{}, 400, "two_identities"},
		{"a session names no user", []string{"Cookie", "b=1", "Biseo-User", "lee", "Biseo-Groups", "a"}, session, 0, ""},
		{"user of a key that is not trusted", []string{"Authorization", "Bearer " + secret, "Biseo-User", "lee"}, Caller{}, 403, "not_trusted"},
		{"grade from a key that is not trusted", []string{"Authorization", "Bearer " + secret, "Biseo-Grade", "classified"}, Caller{}, 403, "not_trusted"},
		{"front end itself", asFront(), caller(frontID, index.Sensitive, "key", front.ID, "", []string{"a", "b", "민원과"}, Read, Ask, Draft, Documents), 0, ""},
		{"user", asFront("Biseo-User", "lee", "Biseo-Groups", "b, c", "Biseo-Grade", "classified"),
			caller(frontID+"/user:lee", index.Sensitive, "key", front.ID, "lee", []string{"b"}, Read, Ask, Draft), 0, ""},
		{"user in Korean", asFront("Biseo-User", "%EA%B9%80%EC%A3%BC%EB%AC%B4", "Biseo-Groups", "%EB%AF%BC%EC%9B%90%EA%B3%BC", "Biseo-Grade", "open"),
			caller(frontID+"/user:김주무", index.Open, "key", front.ID, "김주무", []string{"민원과"}, Read, Ask, Draft), 0, ""},
		{"user of whom nothing is known", asFront("Biseo-User", "lee"), caller(frontID+"/user:lee", index.Open, "key", front.ID, "lee", []string{}, Read, Ask, Draft), 0, ""},
		{"permissions", asFront("Biseo-User", "lee", "Biseo-Permissions", "read,admin,documents"),
			caller(frontID+"/user:lee", index.Open, "key", front.ID, "lee", []string{}, Read, Documents), 0, ""},
		{"no permissions", asFront("Biseo-User", "lee", "Biseo-Permissions", ""), caller(frontID+"/user:lee", index.Open, "key", front.ID, "lee", []string{}), 0, ""},
		{"groups without a user", asFront("Biseo-Groups", "a"), Caller{}, 400, "bad_end_user"},
		{"empty user", asFront("Biseo-User", " "), Caller{}, 400, "bad_end_user"},
		{"two users", asFront("Biseo-User", "lee,kim"), Caller{}, 400, "bad_end_user"},
		{"header twice", asFront("Biseo-User", "lee", "Biseo-User", "kim"), Caller{}, 400, "bad_end_user"},
		{"line break", asFront("Biseo-User", "lee%0Akim"), Caller{}, 400, "bad_end_user"},
		{"broken encoding", asFront("Biseo-User", "lee%"), Caller{}, 400, "bad_end_user"},
		{"not UTF-8", asFront("Biseo-User", "%ff"), Caller{}, 400, "bad_end_user"},
		{"no grade", asFront("Biseo-User", "lee", "Biseo-Grade", "secret"), Caller{}, 400, "bad_end_user"},
		{"empty grade", asFront("Biseo-User", "lee", "Biseo-Grade", ""), Caller{}, 400, "bad_end_user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
			for i := 0; i < len(tt.header); i += 2 {
				r.Header.Add(tt.header[i], tt.header[i+1])
			}
			got, err := identify(r)
			var status int
			var code string
			if p, ok := err.(*Problem); ok {
				status, code = p.Status, p.Code
			} else if err != nil {
				t.Fatal(err)
			}
			if status != tt.status || code != tt.code {
				t.Fatalf("got %d %s, want %d %s", status, code, tt.status, tt.code)
			}
			if err != nil {
				return
			}
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(Caller{}), cmpopts.EquateEmpty()); d != "" {
				t.Error(d)
			}
			if got.Owner() != tt.want.ID {
				t.Errorf("owner %q", got.Owner())
			}
		})
	}
	keys, err := store.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(keys, func(k state.Key) bool { return k.ID == key.ID }); keys[i].Used.IsZero() {
		t.Error("the use of a key is not kept")
	}
}

// A key that is revoked is refused with the next request, on every connection.
func TestRevoked(t *testing.T) {
	store := newStore(t)
	key, secret := newKey(t, store, state.Key{Name: "archive", Permissions: []string{"read"}})
	url, _ := start(t, &fake{}, func(s *server) { s.o.Identify = Identify(store, nil) })
	send := func() (int, string, http.Header) {
		resp, body := do(t, "POST", url+"/v1/search", `{"query":"주차"}`, "Authorization", "Bearer "+secret)
		return resp.StatusCode, codeOf(body), resp.Header
	}
	if status, code, h := send(); status != 200 || h.Get("RateLimit-Policy") != `"key";q=600;w=60` || h.Get("RateLimit") != `"key";r=599;t=1` {
		t.Fatalf("got %d %s %v", status, code, h)
	}
	if err := store.RevokeKey(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	if status, code, h := send(); status != 401 || code != "unknown_key" || h.Get("WWW-Authenticate") == "" {
		t.Errorf("got %d %s %v", status, code, h)
	}
}

func TestRateOverHTTP(t *testing.T) {
	store := newStore(t)
	_, secret := newKey(t, store, state.Key{Name: "archive", Permissions: []string{"read"}, PerMinute: 3})
	url, _ := start(t, &fake{}, func(s *server) { s.o.Identify = Identify(store, nil) })
	for i := range 5 {
		resp, body := do(t, "POST", url+"/v1/search", `{"query":"주차"}`, "Authorization", "Bearer "+secret)
		wait, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // 20, less what the machine took meanwhile
		if i < 3 && resp.StatusCode != 200 || i >= 3 && (resp.StatusCode != 429 || wait < 1 || wait > 20 || codeOf(body) != "rate_limited") {
			t.Errorf("request %d: got %d %v %s", i+1, resp.StatusCode, resp.Header, body)
		}
	}
	if resp, _ := do(t, "GET", url+"/healthz", "", "Authorization", "Bearer "+secret); resp.StatusCode != 200 {
		t.Errorf("health: got %d", resp.StatusCode)
	}
}

// Whoever opens the page and has not logged in is sent to do so, and comes back.
func TestPageNeedsLogin(t *testing.T) {
	store := newStore(t)
	login := fakeLogin{"1": {Subject: "kim", Permissions: []string{"read"}}}
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, Options{Identify: Identify(store, login), Login: login})
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, path, cookie string
		status               int
		location             string
	}{
		{"GET", "/", "", 302, "/login?return=%2F"},
		{"GET", "/search?q=%EB%AF%BC%EC%9B%90", "", 302, "/login?return=%2Fsearch%3Fq%3D%25EB%25AF%25BC%25EC%259B%2590"},
		{"GET", "/", "b=1", 200, ""},
		{"GET", "/page/biseo.css", "", 200, ""},
		{"GET", "/login", "", 200, ""},
		{"GET", "/login/callback", "", 200, ""},
		{"GET", "/logout", "", 200, ""},
		{"POST", "/logout", "b=1", 403, ""}, // says not where it comes from
		{"GET", "/v1/status", "", 401, ""},
		{"GET", "/v1/status", "b=1", 200, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), tt.method, "http://localhost"+tt.path, nil)
		if tt.cookie != "" {
			r.Header.Set("Cookie", tt.cookie)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Location") != tt.location {
			t.Errorf("%s %s: got %d %s", tt.method, tt.path, w.Code, w.Header().Get("Location"))
		}
	}
}

// Without a login the page cannot be used by those who need one, and they are told so.
func TestNoLogin(t *testing.T) {
	h, err := New(slog.New(slog.DiscardHandler), &fake{}, Options{Identify: Identify(newStore(t), nil)})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/login?return=%2F", nil))
	if got := w.Body.String(); w.Code != 404 || !strings.HasPrefix(got, "로그인이 설정되지 않았습니다.") || !strings.Contains(got, "--oidc-issuer") {
		t.Errorf("got %d %s", w.Code, got)
	}
}

func TestEdge(t *testing.T) {
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, Options{Edge: Edge{Hosts: []string{"biseo.example.go.kr", "10.0.0.7"}, Proxies: prefixes("10.1.0.0/16", "fd00::/8"),
		FrameAncestors: []string{"https://portal.example.go.kr", "https://onnara.example.go.kr:8443"}}})
	if err := s.o.Edge.Check(); err != nil {
		t.Fatal(err)
	}
	var came arrival
	h := s.guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { came = arrivalOf(r.Context()) }))
	tests := []struct {
		name, host, peer string
		header           []string
		status           int
		address          string
		secure           bool
	}{
		{"loopback", "localhost:8080", "127.0.0.1:5", nil, 200, "127.0.0.1", false},
		{"public name", "BISEO.example.go.kr:443", "10.0.0.9:5", nil, 200, "10.0.0.9", false},
		{"public address", "10.0.0.7:8080", "10.0.0.9:5", nil, 200, "10.0.0.9", false},
		{"other name", "biseo.example.go.kr.evil.example", "10.0.0.9:5", nil, 421, "", false},
		{"no name", "", "10.0.0.9:5", nil, 421, "", false},
		{"headers of a stranger", "10.0.0.7", "10.0.0.9:5", []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https"}, 200, "10.0.0.9", false},
		{"proxy", "10.0.0.7", "10.1.2.3:5", []string{"X-Forwarded-For", "10.0.0.9", "X-Forwarded-Proto", "https"}, 200, "10.0.0.9", true},
		{"proxy over IPv6", "10.0.0.7", "[fd00::1]:5", []string{"X-Forwarded-For", "2001:db8::1", "X-Forwarded-Proto", "https"}, 200, "2001:db8::1", true},
		{"two proxies", "10.0.0.7", "10.1.2.3:5", []string{"X-Forwarded-For", "6.6.6.6, 10.0.0.9, 10.1.0.1", "X-Forwarded-Proto", "http"}, 200, "10.0.0.9", false},
		{"header twice", "10.0.0.7", "10.1.2.3:5", []string{"X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "10.0.0.9"}, 200, "10.0.0.9", false},
		{"rubbish behind a proxy", "10.0.0.7", "10.1.2.3:5", []string{"X-Forwarded-For", "6.6.6.6, <script>", "X-Forwarded-Proto", "https, http"}, 200, "10.1.2.3", false},
		{"nothing behind a proxy", "10.0.0.7", "10.1.2.3:5", nil, 200, "10.1.2.3", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			came = arrival{}
			r := httptest.NewRequestWithContext(t.Context(), "GET", "http://x/", nil)
			r.Host, r.RemoteAddr = tt.host, tt.peer
			for i := 0; i < len(tt.header); i += 2 {
				r.Header.Add(tt.header[i], tt.header[i+1])
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status || came.address != tt.address || came.secure != tt.secure {
				t.Errorf("got %d %+v", w.Code, came)
			}
			if hsts := w.Header().Get("Strict-Transport-Security") != ""; hsts != tt.secure {
				t.Errorf("Strict-Transport-Security: got %v", hsts)
			}
			if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "; frame-ancestors 'self' https://portal.example.go.kr https://onnara.example.go.kr:8443;") || w.Header().Get("X-Frame-Options") != "" {
				t.Errorf("frames: %s", csp)
			}
		})
	}
}

func TestEdgeCheck(t *testing.T) {
	for _, e := range []Edge{{Hosts: []string{"https://a.example"}}, {Hosts: []string{"a.example:80"}}, {Hosts: []string{"*"}}, {Hosts: []string{""}},
		{FrameAncestors: []string{"*"}}, {FrameAncestors: []string{"http://a.example"}}, {FrameAncestors: []string{"https://a.example/"}},
		{FrameAncestors: []string{"https://a.example; script-src *"}}, {FrameAncestors: []string{"https://a.example https://b.example"}}, {FrameAncestors: []string{"https://*.example"}}} {
		if e.Check() == nil {
			t.Errorf("%+v: no error", e)
		}
	}
}

// An answer that waits for its turn in vain is told so with Retry-After, streamed or not.
func TestOverloadOverHTTP(t *testing.T) {
	began := make(chan struct{}, 1)
	url, _ := start(t, &fake{answer: func(ctx context.Context, _ assistant.AnswerRequest, _ func(assistant.Event) error) (*assistant.Answer, error) {
		began <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}}, func(s *server) { s.limits.answers = newGate(1, 0, time.Second) })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		req, _ := http.NewRequestWithContext(ctx, "POST", url+"/v1/answers", strings.NewReader(`{"question":"주차"}`))
		req.Header.Set("Content-Type", "application/json")
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	<-began
	for _, accept := range []string{"application/json", "text/event-stream"} {
		resp, body := do(t, "POST", url+"/v1/answers", `{"question":"주차"}`, "Accept", accept)
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "1" || codeOf(body) != "overloaded" {
			t.Errorf("%s: got %d %v %s", accept, resp.StatusCode, resp.Header, body)
		}
	}
	if resp, _ := do(t, "POST", url+"/v1/search", `{"query":"주차"}`); resp.StatusCode != 200 {
		t.Errorf("a search meanwhile: got %d", resp.StatusCode)
	}
}
