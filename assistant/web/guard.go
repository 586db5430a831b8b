package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	maxBody         = 64 << 10
	maxText         = 1 << 20
	maxDraft        = 8 << 20
	maxUpload       = 100 << 20 // of all files of a request; what one may be, ingest says
	requestIDHeader = "X-Request-Id"
	nothingTime     = 20 * time.Millisecond // see settle

	contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

// An Edge is how the service meets the network. The zero value is that of
// single-user mode: loopback names only, no proxy, no frames.
type Edge struct {
	Hosts          []string       // host names and addresses, without port, that requests may name besides loopback
	Proxies        []netip.Prefix // whose X-Forwarded-For and X-Forwarded-Proto are believed
	FrameAncestors []string       // origins whose pages may show this one in a frame, such as https://portal.example.go.kr
}

// Check reports the first setting that would not do what it says.
func (e Edge) Check() error {
	for _, h := range e.Hosts {
		if h == "" || strings.ContainsAny(h, "/ @*") || hostname(h) != h {
			return fmt.Errorf("host %q: want a host name or address without scheme and port, such as biseo.example.go.kr", h)
		}
	}
	for _, f := range e.FrameAncestors {
		u, err := url.Parse(f)
		if err != nil || u.Scheme != "https" || u.Host == "" || f != "https://"+u.Host || strings.ContainsAny(f, " ;,'\"*") {
			return fmt.Errorf("frame ancestor %q: want an origin such as https://portal.example.go.kr", f)
		}
	}
	return nil
}

