package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	maxBody         = 64 << 10
	requestIDHeader = "X-Request-Id"

	contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)

type requestIDKey struct{}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// guard stands before everything else: security headers, a number for each
// request, refusal of foreign hosts and origins, and limits on the body.
func guard(lg *slog.Logger, bodyTime time.Duration, next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	refuse := func(w http.ResponseWriter, r *http.Request, p *Problem) {
		lg.Warn("request refused", "id", requestID(r.Context()), "method", r.Method, "code", p.Code)
		writeProblem(w, p)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails
		id := hex.EncodeToString(b[:])
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))

		h := w.Header()
		h.Set(requestIDHeader, id)
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY") // for browsers in IE mode
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")

		if !isLoopback(hostname(r.Host)) {
			refuse(w, r, newProblem(http.StatusMisdirectedRequest, "wrong_host",
				"이 컴퓨터의 주소(127.0.0.1 또는 localhost)로만 쓸 수 있습니다. 주소를 확인해 주세요."))
			return
		}
		if cross.Check(r) != nil || forgeable(r) {
			refuse(w, r, newProblem(http.StatusForbidden, "cross_origin", "다른 사이트에서 보낸 요청은 받지 않습니다. 비서 화면에서 다시 시도해 주세요."))
			return
		}
		if p := readBody(w, r, bodyTime); p != nil {
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

// readBody replaces the body by a copy in memory. It is read here, under a
// deadline that is then lifted: a deadline left on the connection would end the
// request's context in the middle of a long answer.
func readBody(w http.ResponseWriter, r *http.Request, limit time.Duration) *Problem {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(limit)) // a test recorder has no deadlines
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, "body_too_large", fmt.Sprintf("본문은 %d KB까지 보낼 수 있습니다. 내용을 줄여 주세요.", maxBody>>10))
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
