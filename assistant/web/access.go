package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"biseo/assistant"
	"biseo/assistant/state"
	"biseo/index"
)

// A Permission is what a caller must hold to use a route.
type Permission string

const (
	Anyone    Permission = "anyone"    // also who has not said who they are: health, the page's files
	Read      Permission = "read"      // search, passages, documents that the caller may see
	Ask       Permission = "ask"       // the tasks: answers, summaries, reports, replies, check, mask
	Draft     Permission = "draft"     // to keep one's own drafts, conversations and feedback
	Documents Permission = "documents" // to add, change and remove documents
	Admin     Permission = "admin"     // keys, jobs of others, usage, audit
)

// A Caller is who sends a request, and what they may do.
type Caller struct {
	assistant.Principal
	Via         string       // local, key or session
	Key         string       // ID of the API key; "" without one
	Name        string       // of the person who is logged in; "" if unknown
	User        string       // the end user that a trusted front end named; "" if none
	Address     string       // of the sender, as far as trusted proxies tell it; "" if unknown
	Permissions []Permission // besides Anyone

	Idle    time.Duration // a login that is not used for so long ends; 0 without one
	Expires time.Time     // and however much it is used it ends then

	perMinute, userPerMinute int // as the key says; 0: as the service's limits
}

// Owner names whose drafts and conversations the caller sees: local, key:ID,
// user:SUBJECT or key:ID/user:NAME. IDs of keys have no slash.
func (c Caller) Owner() string { return c.Principal.ID }

// May reports whether the caller holds p.
func (c Caller) May(p Permission) bool { return p == Anyone || slices.Contains(c.Permissions, p) }

// A Login lets people log in with a browser. It serves GET /login, /login/callback
// and /logout, and POST /logout: a login.Login.
type Login interface {
	http.Handler
	Session(*http.Request) (state.Session, error) // who is logged in; nobody: state.ErrNotFound
}

// maxEndUser bounds what a front end may say of its end user, in bytes.
const maxEndUser, maxEndUserGroups = 128, 1000

// Identify returns a function for [Options] that knows callers by their API key, or,
// where login is not nil, by the session of their browser.
//
// A key comes as "Authorization: Bearer biseo_…". A trusted one may name the end
// user for whom it asks by the headers Biseo-User, Biseo-Groups (separated by
// commas), Biseo-Grade and Biseo-Permissions, each percent-encoded UTF-8 and sent at
// most once. The rights are then what both key and user hold; a user without groups
// sees public documents, without a grade open ones, and without permissions may
// read, ask and keep drafts.
func Identify(store *state.Store, login Login) func(*http.Request) (Caller, error) {
	return func(r *http.Request) (Caller, error) {
		session := state.Session{}
		err := state.ErrNotFound
		if login != nil {
			session, err = login.Session(r)
		}
		switch hasKey := len(r.Header["Authorization"]) > 0; {
		case err != nil && !errors.Is(err, state.ErrNotFound):
			return Caller{}, err
		case err == nil && hasKey:
			return Caller{}, newProblem(http.StatusBadRequest, "two_identities", "로그인한 브라우저의 요청에는 API 키를 함께 보낼 수 없습니다. 하나만 보내 주세요.")
		case err == nil:
			c := newCaller("session", "user:"+session.Subject, session.Groups, session.Grade, session.Permissions)
			c.Name, c.Idle, c.Expires = session.Name, session.Idle, session.Expires
			return c, nil
		case hasKey:
			return keyCaller(store, r)
		}
		return Caller{}, nil
	}
}

// IdentifyAlone returns a function for [Options] of a service for one person: every
// request has the rights of who. From the first key that is made on, also by another
// process and also where it was revoked since, callers are known by their key alone,
// as [Identify] does.
func IdentifyAlone(store *state.Store, who assistant.Principal) func(*http.Request) (Caller, error) {
	byKey := Identify(store, nil)
	var keyed atomic.Bool // there has been a key: that does not change again
	return func(r *http.Request) (Caller, error) {
		if !keyed.Load() {
			any, err := store.AnyKey(r.Context())
			if err != nil {
				return Caller{}, err
			}
			keyed.Store(any)
		}
		if keyed.Load() {
			return byKey(r)
		}
		return localCaller(who), nil
	}
}

func localCaller(who assistant.Principal) Caller {
	who.ID = cmp.Or(who.ID, "local")
	return Caller{Principal: who, Via: "local", Permissions: []Permission{Read, Ask, Draft, Documents, Admin}}
}

