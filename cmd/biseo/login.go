package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"biseo/assistant/audit"
	"biseo/assistant/state"
	"biseo/assistant/web"
	"biseo/assistant/web/login"
)

// oidcSettings say how people log in to the page, and what that allows them.
type oidcSettings struct {
	Issuer           string   `placeholder:"URL" help:"OpenID Connect provider with which people log in, such as https://sso.example.go.kr/realms/office."`
	ClientID         string   `placeholder:"ID" help:"Name under which the service is registered there; its redirect URI is the public URL with /login/callback."`
	ClientSecretFile string   `placeholder:"FILE" help:"File that holds the client's secret."`
	Hosts            []string `placeholder:"HOST" help:"Hosts, with port if any, besides the issuer's from which the provider sends tokens and keys."`
	Scopes           []string `placeholder:"SCOPE" help:"Scopes to ask for besides openid, such as profile."`
	NameClaim        string   `placeholder:"CLAIM" help:"Claim that holds the person's name (name, else preferred_username)."`
	GroupsClaim      string   `default:"groups" placeholder:"CLAIM" help:"Claim that lists the person's groups; a dot goes into an object (${default})."`
	GradeClaim       string   `placeholder:"CLAIM" help:"Claim that holds open, sensitive or classified."`
	Permissions      []string `default:"read,ask,draft" help:"What everyone may do who logs in (${default})."`
	GroupPermissions []string `placeholder:"GROUP=PERMISSION" help:"What a group may do besides, such as 기록팀=documents; several times for several."`
	GroupGrades      []string `placeholder:"GROUP=GRADE" help:"Highest grade that a group may see, such as 감사담당관=sensitive."`
}

// login makes what people log in with; nil where the settings name no provider.
func (o oidcSettings) login(c *console, st *state.Store, publicURL string, record func(context.Context, audit.Record) error) (web.Login, error) {
	if o.Issuer == "" {
		return nil, nil
	}
	if publicURL == "" {
		return nil, errUsage{errors.New("--oidc-issuer를 쓰려면 --public-url에 브라우저가 접속할 https 주소도 적어 주세요")}
	}
	secret, err := readKey(o.ClientSecretFile)
	if err != nil {
		return nil, err
	}
	opt := login.Options{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: secret, PublicURL: publicURL, Hosts: o.Hosts, Scopes: o.Scopes,
		NameClaim: o.NameClaim, GroupsClaim: o.GroupsClaim, GradeClaim: o.GradeClaim, Permissions: o.Permissions,
		GroupPermissions: map[string][]string{}, GroupGrades: map[string]string{}, Now: c.now,
		Audit: func(ctx context.Context, action, subject, outcome string) error {
			actor := ""
			if subject != "" {
				actor = "user:" + subject
			}
			return record(ctx, audit.Record{Actor: actor, Via: "session", Address: web.CallerOf(ctx).Address, Action: action, Outcome: outcome, Trace: web.RequestID(ctx)})
		}}
	for _, s := range o.GroupPermissions {
		group, permission, ok := cutLast(s)
		if !ok || !known(permission) {
			return nil, errUsage{fmt.Errorf("--oidc-group-permissions의 %q을(를) 기록팀=documents처럼 적어 주세요", s)}
		}
		opt.GroupPermissions[group] = append(opt.GroupPermissions[group], permission)
	}
	for _, p := range o.Permissions {
		if !known(p) {
			return nil, errUsage{fmt.Errorf("--oidc-permissions의 %q은(는) 없으니 read, ask, draft, documents, admin 가운데서 적어 주세요", p)}
		}
	}
	for _, s := range o.GroupGrades {
		group, grade, ok := cutLast(s)
		if !ok {
			return nil, errUsage{fmt.Errorf("--oidc-group-grades의 %q을(를) 감사담당관=sensitive처럼 적어 주세요", s)}
		}
		opt.GroupGrades[group] = grade
	}
	l, err := login.New(c.lg, st, opt)
	if err != nil {
		return nil, errUsage{fmt.Errorf("로그인 설정(--oidc-…, --public-url)을 고쳐 주세요: %w", err)}
	}
	return l, nil
}

// known reports a permission that a route can ask for.
func known(permission string) bool {
	switch web.Permission(permission) {
	case web.Read, web.Ask, web.Draft, web.Documents, web.Admin:
		return true
	}
	return false
}

// cutLast cuts s at its last =: names of groups may hold one, as in LDAP.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndex(s, "=")
	if i <= 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
