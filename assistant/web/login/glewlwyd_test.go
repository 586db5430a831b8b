package login

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	_ "modernc.org/sqlite"
)

// glewlwydSchema comes with Debian's package: tables, and the administrator "admin"
// whose password is "password".
const glewlwydSchema = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"

// TestGlewlwyd logs in with a real provider, which is started here and asks every
// client for PKCE: as a person does, with a password, and then to the service.
func TestGlewlwyd(t *testing.T) {
	program, err := exec.LookPath("glewlwyd")
	if err != nil {
		t.Skip("needs glewlwyd: apt-get install glewlwyd")
	}
	base, stop := startGlewlwyd(t, program)

	c := &clock{time.Now()}
	l := newTestLogin(t, c, Options{Issuer: base + "/api/oidc", ClientSecret: "s3cret", GradeClaim: "grade", Permissions: []string{"read"}, GroupPermissions: map[string][]string{"민원과": {"documents"}}})
	b := &browser{l: l}

	person := newPerson(t)
	person.send("POST", base+"/api/auth/", map[string]any{"username": "kim", "password": "a password"}, 200)
	person.send("PUT", base+"/api/auth/grant/biseo", map[string]any{"scope": "openid"}, 200)
	authorize := func() string {
		// Its own pages are not installed; g_continue says that the person has chosen whom to be.
		resp := person.send("GET", b.send("GET", public+"/login?return=/search", "").Header.Get("Location")+"&g_continue", nil, 302)
		return resp.Header.Get("Location")
	}
	back := authorize()
	if !strings.HasPrefix(back, public+"/login/callback?") {
		t.Fatalf("sent back to %s", back)
	}
	resp := b.send("GET", back, "")
	if resp.StatusCode != 302 || resp.Header.Get("Location") != "/search" {
		t.Fatal(body(t, resp))
	}
	got, err := b.session(t)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject == "" || got.Name != "김주무" || got.Grade != "sensitive" {
		t.Errorf("got %+v", got)
	}
	if d := cmp.Diff([]string{"staff", "민원과"}, got.Groups); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"documents", "read"}, got.Permissions); d != "" {
		t.Error(d)
	}

	// A code is worth nothing without the verifier of who asked for it, and nothing twice.
	stolen := authorize()
	q := mustQuery(t, stolen)
	thief := &browser{l: l}
	own := mustQuery(t, thief.send("GET", public+"/login", "").Header.Get("Location"))
	if resp := thief.send("GET", replaceQuery(stolen, "state", own.Get("state")), ""); resp.StatusCode != 403 {
		t.Errorf("a stolen code: got %d", resp.StatusCode)
	}
	b.send("GET", stolen, "")
	again := &browser{l: l, cookies: map[string]string{}}
	again.send("GET", public+"/login", "")
	if resp := again.send("GET", replaceQuery(stolen, "state", q.Get("state")), ""); resp.StatusCode != 400 {
		t.Errorf("the way back twice: got %d", resp.StatusCode)
	}

	// When it is down, who is logged in stays so, and the login page says what is wrong.
	back = authorize()
	stop()
	if _, err := b.session(t); err != nil {
		t.Errorf("while it is down: %v", err)
	}
	if resp := b.send("GET", back, ""); resp.StatusCode != 503 || !strings.Contains(body(t, resp), "통합로그인 서버가 답하지 않습니다") {
		t.Errorf("while it is down: got %d", resp.StatusCode)
	}
}

func mustQuery(t *testing.T, s string) url.Values {
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// startGlewlwyd starts a provider with one client and one person, on a free port
// and with its files in the test's folder.
func startGlewlwyd(t *testing.T, program string) (base string, stop func()) {
	dir := t.TempDir()
	schema, err := os.ReadFile(glewlwydSchema)
	if err != nil {
		t.Skip("needs glewlwyd: apt-get install glewlwyd: " + err.Error())
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(schema)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	base = fmt.Sprintf("http://127.0.0.1:%d", port)
	config := fmt.Sprintf(`port=%d
bind_address="127.0.0.1"
external_url="%s"
api_prefix="api"
login_url="login.html"
log_mode="file"
log_level="INFO"
log_file="%s/log"
admin_scope="g_admin"
profile_scope="g_profile"
session_key="GLEWLWYD2_SESSION_ID"
login_api_enabled=true
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = { type = "sqlite3"; path = "%s/db"; };
`, port, base, dir, dir)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, program, "--config-file="+filepath.Join(dir, "conf"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			_ = cmd.Wait() // killed
		}
	}
	t.Cleanup(stop)
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(base + "/config")
		if err == nil {
			resp.Body.Close()
			break
		}
		if time.Since(began) > 20*time.Second {
			b, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("glewlwyd does not start: %v\n%s", err, b)
		}
	}

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	publicKey, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	admin := newPerson(t)
	admin.send("POST", base+"/api/auth/", map[string]any{"username": "admin", "password": "password"}, 200)
	admin.send("POST", base+"/api/mod/plugin/", map[string]any{"module": "oidc", "name": "oidc", "display_name": "oidc", "order_rank": 0, "parameters": map[string]any{
		"iss": base + "/api/oidc", "jwt-type": "rsa", "jwt-key-size": "256",
		"key":                   string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		"cert":                  string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicKey})),
		"access-token-duration": 3600, "refresh-token-duration": 3600, "code-duration": 600, "auth-type-code-enabled": true, "jwks-show": true, "oauth-as-iss-id": true,
		"subject-type": "public", "name-claim": "mandatory", "allowed-scope": []string{"openid"}, "pkce-allowed": true, "pkce-required": true,
		"claims": []any{
			map[string]any{"name": "groups", "user-property": "groups", "type": "string", "mandatory": true},
			map[string]any{"name": "grade", "user-property": "grade", "type": "string", "mandatory": true},
		}}}, 200)
	admin.send("PUT", base+"/api/mod/user/database", map[string]any{"module": "database", "name": "database", "display_name": "database", "order_rank": 0, "parameters": map[string]any{
		"use-glewlwyd-connection": true, "data-format": map[string]any{
			"groups": map[string]any{"multiple": true, "read": true, "write": true},
			"grade":  map[string]any{"multiple": false, "read": true, "write": true},
		}}}, 200)
	admin.send("PUT", base+"/api/mod/user/database/reset", nil, 200)
	admin.send("POST", base+"/api/user/", map[string]any{"username": "kim", "password": "a password", "name": "김주무", "enabled": true,
		"scope": []string{"openid", "g_profile"}, "groups": []string{"민원과", "staff"}, "grade": "sensitive"}, 200)
	admin.send("POST", base+"/api/client/", map[string]any{"client_id": "biseo", "name": "Biseo", "confidential": true, "enabled": true, "password": "s3cret", "client_secret": "s3cret",
		"scope": []string{}, "redirect_uri": []string{public + "/login/callback"}, "authorization_type": []string{"code"}, "token_endpoint_auth_method": []string{"client_secret_basic"}}, 200)
	return base, stop
}

// A person uses the provider with a browser of their own.
type person struct {
	t      *testing.T
	client *http.Client
}

func newPerson(t *testing.T) person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return person{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (p person) send(method, target string, v any, status int) *http.Response {
	p.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		p.t.Fatal(err)
	}
	if v == nil {
		b = nil
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, target, bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, _ := io.ReadAll(resp.Body); resp.StatusCode != status {
		p.t.Fatalf("%s %s: got %d %s, want %d", method, target, resp.StatusCode, got, status)
	}
	return resp
}
