package login

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"biseo/assistant/state"
)

const public = "https://biseo.example"

var noon = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

// A clock that tests set.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newTestLogin(t *testing.T, c *clock, o Options) *Login {
	t.Helper()
	store, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), state.Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	o.ClientID, o.PublicURL, o.Now = "biseo", public, c.now
	if o.ClientSecret == "" {
		o.ClientSecret = "secret"
	}
	l, err := New(slog.New(slog.DiscardHandler), store, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A browser keeps cookies as one does, for a single host.
type browser struct {
	l       *Login
	cookies map[string]string
}

func (b *browser) send(method, target, body string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.l.ServeHTTP(w, r)
	resp := w.Result()
	if b.cookies == nil {
		b.cookies = map[string]string{}
	}
	for _, c := range resp.Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return resp
}

// session is who the service takes the browser for.
func (b *browser) session(t *testing.T) (state.Session, error) {
	r := httptest.NewRequestWithContext(t.Context(), "GET", public+"/", nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return b.l.Session(r)
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	var s strings.Builder
	if err := resp.Write(&s); err != nil {
		t.Fatal(err)
	}
	return s.String()
}

func TestLogin(t *testing.T) {
	c := &clock{noon}
	p := newTestProvider(t, c.now)
	var audited []string
	l := newTestLogin(t, c, Options{Issuer: p.URL, Permissions: []string{"read", "ask"}, GroupPermissions: map[string][]string{"민원과": {"draft", "read"}, "other": {"admin"}},
		GroupGrades: map[string]string{"staff": "sensitive", "other": "classified"},
		Audit: func(_ context.Context, action, subject, outcome string) error {
			audited = append(audited, action+" "+subject+" "+outcome)
			return nil
		}})
	b := &browser{l: l}
	resp := b.send("GET", public+"/login?return=%2Fsearch%3Fq%3Da", "")
	if resp.StatusCode != 302 {
		t.Fatal(body(t, resp))
	}
	for _, ck := range resp.Cookies() {
		if ck.Name != pendingName || !ck.Secure || !ck.HttpOnly || ck.SameSite != http.SameSiteLaxMode || ck.Path != "/" || ck.Domain != "" {
			t.Errorf("cookie %+v", ck)
		}
	}
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	if q := to.Query(); q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("state")) < 26 || len(q.Get("nonce")) < 26 ||
		q.Get("redirect_uri") != public+"/login/callback" || q.Get("scope") != "openid" || q.Get("response_type") != "code" {
		t.Errorf("asked for %v", q)
	}
	back := p.approve(to.String())
	resp = b.send("GET", back, "")
	if resp.StatusCode != 302 || resp.Header.Get("Location") != "/search?q=a" {
		t.Fatal(body(t, resp))
	}
	got, err := b.session(t)
	if err != nil {
		t.Fatal(err)
	}
	want := state.Session{Subject: "1042", Name: "김주무", Groups: []string{"staff", "민원과"}, Permissions: []string{"ask", "draft", "read"}, Grade: "sensitive",
		Created: noon, Seen: noon, Expires: noon.Add(10 * time.Hour), Idle: 29 * time.Minute}
	if d := cmp.Diff(want, got, cmpopts.EquateApproxTime(0)); d != "" {
		t.Error(d)
	}
	for _, ck := range resp.Cookies() {
		if ck.Name == CookieName && (!ck.Secure || !ck.HttpOnly || ck.SameSite != http.SameSiteLaxMode || ck.Path != "/" || ck.Domain != "" || len(ck.Value) < 52) {
			t.Errorf("cookie %+v", ck)
		}
	}

	if resp := b.send("GET", back, ""); resp.StatusCode != 400 { // the way back works once
		t.Errorf("again: got %d", resp.StatusCode)
	}
	first := b.cookies[CookieName]
	second := &browser{l: l}
	for _, who := range []*browser{b, second} {
		resp = who.send("GET", p.approve(who.send("GET", public+"/login", "").Header.Get("Location")), "")
		if resp.StatusCode != 302 || resp.Header.Get("Location") != "/" {
			t.Fatal(body(t, resp))
		}
	}
	if b.cookies[CookieName] == first {
		t.Error("the token did not change at login")
	}
	if _, err := (&browser{l: l, cookies: map[string]string{CookieName: first}}).session(t); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("the session before the new login: got %v", err)
	}

	third := &browser{l: l}
	third.send("GET", p.approve(third.send("GET", public+"/login", "").Header.Get("Location")), "")
	stolen := &browser{l: l, cookies: map[string]string{CookieName: third.cookies[CookieName]}}
	resp = third.send("POST", public+"/logout", "")
	if resp.StatusCode != 200 || !strings.Contains(body(t, resp), p.URL+"/bye?client_id=biseo") || third.cookies[CookieName] != "" {
		t.Errorf("logout: got %d %v", resp.StatusCode, third.cookies)
	}
	if _, err := stolen.session(t); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("after logout: got %v", err)
	}
	if _, err := second.session(t); err != nil {
		t.Errorf("another browser after logout: got %v", err)
	}
	second.send("POST", public+"/logout", "everywhere=1")
	if _, err := b.session(t); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("after logout everywhere: got %v", err)
	}
	if d := cmp.Diff([]string{"login 1042 done", "login 1042 done", "login 1042 done", "login 1042 done", "logout 1042 done", "logout_everywhere 1042 done"}, audited); d != "" {
		t.Error(d)
	}
}

