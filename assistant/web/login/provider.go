package login

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"biseo/assistant/state"
	"biseo/index"
)

const (
	skew         = 60 * time.Second // that the provider's clock may differ from ours
	providerWait = 5 * time.Second  // for one answer of the provider
	providerRest = 3 * time.Second  // after a failure, before it is asked again
	maxResponse  = 1 << 20          // bytes of one answer of the provider
	maxGroups    = 1000
	maxName      = 256 // bytes of a group, a subject or a name
)

// errUnavailable marks what the provider did not answer, as against what it denied.
var errUnavailable = errors.New("the identity provider does not answer")

// A provider knows the agency's OpenID Connect provider. It is asked for its
// description at the first login, and after a failure again.
type provider struct {
	o        Options
	callback string
	http     *http.Client

	mu     sync.Mutex
	known  *client
	failed time.Time // of the last attempt
	err    error
}

// A client is this service registered with a provider whose description is known.
type client struct {
	o        Options
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	http     *http.Client
	meta     metadata
}

// metadata is what of the description go-oidc does not tell.
type metadata struct {
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	NamesIssuer bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
	EndSession  string   `json:"end_session_endpoint"`
	JWKS        string   `json:"jwks_uri"`
}

func newProvider(o Options, callback string) (*provider, error) {
	issuer, err := secureURL(o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	transport := &http.Transport{ // without proxies of the environment
		DialContext:         (&net.Dialer{Timeout: providerWait}).DialContext,
		TLSHandshakeTimeout: providerWait,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}
	return &provider{o: o, callback: callback, http: &http.Client{
		Transport:     &confined{transport, append([]string{issuer.Host}, o.Hosts...), issuer.Scheme},
		Timeout:       providerWait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// confined lets requests go only to the hosts that the operator named, whatever
// addresses the provider's description holds, and bounds what comes back.
type confined struct {
	next   http.RoundTripper
	hosts  []string
	scheme string
}

func (c *confined) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != c.scheme || !slices.Contains(c.hosts, r.URL.Host) {
		return nil, fmt.Errorf("%s://%s is neither the issuer nor among its further hosts", r.URL.Scheme, r.URL.Host)
	}
	resp, err := c.next.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxResponse), resp.Body}
	}
	return resp, err
}

// client returns the client once the provider has described itself. While it is
// down, callers wait for one attempt at most, and do not each make their own.
func (p *provider) client(ctx context.Context) (*client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	if p.err != nil && p.o.Now().Sub(p.failed) < providerRest {
		return nil, p.err
	}
	// The description is for all callers: it outlives the request that asks for it.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), p.http)
	p.known, p.err = p.describe(ctx)
	p.failed = p.o.Now()
	return p.known, p.err
}

func (p *provider) describe(ctx context.Context) (*client, error) {
	described, err := oidc.NewProvider(ctx, p.o.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnavailable, err)
	}
	c := &client{o: p.o, http: p.http}
	if err := described.Claims(&c.meta); err != nil {
		return nil, fmt.Errorf("description of the provider: %w", err)
	}
	endpoint := described.Endpoint()
	if _, err := secureURL(endpointBase(endpoint.AuthURL)); err != nil {
		return nil, fmt.Errorf("authorization endpoint: %w", err)
	}
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // the default of the standard
	if p.o.ClientSecret == "" || len(c.meta.AuthMethods) > 0 && !slices.Contains(c.meta.AuthMethods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	c.oauth = oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: endpoint, RedirectURL: p.callback,
		Scopes: append([]string{oidc.ScopeOpenID}, p.o.Scopes...)}
	c.verifier = described.VerifierContext(ctx, &oidc.Config{ClientID: p.o.ClientID, Now: func() time.Time { return p.o.Now().Add(-skew) }})
	return c, nil
}

// endpointBase is u without the query that an authorization endpoint may have.
func endpointBase(u string) string {
	base, _, _ := strings.Cut(u, "?")
	return base
}

// logoutURL is where a person logs out of the provider, "" if it has not said.
func (p *provider) logoutURL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		return ""
	}
	u, err := secureURL(endpointBase(p.known.meta.EndSession))
	if err != nil {
		return ""
	}
	u.RawQuery = url.Values{"client_id": {p.o.ClientID}}.Encode()
	return u.String()
}

func newVerifier() string { return oauth2.GenerateVerifier() }

// begin is the address at the provider where p is answered.
func (c *client) begin(p pending) string {
	return c.oauth.AuthCodeURL(p.State, oidc.Nonce(p.Nonce), oauth2.S256ChallengeOption(p.Verifier))
}