func newCaller(via, id string, groups []string, grade string, permissions []string) Caller {
	g, _ := index.ParseGrade(grade) // what is no grade allows no more than none
	c := Caller{Principal: assistant.Principal{ID: id, Groups: groups, Grade: max(g, index.Open)}, Via: via}
	for _, p := range permissions {
		c.Permissions = append(c.Permissions, Permission(p))
	}
	return c
}

func keyCaller(store *state.Store, r *http.Request) (Caller, error) {
	unknown := newProblem(http.StatusUnauthorized, "unknown_key", "모르는 API 키이거나 기한이 지났거나 폐지된 키입니다. 관리자에게 새 키를 받아 주세요.")
	values := r.Header["Authorization"]
	scheme, secret, _ := strings.Cut(values[0], " ")
	if len(values) != 1 || !strings.EqualFold(scheme, "Bearer") {
		return Caller{}, unknown
	}
	key, err := store.FindKey(r.Context(), strings.TrimSpace(secret))
	if errors.Is(err, state.ErrNotFound) {
		return Caller{}, unknown
	}
	if err != nil {
		return Caller{}, err
	}
	c := newCaller("key", "key:"+key.ID, key.Groups, key.Grade, key.Permissions)
	c.Key, c.perMinute, c.userPerMinute = key.ID, key.PerMinute, key.UserPerMinute
	return c, c.forUser(r.Header, key.Trusted)
}

// forUser narrows c to the end user that the headers name, if they name one.
func (c *Caller) forUser(h http.Header, trusted bool) error {
	said := map[string]string{}
	for _, name := range []string{"Biseo-User", "Biseo-Groups", "Biseo-Grade", "Biseo-Permissions"} {
		switch values := h[name]; {
		case len(values) > 1:
			return newProblem(http.StatusBadRequest, "bad_end_user", name+" 머리말은 한 번만 보내 주세요.")
		case len(values) == 1:
			said[name] = values[0]
		}
	}
	if len(said) == 0 {
		return nil
	}
	if !trusted {
		return newProblem(http.StatusForbidden, "not_trusted", "이 API 키로는 다른 사용자를 대신할 수 없습니다. Biseo- 머리말을 빼거나 관리자에게 권한을 요청해 주세요.")
	}
	list := func(name string) ([]string, error) {
		items := []string{}
		for item := range strings.SplitSeq(said[name], ",") {
			s, err := url.PathUnescape(strings.TrimSpace(item))
			if err != nil || !utf8.ValidString(s) || len(s) > maxEndUser || strings.ContainsFunc(s, unicode.IsControl) || len(items) > maxEndUserGroups {
				return nil, newProblem(http.StatusBadRequest, "bad_end_user", name+" 머리말을 읽을 수 없습니다. UTF-8을 퍼센트 인코딩하고 쉼표로 나누어 보내 주세요.")
			}
			if s != "" {
				items = append(items, s)
			}
		}
		return items, nil
	}
	user, err := list("Biseo-User")
	if err != nil {
		return err
	}
	if len(user) != 1 {
		return newProblem(http.StatusBadRequest, "bad_end_user", "Biseo-User 머리말에 사용자 한 사람을 적어 주세요.")
	}
	groups, err := list("Biseo-Groups")
	if err != nil {
		return err
	}
	permissions := []string{string(Read), string(Ask), string(Draft)}
	if _, ok := said["Biseo-Permissions"]; ok {
		if permissions, err = list("Biseo-Permissions"); err != nil {
			return err
		}
	}
	grade := index.Open
	if s, ok := said["Biseo-Grade"]; ok {
		if grade, err = index.ParseGrade(s); err != nil || grade == 0 {
			return newProblem(http.StatusBadRequest, "bad_end_user", "Biseo-Grade 머리말에 open, sensitive, classified 가운데 하나를 적어 주세요.")
		}
	}
	c.User = user[0]
	c.ID += "/user:" + c.User
	c.Groups = slices.DeleteFunc(slices.Clone(c.Groups), func(g string) bool { return !slices.Contains(groups, g) })
	c.Grade = min(c.Grade, grade)
	c.Permissions = slices.DeleteFunc(c.Permissions, func(p Permission) bool { return !slices.Contains(permissions, string(p)) })
	return nil
}

type callerKey struct{}