// A session ends after half an hour of silence, and after ten hours in any case.
func TestSessionEnds(t *testing.T) {
	c := &clock{noon}
	p := newTestProvider(t, c.now)
	l := newTestLogin(t, c, Options{Issuer: p.URL})
	in := func() *browser {
		b := &browser{l: l}
		b.send("GET", p.approve(b.send("GET", public+"/login", "").Header.Get("Location")), "")
		return b
	}
	b := in()
	c.t = c.t.Add(29 * time.Minute)
	if _, err := b.session(t); err != nil {
		t.Errorf("after 29 minutes: %v", err)
	}
	c.t = c.t.Add(31 * time.Minute)
	if _, err := b.session(t); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("after 31 idle minutes: got %v", err)
	}
	b = in()
	began := c.t
	for c.t.Sub(began) < 10*time.Hour-20*time.Minute {
		c.t = c.t.Add(20 * time.Minute)
		if _, err := b.session(t); c.t.Sub(began) < 10*time.Hour && err != nil {
			t.Fatalf("after %v: %v", c.t.Sub(began), err)
		}
	}
	c.t = began.Add(10*time.Hour + time.Second)
	if _, err := b.session(t); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("after 10 hours: got %v", err)
	}
}

// No lie of the provider, or of who stands between it and us, begins a session.
func TestLies(t *testing.T) {
	tests := []struct {
		name   string
		claims map[string]any
		sign   func(p *testProvider) func(head, payload string) string
		back   func(string) string // changes the address that the browser is sent back to
		age    time.Duration       // of the login when it comes back
		ok     bool
	}{
		{name: "truth", ok: true},
		{name: "other nonce", claims: map[string]any{"nonce": "n"}},
		{name: "no nonce", claims: map[string]any{"nonce": nil}},
		{name: "other issuer", claims: map[string]any{"iss": "https://evil.example"}},
		{name: "other audience", claims: map[string]any{"aud": "other"}},
		{name: "two audiences, no azp", claims: map[string]any{"aud": []string{"biseo", "other"}}},
		{name: "two audiences, azp another", claims: map[string]any{"aud": []string{"biseo", "other"}, "azp": "other"}},
		{name: "azp another", claims: map[string]any{"azp": "other"}},
		{name: "azp of another type", claims: map[string]any{"azp": 7}},
		{name: "two audiences, azp ours", claims: map[string]any{"aud": []string{"biseo", "other"}, "azp": "biseo"}, ok: true},
		{name: "expired 61 s ago", claims: map[string]any{"exp": noon.Add(-61 * time.Second).Unix()}},
		{name: "expired 59 s ago", claims: map[string]any{"exp": noon.Add(-59 * time.Second).Unix()}, ok: true},
		{name: "issued in 61 s", claims: map[string]any{"iat": noon.Add(61 * time.Second).Unix()}},
		{name: "issued in 59 s", claims: map[string]any{"iat": noon.Add(59 * time.Second).Unix()}, ok: true},
		{name: "valid in 61 s", claims: map[string]any{"nbf": noon.Add(61 * time.Second).Unix()}},
		{name: "no expiry", claims: map[string]any{"exp": nil}},
		{name: "other access token", claims: map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
		{name: "no subject", claims: map[string]any{"sub": nil}},
		{name: "subject with a line break", claims: map[string]any{"sub": "a\nb"}},
		{name: "alg none", sign: func(*testProvider) func(string, string) string {
			return func(_, payload string) string { return b64(`{"alg":"none"}`) + "." + payload + "." }
		}},
		{name: "alg HS256 with the public key", sign: func(p *testProvider) func(string, string) string {
			return func(_, payload string) string {
				head := b64(`{"alg":"HS256","kid":"k1"}`)
				m := hmac.New(sha256.New, p.key.N.Bytes())
				m.Write([]byte(head + "." + payload))
				return head + "." + payload + "." + b64(string(m.Sum(nil)))
			}
		}},
		{name: "signature of something else", sign: func(p *testProvider) func(string, string) string {
			return func(head, payload string) string { return head + "." + payload + "." + p.rs256("else") }
		}},
		{name: "unknown key", sign: func(p *testProvider) func(string, string) string {
			return func(_, payload string) string {
				head := b64(`{"alg":"RS256","kid":"k2"}`)
				return head + "." + payload + "." + p.rs256("else")
			}
		}},
		{name: "other state", back: func(s string) string { return replaceQuery(s, "state", "s") }},
		{name: "no state", back: func(s string) string { return replaceQuery(s, "state", "") }},
		{name: "two states", back: func(s string) string { return s + "&state=x" }},
		{name: "mixed up with another issuer", back: func(s string) string { return replaceQuery(s, "iss", "https://evil.example") }},
		{name: "no issuer though promised", back: func(s string) string { return replaceQuery(s, "iss", "") }},
		{name: "other code", back: func(s string) string { return replaceQuery(s, "code", "c") }},
		{name: "no code", back: func(s string) string { return replaceQuery(s, "code", "") }},
		{name: "denied", back: func(s string) string { return replaceQuery(s, "code", "") + "&error=access_denied" }},
		{name: "too late", age: 10 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &clock{noon}
			p := newTestProvider(t, c.now)
			p.claims = tt.claims
			if tt.sign != nil {
				p.sign = tt.sign(p)
			}
			b := &browser{l: newTestLogin(t, c, Options{Issuer: p.URL})}
			back := p.approve(b.send("GET", public+"/login", "").Header.Get("Location"))
			if tt.back != nil {
				back = tt.back(back)
			}
			c.t = c.t.Add(tt.age)
			resp := b.send("GET", back, "")
			_, err := b.session(t)
			if ok := err == nil; ok != tt.ok || ok != (resp.StatusCode == 302) {
				t.Errorf("got %d and session %v\n%s", resp.StatusCode, err, body(t, resp))
			}
			if tt.ok {
				return
			}
			if s := body(t, resp); !strings.Contains(s, "로그인하지 못했습니다") || strings.Contains(s, "evil") {
				t.Errorf("the page says\n%s", s)
			}
		})
	}
}

