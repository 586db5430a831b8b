// Package login lets people log in to the page with the OpenID Connect provider of
// their agency: authorization code flow with PKCE (OpenID Connect Core 1.0; RFC 7636;
// RFC 9700). Their sessions are kept on the server, in package state; a browser
// holds only a random token, in a cookie that no other host or script can set or read.
//
// provider.go talks to the provider and checks what it says, login.go is what a
// browser sees. The rights of a session are those that the provider's claims gave
// when it began.
package login

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"biseo/assistant/state"
	"biseo/index"
)

const (
	// CookieName is that of the session. The prefix makes browsers insist on Secure,
	// Path=/ and no Domain (RFC 6265bis, section 4.1.3).
	CookieName  = "__Host-biseo"
	pendingName = "__Host-biseo-login" // what a login under way must come back with

	pendingTime = 10 * time.Minute // from the first page of the provider to the way back
	maxReturn   = 1024             // bytes of a return path
	maxUnderWay = 16               // logins that wait for the provider at the same time
)

// Options of [New].
type Options struct {
	Issuer       string // of the provider, such as https://sso.example.go.kr/realms/office
	ClientID     string
	ClientSecret string   // "" for a public client
	PublicURL    string   // under which browsers reach the service; /login/callback below it is the redirect URI
	Hosts        []string // hosts besides the issuer's that tokens and keys may come from; with port where there is one
	Scopes       []string // asked for besides openid

	NameClaim   string // "" means name, else preferred_username
	GroupsClaim string // "" means groups; a dot goes into an object: realm_access.roles
	GradeClaim  string // holds open, sensitive or classified; "" for none

	Permissions      []string            // of everyone who logs in
	GroupPermissions map[string][]string // and more by group
	GroupGrades      map[string]string   // highest grade by group; nobody's is less than open

	Now   func() time.Time                                                 // nil means time.Now
	Audit func(ctx context.Context, action, subject, outcome string) error // called before a login or logout counts; an error refuses it; may be nil
}

// A Login serves the pages of logging in and out. Safe for concurrent use.
type Login struct {
	lg       *slog.Logger
	store    *state.Store
	o        Options
	public   *url.URL
	provider *provider
	seal     cipher.AEAD   // of the pending cookie; its key lives as long as the process
	underWay chan struct{} // holds a token for each exchange under way
}

// New checks the settings. It does not ask the provider, which may come up later.
func New(lg *slog.Logger, store *state.Store, o Options) (*Login, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Audit == nil {
		o.Audit = func(context.Context, string, string, string) error { return nil }
	}
	if o.GroupsClaim == "" {
		o.GroupsClaim = "groups"
	}
	for group, grade := range o.GroupGrades {
		if _, err := index.ParseGrade(grade); err != nil {
			return nil, fmt.Errorf("grade of group %s: %w", group, err)
		}
	}
	public, err := secureURL(o.PublicURL)
	if err == nil && strings.Trim(public.Path, "/") != "" {
		err = fmt.Errorf("%s: want an address without a path", o.PublicURL)
	}
	if err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	if o.ClientID == "" {
		return nil, errors.New("client ID is missing: register this service with the provider")
	}
	callback := public.Scheme + "://" + public.Host + "/login/callback"
	p, err := newProvider(o, callback)
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Login{lg: lg, store: store, o: o, public: public, provider: p, seal: seal, underWay: make(chan struct{}, maxUnderWay)}, nil
}

// secureURL parses an absolute https URL, or an http one of this machine.
func secureURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q: want an address such as https://biseo.example.go.kr", s)
	}
	ip := net.ParseIP(u.Hostname())
	if local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback(); u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return nil, fmt.Errorf("%q: want https, since session cookies need it", s)
	}
	return u, nil
}

// ServeHTTP serves GET /login, /login/callback and /logout, and POST /logout. The
// POST must be protected against requests from other sites.
func (l *Login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /login":
		l.begin(w, r)
	case "GET /login/callback":
		l.callback(w, r)
	case "GET /logout":
		l.show(w, http.StatusOK, page{Title: "로그아웃", Text: "이 브라우저에서만 로그아웃할지, 로그인한 모든 곳에서 로그아웃할지 골라 주세요.", Logout: true})
	case "POST /logout":
		l.logout(w, r)
	default:
		l.show(w, http.StatusNotFound, page{Title: "없는 주소입니다", Text: "주소를 확인해 주세요.", Link: "/", Label: "처음으로"})
	}
}

// Session returns who is logged in with the browser that sent r. Nobody is
// [state.ErrNotFound].
func (l *Login) Session(r *http.Request) (state.Session, error) {
	token := cookie(r, CookieName)
	if token == "" {
		return state.Session{}, state.ErrNotFound
	}
	return l.store.FindSession(r.Context(), token)
}

