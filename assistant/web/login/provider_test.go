package login

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// A testProvider is an OpenID Connect provider that can be made to lie: discovery,
// keys, and the code flow with PKCE for whoever asks.
type testProvider struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey
	now func() time.Time

	mu     sync.Mutex
	codes  map[string]url.Values // of the authorization request
	claims map[string]any        // put over those of the ID token; nil values remove
	sign   func(head, payload string) string
	change func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	tokens int                                               // requests to the token endpoint
}

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func newTestProvider(t *testing.T, now func() time.Time) *testProvider {
	p := &testProvider{t: t, key: testKey(), now: now, codes: map[string]url.Values{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *testProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.change != nil && p.change(w, r) {
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		p.send(w, 200, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/jwks",
			"id_token_signing_alg_values_supported": []string{"RS256"}, "authorization_response_iss_parameter_supported": true, "end_session_endpoint": p.URL + "/bye"})
	case "/jwks":
		p.send(w, 200, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256",
			"n": base64.RawURLEncoding.EncodeToString(p.key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(p.key.E)).Bytes())}}})
	case "/token":
		p.tokens++
		id, secret, _ := r.BasicAuth()
		request := p.codes[r.PostFormValue("code")]
		delete(p.codes, r.PostFormValue("code"))
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if id != "biseo" || secret != "secret" || request == nil || request.Get("redirect_uri") != r.PostFormValue("redirect_uri") ||
			request.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || request.Get("code_challenge_method") != "S256" {
			p.send(w, 400, map[string]any{"error": "invalid_grant"})
			return
		}
		access := sha256.Sum256([]byte("access"))
		claims := map[string]any{"iss": p.URL, "sub": "1042", "aud": "biseo", "exp": p.now().Add(5 * time.Minute).Unix(), "iat": p.now().Unix(),
			"nonce": request.Get("nonce"), "name": "김주무", "groups": []string{"staff", "민원과"}, "at_hash": base64.RawURLEncoding.EncodeToString(access[:16])}
		maps.Copy(claims, p.claims)
		maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
		p.send(w, 200, map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": p.token(claims)})
	default:
		w.WriteHeader(404)
	}
}

func (p *testProvider) send(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *testProvider) token(claims map[string]any) string {
	b, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	head, payload := b64(`{"alg":"RS256","kid":"k1","typ":"JWT"}`), b64(string(b))
	if p.sign != nil {
		return p.sign(head, payload)
	}
	return head + "." + payload + "." + p.rs256(head+"."+payload)
}

func (p *testProvider) rs256(s string) string {
	sum := sha256.Sum256([]byte(s))
	sig, err := rsa.SignPKCS1v15(nil, p.key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return b64(string(sig))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// approve is what the provider's login page does: it answers an authorization
// request with the address that the browser is sent back to.
func (p *testProvider) approve(location string) string {
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, p.URL+"/auth?") {
		p.t.Fatalf("sent to %q", location)
	}
	q := u.Query()
	p.mu.Lock()
	defer p.mu.Unlock()
	code := rand.Text()
	p.codes[code] = q
	return q.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}.Encode()
}