// CallerOf returns who sends the request of ctx. Outside a request it is nobody,
// who may see public documents and do nothing.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// identify finds out who the caller is, before every route. An unknown caller is
// let through as nobody: the route's policy refuses them. Whether the service is
// well is told to everybody, however much there is to do.
func (s *server) identify(c *gin.Context) {
	if path := c.FullPath(); path == "/healthz" || path == "/readyz" {
		c.Next()
		return
	}
	caller, err := s.lookUp(c.Request)
	if err != nil {
		writeProblem(c.Writer, s.problem(c.Request.Context(), err))
		c.Abort()
		return
	}
	caller.Address = arrivalOf(c.Request.Context()).address
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), callerKey{}, caller))
	c.Next()
}

// lookUp finds out who sends r. Anybody can make it do so: only so many are looked
// up at a time.
func (s *server) lookUp(r *http.Request) (Caller, error) {
	if s.o.Identify == nil {
		return localCaller(s.o.Who), nil
	}
	leave, err := s.limits.entries.enter(r.Context())
	if err != nil {
		return Caller{}, err
	}
	defer leave()
	return s.o.Identify(r)
}

// refusal is nil where the caller of ctx holds p and has not asked too often. The
// response's header h tells how much is left.
func (s *server) refusal(ctx context.Context, h http.Header, p Permission) *Problem {
	caller := CallerOf(ctx)
	switch {
	case p == Anyone:
		return nil
	case caller.May(p):
		return s.limits.admit(caller, h, 1, 0)
	case caller.Via == "":
		return newProblem(http.StatusUnauthorized, "unauthorized", "누구의 요청인지 알 수 없으니 로그인하거나 Authorization: Bearer 머리말에 API 키를 넣어 보내 주세요.")
	}
	return forbidden()
}

func forbidden() *Problem {
	return newProblem(http.StatusForbidden, "forbidden", "이 일을 할 권한이 없으니 관리자에게 권한을 요청해 주세요.")
}

// register adds an operation that only callers who hold p may use: that, and how
// often, is decided before the operation's own middlewares, and before a body is decoded.
func register[In, Out any](s *server, api huma.API, p Permission, op huma.Operation, handle func(context.Context, *In) (*Out, error)) {
	s.policies[op.Method+" "+op.Path] = p
	op.Middlewares = append(huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		w := humagin.Unwrap(ctx).Writer
		if problem := s.refusal(ctx.Context(), w.Header(), p); problem != nil {
			writeProblem(w, problem)
			return
		}
		next(ctx)
	}}, op.Middlewares...)
	huma.Register(api, op, handle)
}

// route adds a handler outside the described API, such as /mcp, that only callers
// who hold p may use. Parameters of the path stand in braces: /v1/models/{id}.
func (s *server) route(r *gin.Engine, p Permission, method, path string, handle gin.HandlerFunc) {
	s.policies[method+" "+path] = p
	r.Handle(method, strings.NewReplacer("{", ":", "}", "").Replace(path), func(c *gin.Context) {
		if problem := s.refusal(c.Request.Context(), c.Writer.Header(), p); problem != nil {
			writeProblem(c.Writer, problem)
			return
		}
		handle(c)
	})
}

// registerLogin adds the pages of logging in and out. Who opens a view of the page
// and is nobody is sent there: it comes before the page is registered. Without a
// login the page itself sends them, and /login says why it ends there.
func (s *server) registerLogin(r *gin.Engine) {
	if s.o.Login == nil {
		s.route(r, Anyone, http.MethodGet, "/login", func(c *gin.Context) {
			c.String(http.StatusNotFound, "로그인이 설정되지 않았습니다. 화면을 쓰려면 관리자에게 로그인 설정(--oidc-issuer)을 요청해 주세요.")
		})
		return
	}
	for _, at := range []string{"GET /login", "GET /login/callback", "GET /logout", "POST /logout"} {
		method, path, _ := strings.Cut(at, " ")
		s.route(r, Anyone, method, path, gin.WrapH(s.o.Login))
	}
	r.Use(func(c *gin.Context) {
		if CallerOf(c.Request.Context()).Via == "" && c.Request.Method == http.MethodGet && slices.Contains(views, c.FullPath()) {
			c.Redirect(http.StatusFound, "/login?return="+url.QueryEscape(c.Request.URL.RequestURI()))
			c.Abort()
		}
	})
}