// allows reports whether a request may name host, which has no port.
func (e Edge) allows(host string) bool {
	return isLoopback(host) || slices.ContainsFunc(e.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

func (e Edge) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(e.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// from says who sent r, as an address, and whether it came over TLS. What the
// headers say counts only where a trusted proxy wrote it: X-Forwarded-For is read
// from its end, and the first address that is no such proxy is the sender's.
func (e Edge) from(r *http.Request) (address string, secure bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil { // a test recorder's, or a socket's
		return "", r.TLS != nil
	}
	a := peer.Addr().Unmap()
	if !e.trusts(a) {
		return a.String(), r.TLS != nil
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if a = next.Unmap(); !e.trusts(a) {
			break
		}
	}
	protos := r.Header.Values("X-Forwarded-Proto")
	return a.String(), r.TLS != nil || len(protos) == 1 && strings.EqualFold(protos[0], "https")
}

// An arrival is what the guard has found out about a request.
type arrival struct {
	at      time.Time
	id      string
	address string // the sender's, behind trusted proxies; "" if unknown
	secure  bool   // over TLS
}

type arrivalKey struct{}

func arrivalOf(ctx context.Context) arrival {
	a, _ := ctx.Value(arrivalKey{}).(arrival)
	return a
}

func requestID(ctx context.Context) string { return arrivalOf(ctx).id }

// RequestID names the request of ctx, in the log as in the audit record.
func RequestID(ctx context.Context) string { return requestID(ctx) }

// settle waits until the request of ctx is as old as every request becomes for which
// there is nothing: whether a document does not exist or is hidden must not show in
// the time that it takes to say so.
func settle(ctx context.Context) {
	came := arrivalOf(ctx)
	if came.at.IsZero() {
		return
	}
	timer := time.NewTimer(nothingTime - time.Since(came.at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// guard stands before everything else: security headers, a number for each
// request, refusal of foreign hosts and origins, and limits on the body.
func (s *server) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	policy := contentSecurityPolicy
	if len(s.o.Edge.FrameAncestors) > 0 {
		policy = strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors 'self' "+strings.Join(s.o.Edge.FrameAncestors, " "), 1)
	}
	refuse := func(w http.ResponseWriter, r *http.Request, p *Problem) {
		s.lg.Warn("request refused", "id", requestID(r.Context()), "method", r.Method, "code", p.Code)
		writeProblem(w, p)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails
		came := arrival{at: time.Now(), id: hex.EncodeToString(b[:])}
		came.address, came.secure = s.o.Edge.from(r)
		r = r.WithContext(context.WithValue(r.Context(), arrivalKey{}, came))

		h := w.Header()
		h.Set(requestIDHeader, came.id)
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		if len(s.o.Edge.FrameAncestors) == 0 {
			h.Set("X-Frame-Options", "DENY") // for browsers in IE mode; the header cannot name several origins
		}
		if came.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")

		if !s.o.Edge.allows(hostname(r.Host)) {
			detail := "이 컴퓨터의 주소(127.0.0.1 또는 localhost)로만 쓸 수 있습니다. 주소를 확인해 주세요."
			if len(s.o.Edge.Hosts) > 0 {
				detail = "이 서비스의 주소가 아닙니다. 관리자가 알려 준 주소로 접속해 주세요."
			}
			refuse(w, r, newProblem(http.StatusMisdirectedRequest, "wrong_host", detail))
			return
		}
		if cross.Check(r) != nil || forgeable(r) {
			refuse(w, r, newProblem(http.StatusForbidden, "cross_origin", "다른 사이트에서 보낸 요청은 받지 않습니다. 비서 화면에서 다시 시도해 주세요."))
			return
		}
		room := share{of: &s.limits.bodies}
		defer room.giveBack()
		if p := s.readBody(w, r, &room); p != nil {
			refuse(w, r, p)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// forgeable reports a request that could change something, acts with a browser's
// cookies, and does not say where it comes from: old browsers send neither header,
// and [http.CrossOriginProtection] lets such requests pass.
func forgeable(r *http.Request) bool {
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	return !safe && r.Header.Get("Cookie") != "" && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == ""
}

// isUpload reports a request whose body is files. Its handler reads it, once it is
// known who sends them, and sets its deadlines.
func isUpload(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/v1/") && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
}

// bodyLimit is how many bytes a body without files may have: drafts travel with
// their sources, a complaint or a text to check is long.
func bodyLimit(path string) int64 {
	for _, long := range []struct {
		route string
		most  int64
	}{{"/v1/drafts", maxDraft}, {"/v1/export", maxDraft}, {"/v1/replies", maxText}, {"/v1/check", maxText}, {"/v1/mask", maxText}, {"/v1/reports", maxText}, {"/v1/chat", maxText}, {"/mcp", maxText}} {
		if path == long.route || strings.HasPrefix(path, long.route+"/") {
			return long.most
		}
	}
	return maxBody
}

// readBody replaces the body by a copy in memory. It is read here, under a
// deadline that is then lifted: a deadline left on the connection would end the
// request's context in the middle of a long answer. What has arrived is taken from room.
func (s *server) readBody(w http.ResponseWriter, r *http.Request, room *share) *Problem {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	if isUpload(r) {
		r.Body = http.MaxBytesReader(w, r.Body, s.maxUpload+maxForm)
		return nil
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(s.bodyTime)) // a test recorder has no deadlines
	most := bodyLimit(r.URL.Path)
	room.body = http.MaxBytesReader(w, r.Body, most)
	b, err := io.ReadAll(room)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, "body_too_large", fmt.Sprintf("본문은 %d KB까지 보낼 수 있습니다. 내용을 줄여 주세요.", most>>10))
	case errors.Is(err, errNoRoom):
		return overloaded(time.Second)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return newProblem(http.StatusRequestTimeout, "body_timeout", "본문이 제때 도착하지 않았습니다. 다시 보내 주세요.")
	case err != nil:
		return newProblem(http.StatusBadRequest, "bad_json", "본문을 끝까지 읽지 못했습니다. 다시 보내 주세요.")
	}
	_ = rc.SetReadDeadline(time.Time{})
	r.Body = io.NopCloser(bytes.NewReader(b))
	return nil
}

// recovered answers 500 where a handler panics. The log gets the stack and the
// kind of panic; its value may hold text of a document.
func (s *server) recovered(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		what := fmt.Sprintf("%T", v)
		if e, ok := v.(runtime.Error); ok {
			what = e.Error()
		}
		s.lg.Error("panic", "id", requestID(c.Request.Context()), "route", c.FullPath(), "what", what, "stack", string(debug.Stack()))
		if c.Writer.Written() {
			panic(http.ErrAbortHandler) // cut the response: half of one must not look whole
		}
		writeProblem(c.Writer, internal())
		c.Abort()
	}()
	c.Next()
}

// hostname is host without its port.
func hostname(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}

// isLoopback reports a name or address of this machine that DNS cannot redirect.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
