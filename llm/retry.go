package llm

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connectWait = 3 * time.Second
	maxRetries  = 2
	retryShare  = 0.1 // retries allowed for each request, over time
	retryBurst  = 5.0
	retryBase   = 250 * time.Millisecond
	retryLimit  = 5 * time.Second // a longer Retry-After is not waited for, unless withPatience
)

// directTransport connects to the configured address itself: proxies named in
// the environment would carry questions elsewhere.
func directTransport() http.RoundTripper {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connectWait}).DialContext,
		TLSHandshakeTimeout: connectWait,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}
}

// A retrier repeats requests that the server did not begin to answer: no
// connection, or status 408, 429, 500, 502, 503 or 504. It waits with full
// jitter or as Retry-After says, at most twice for each request, and over time
// repeats no more than a tenth of all requests, so that a server in trouble is
// not kept there.
type retrier struct {
	next http.RoundTripper

	mu     sync.Mutex
	budget float64
}

func newRetrier(next http.RoundTripper) *retrier { return &retrier{next: next, budget: retryBurst} }

func (t *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	t.earn()
	for try := 0; ; try++ {
		resp, err := t.next.RoundTrip(req)
		wait, again := retryAfter(resp, err, try, patience(req.Context()))
		if !again || try == maxRetries || req.Context().Err() != nil || req.Body != nil && req.GetBody == nil || !t.spend() {
			noteRefusal(req.Context(), resp)
			return resp, err
		}
		if resp != nil {
			_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // lets the connection be used again
			resp.Body.Close()
		}
		if err := sleep(req.Context(), wait); err != nil {
			return nil, err
		}
		next := req.Clone(req.Context())
		if req.GetBody != nil {
			if next.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
		req = next
	}
}

// retryAfter tells whether the outcome of try is worth another one, and after how
// long, which is at most limit. Retry-After is a number of seconds or a date (RFC 9110, 10.2.3).
func retryAfter(resp *http.Response, err error, try int, limit time.Duration) (time.Duration, bool) {
	wait := rand.N(retryBase << try)
	if err != nil {
		return wait, true
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return 0, false
	}
	after := resp.Header.Get("Retry-After")
	if s, err := strconv.Atoi(after); err == nil {
		wait = time.Duration(s) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		wait = max(0, time.Until(at))
	}
	return wait, wait <= limit
}

// patienceKey is the key of the longest wait before a repetition.
type patienceKey struct{}

// withPatience lets a request wait longer than retryLimit where the server says so.
func withPatience(ctx context.Context, limit time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, limit)
}

func patience(ctx context.Context) time.Duration {
	if limit, ok := ctx.Value(patienceKey{}).(time.Duration); ok {
		return limit
	}
	return retryLimit
}

// refusalKey is the key of the status that a call's context keeps: langchaingo's
// errors do not carry it.
type refusalKey struct{}

// watchRefusal returns a context for one call, and a function that marks the error
// of the call as [ErrRefused] where the server refused it.
func watchRefusal(ctx context.Context) (context.Context, func(error) error) {
	var status atomic.Int32
	return context.WithValue(ctx, refusalKey{}, &status), func(err error) error {
		switch s := status.Load(); {
		case s < 400, s >= 500, s == http.StatusRequestTimeout, s == http.StatusTooManyRequests:
			return err
		}
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
}

func noteRefusal(ctx context.Context, resp *http.Response) {
	if status, ok := ctx.Value(refusalKey{}).(*atomic.Int32); ok && resp != nil {
		status.Store(int32(resp.StatusCode))
	}
}

func (t *retrier) earn() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.budget = min(t.budget+retryShare, retryBurst)
}

func (t *retrier) spend() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.budget < 1 {
		return false
	}
	t.budget--
	return true
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