// finish turns what the provider's redirect brought into a session. The state of q
// has been checked.
func (c *client) finish(ctx context.Context, q url.Values, p pending) (state.Session, error) {
	var s state.Session
	if iss, ok := q["iss"]; ok || c.meta.NamesIssuer {
		if len(iss) != 1 || iss[0] != c.o.Issuer {
			return s, errors.New("the response is of another issuer")
		}
	}
	if denied := q.Get("error"); denied != "" {
		return s, fmt.Errorf("the provider denied it: %q", denied[:min(len(denied), 64)])
	}
	if len(q["code"]) != 1 {
		return s, errors.New("the response has no code")
	}
	ctx = oidc.ClientContext(ctx, c.http)
	token, err := c.oauth.Exchange(ctx, q.Get("code"), oauth2.VerifierOption(p.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response.StatusCode < http.StatusInternalServerError {
			return s, fmt.Errorf("exchange the code: %d %q", refused.Response.StatusCode, refused.ErrorCode)
		}
		return s, fmt.Errorf("%w: exchange the code: %w", errUnavailable, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return s, errors.New("the token response has no id_token")
	}
	id, err := c.verifier.Verify(ctx, raw)
	if err != nil {
		return s, fmt.Errorf("id_token: %w", err)
	}
	if id.Nonce == "" || id.Nonce != p.Nonce {
		return s, errors.New("id_token: the nonce is not ours")
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return s, fmt.Errorf("id_token: %w", err)
		}
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return s, fmt.Errorf("id_token: %w", err)
	}
	if err := c.check(id, claims); err != nil {
		return s, fmt.Errorf("id_token: %w", err)
	}
	return c.session(id.Subject, claims)
}

// check is what OpenID Connect Core 1.0, section 3.1.3.7, asks for besides what
// go-oidc checks: the authorized party, and times that lie ahead by more than the skew.
func (c *client) check(id *oidc.IDToken, claims map[string]any) error {
	azp, has := claims["azp"]
	if len(id.Audience) > 1 && !has {
		return errors.New("several audiences and no azp")
	}
	if has && azp != c.o.ClientID {
		return errors.New("azp is another client")
	}
	limit := c.o.Now().Add(skew)
	if id.IssuedAt.After(limit) {
		return errors.New("issued in the future")
	}
	if nbf, ok := claims["nbf"].(float64); ok && time.Unix(int64(nbf), 0).After(limit) {
		return errors.New("not valid yet")
	}
	return nil
}

// session gives the rights that the claims carry.
func (c *client) session(subject string, claims map[string]any) (state.Session, error) {
	s := state.Session{Subject: subject, Permissions: slices.Clone(c.o.Permissions)}
	if !usable(subject) {
		return s, errors.New("id_token: the subject is empty, too long or has control characters")
	}
	s.Groups = texts(claim(claims, c.o.GroupsClaim))
	if len(s.Groups) > maxGroups {
		return s, fmt.Errorf("id_token: more than %d groups", maxGroups)
	}
	grade := index.Open
	raise := func(name string) {
		if g, err := index.ParseGrade(name); err == nil {
			grade = max(grade, g)
		}
	}
	if c.o.GradeClaim != "" {
		name, _ := claim(claims, c.o.GradeClaim).(string)
		raise(name)
	}
	for _, g := range s.Groups {
		raise(c.o.GroupGrades[g])
		s.Permissions = append(s.Permissions, c.o.GroupPermissions[g]...)
	}
	s.Grade = grade.String()
	slices.Sort(s.Permissions)
	s.Permissions = slices.Compact(s.Permissions)
	names := []string{c.o.NameClaim}
	if c.o.NameClaim == "" {
		names = []string{"name", "preferred_username"}
	}
	for _, n := range names {
		if name, _ := claim(claims, n).(string); usable(name) {
			s.Name = name
			break
		}
	}
	return s, nil
}

// claim looks a claim up by its name, else as a path through objects.
func claim(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok {
		return v
	}
	first, rest, found := strings.Cut(name, ".")
	if !found {
		return nil
	}
	inner, _ := claims[first].(map[string]any)
	return claim(inner, rest)
}

// texts is a claim of one string or of a list of them, sorted, each once. What is
// no usable name is left out: it can only take rights away.
func texts(v any) []string {
	list := []string{}
	switch v := v.(type) {
	case string:
		if usable(v) {
			list = append(list, v)
		}
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok && usable(s) {
				list = append(list, s)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// usable reports a name that can be stored, logged and shown.
func usable(s string) bool {
	return s != "" && len(s) <= maxName && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