func replaceQuery(s, name, value string) string {
	u, _ := url.Parse(s)
	q := u.Query()
	if q.Del(name); value != "" {
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// A login that one browser began, another cannot end: an attacker cannot log a
// victim in as himself.
func TestOtherBrowser(t *testing.T) {
	c := &clock{noon}
	p := newTestProvider(t, c.now)
	l := newTestLogin(t, c, Options{Issuer: p.URL})
	attacker, victim := &browser{l: l}, &browser{l: l}
	back := p.approve(attacker.send("GET", public+"/login", "").Header.Get("Location"))
	victim.send("GET", public+"/login", "")
	if resp := victim.send("GET", back, ""); resp.StatusCode != 400 || p.tokens != 0 {
		t.Errorf("got %d, %d exchanges", resp.StatusCode, p.tokens)
	}
	if _, err := victim.session(t); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestProviderDown(t *testing.T) {
	c := &clock{noon}
	p := newTestProvider(t, c.now)
	l := newTestLogin(t, c, Options{Issuer: p.URL})
	b := &browser{l: l}
	asked := 0
	down := func(path string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != path {
				return false
			}
			asked++
			w.WriteHeader(502)
			return true
		}
	}
	p.change = down("/.well-known/openid-configuration")
	for range 5 {
		resp := b.send("GET", public+"/login", "")
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body(t, resp), "통합로그인 서버가 답하지 않습니다") {
			t.Fatal(body(t, resp))
		}
	}
	if asked != 1 {
		t.Errorf("the provider was asked %d times at once", asked)
	}
	c.t = c.t.Add(providerRest)
	p.change = down("/token")
	resp := b.send("GET", p.approve(b.send("GET", public+"/login", "").Header.Get("Location")), "")
	if resp.StatusCode != 503 {
		t.Error(body(t, resp))
	}
	p.change = nil
	resp = b.send("GET", p.approve(b.send("GET", public+"/login", "").Header.Get("Location")), "")
	if resp.StatusCode != 302 {
		t.Error(body(t, resp))
	}
}

// Whatever addresses the provider names, or redirects to, only the hosts that the
// operator named are asked.
func TestConfined(t *testing.T) {
	c := &clock{noon}
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	for name, change := range map[string]func(p *testProvider) func(http.ResponseWriter, *http.Request) bool{
		"keys elsewhere": func(p *testProvider) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/.well-known/openid-configuration" {
					return false
				}
				p.send(w, 200, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": other.URL + "/jwks"})
				return true
			}
		},
		"redirect": func(*testProvider) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/token" {
					return false
				}
				http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
				return true
			}
		},
	} {
		p := newTestProvider(t, c.now)
		p.change = change(p)
		b := &browser{l: newTestLogin(t, c, Options{Issuer: p.URL})}
		back := p.approve(b.send("GET", public+"/login", "").Header.Get("Location"))
		if resp := b.send("GET", back, ""); resp.StatusCode == 302 || reached {
			t.Errorf("%s: got %d, reached %v", name, resp.StatusCode, reached)
		}
	}
}