// cookie is the value of a cookie that was sent exactly once, else "".
func cookie(r *http.Request, name string) string {
	found := r.CookiesNamed(name)
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// pending is what a login under way remembers, sealed, in the browser that began it.
type pending struct {
	State, Nonce, Verifier string
	Return                 string
	Until                  time.Time
}

// begin sends the browser to the provider. The query's return names the page of
// this service to come back to.
func (l *Login) begin(w http.ResponseWriter, r *http.Request) {
	back := ReturnPath(r.URL.Query().Get("return"))
	if !strings.EqualFold(r.Host, l.public.Host) {
		// The cookies of this login would not be seen on the way back.
		here := l.public.Scheme + "://" + l.public.Host + "/login?return=" + url.QueryEscape(back)
		l.show(w, http.StatusMisdirectedRequest, page{Title: "다른 주소로 접속했습니다", Text: "로그인은 아래 주소에서만 할 수 있습니다.", Link: here, Label: "로그인 주소로 가기"})
		return
	}
	c, err := l.provider.client(r.Context())
	if err != nil {
		l.unavailable(w, "discovery", err)
		return
	}
	p := pending{State: rand.Text(), Nonce: rand.Text(), Verifier: newVerifier(), Return: back, Until: l.o.Now().Add(pendingTime)}
	plain, err := json.Marshal(p)
	if err != nil {
		l.unavailable(w, "begin", err)
		return
	}
	sealed := base64.RawURLEncoding.EncodeToString(l.seal.Seal(nil, nil, plain, []byte(pendingName)))
	setCookie(w, pendingName, sealed, int(pendingTime/time.Second))
	http.Redirect(w, r, c.begin(p), http.StatusFound)
}

// open returns what the browser of r remembers of its login.
func (l *Login) open(r *http.Request) (p pending, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(cookie(r, pendingName))
	if err != nil {
		return p, false
	}
	plain, err := l.seal.Open(nil, nil, sealed, []byte(pendingName))
	if err != nil || json.Unmarshal(plain, &p) != nil {
		return p, false
	}
	return p, l.o.Now().Before(p.Until)
}

// callback is where the provider sends the browser back to. A login that holds
// ends a session that this browser had, and begins a new one.
func (l *Login) callback(w http.ResponseWriter, r *http.Request) {
	p, ok := l.open(r)
	setCookie(w, pendingName, "", -1)
	q := r.URL.Query()
	if !ok || len(q["state"]) != 1 || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(p.State)) != 1 {
		l.again(w, http.StatusBadRequest, "이 로그인은 이 브라우저에서 시작하지 않았거나 시간이 지났습니다. 처음부터 다시 로그인해 주세요.")
		return
	}
	select {
	case l.underWay <- struct{}{}:
		defer func() { <-l.underWay }()
	default:
		l.unavailable(w, "callback", errors.New("too many logins wait for the provider"))
		return
	}
	c, err := l.provider.client(r.Context())
	if err != nil {
		l.unavailable(w, "discovery", err)
		return
	}
	session, err := c.finish(r.Context(), q, p)
	switch {
	case errors.Is(err, errUnavailable):
		l.unavailable(w, "exchange", err)
		return
	case err != nil:
		l.lg.Warn("login refused", "id", w.Header().Get("X-Request-Id"), "err", err)
		_ = l.o.Audit(r.Context(), "login", "", "refused")
		l.again(w, http.StatusForbidden, "통합로그인이 보낸 내용을 확인하지 못해 로그인하지 않았습니다. 다시 로그인하고, 계속되면 관리자에게 알려 주세요.")
		return
	}
	if err := l.o.Audit(r.Context(), "login", session.Subject, "done"); err != nil {
		l.broken(w, err)
		return
	}
	if old := cookie(r, CookieName); old != "" {
		if err := l.store.EndSession(r.Context(), old); err != nil {
			l.broken(w, err)
			return
		}
	}
	token, err := l.store.CreateSession(r.Context(), session)
	if err != nil {
		l.broken(w, err)
		return
	}
	setCookie(w, CookieName, token, 0)
	http.Redirect(w, r, p.Return, http.StatusFound)
}

// logout ends the session of this browser, or with everywhere in the form all
// sessions of the person.
func (l *Login) logout(w http.ResponseWriter, r *http.Request) {
	setCookie(w, CookieName, "", -1)
	session, err := l.Session(r)
	if err == nil {
		action := "logout"
		if r.PostFormValue("everywhere") != "" {
			action = "logout_everywhere"
		}
		err = l.o.Audit(r.Context(), action, session.Subject, "done")
		if action == "logout" {
			err = errors.Join(err, l.store.EndSession(r.Context(), cookie(r, CookieName)))
		} else {
			err = errors.Join(err, l.store.EndSessions(r.Context(), session.Subject))
		}
	}
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		l.broken(w, err)
		return
	}
	p := page{Title: "로그아웃했습니다", Text: "다시 쓰려면 로그인해 주세요.", Link: "/login", Label: "로그인"}
	p.Provider = l.provider.logoutURL()
	l.show(w, http.StatusOK, p)
}

// ReturnPath is s if it is a path of this origin to come back to after a login, else "/".
func ReturnPath(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil, len(s) > maxReturn, u.Scheme != "", u.Host != "", u.User != nil, u.Opaque != "",
		!strings.HasPrefix(s, "/"), strings.HasPrefix(s, "//"), strings.Contains(s, `\`), // browsers take \ for /
		strings.HasPrefix(u.Path, "//"), strings.Contains(u.Path, `\`),
		strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }),
		u.Path == "/login", strings.HasPrefix(u.Path, "/login/"), u.Path == "/logout":
		return "/"
	}
	return s
}

// setCookie sets a cookie for this host alone; age 0 lasts as long as the browser, -1 removes.
func setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