func TestAuditRefuses(t *testing.T) {
	c := &clock{noon}
	p := newTestProvider(t, c.now)
	b := &browser{l: newTestLogin(t, c, Options{Issuer: p.URL, Audit: func(context.Context, string, string, string) error { return errors.New("disk full") }})}
	resp := b.send("GET", p.approve(b.send("GET", public+"/login", "").Header.Get("Location")), "")
	if _, err := b.session(t); resp.StatusCode != 503 || !errors.Is(err, state.ErrNotFound) {
		t.Errorf("got %d, session %v", resp.StatusCode, err)
	}
}

func TestReturnPath(t *testing.T) {
	for in, want := range map[string]string{
		"/": "/", "/search?q=%EB%AF%BC%EC%9B%90#a": "/search?q=%EB%AF%BC%EC%9B%90#a", "": "/", "search": "/", "https://evil.example/": "/", "//evil.example": "/", "/\\evil.example": "/",
		"/%2f/evil.example": "/", "///evil.example": "/", "/%5cevil.example": "/", "\\\\evil.example": "/", "/a\nb": "/", "/\tevil": "/", " //evil.example": "/",
		"javascript:alert(1)": "/", "/login": "/", "/login?return=/login": "/", "/logout": "/", "/" + strings.Repeat("a", 2000): "/", "http:/a": "/", "/a?b=//c": "/a?b=//c",
	} {
		if got := ReturnPath(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestNew(t *testing.T) {
	for name, tt := range map[string]struct {
		o    Options
		want string
	}{
		"plain issuer":   {Options{Issuer: "http://sso.example", PublicURL: public, ClientID: "a"}, "want https"},
		"plain public":   {Options{Issuer: "https://sso.example", PublicURL: "http://biseo.example", ClientID: "a"}, "want https"},
		"path in public": {Options{Issuer: "https://sso.example", PublicURL: public + "/app", ClientID: "a"}, "without a path"},
		"no client":      {Options{Issuer: "https://sso.example", PublicURL: public}, "client ID is missing"},
		"no grade":       {Options{Issuer: "https://sso.example", PublicURL: public, ClientID: "a", GroupGrades: map[string]string{"a": "secret"}}, "grade of group a"},
		"local":          {Options{Issuer: "http://127.0.0.1:4593/api", PublicURL: "http://localhost:8080/", ClientID: "a"}, ""},
	} {
		_, err := New(slog.New(slog.DiscardHandler), nil, tt.o)
		if got := err != nil; got != (tt.want != "") || got && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
