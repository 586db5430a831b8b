package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	drainTime = 8 * time.Second  // open answers may go on for this long after a stop
	stopTime  = 10 * time.Second // then every connection is closed
)

// A Listen says where to listen, and how.
type Listen struct {
	Addr     string // host:port
	Callers  bool   // callers say who they are: without it only a loopback address may be used
	CertFile string // PEM files of the certificate and its key, for TLS; "" for none
	KeyFile  string

	Open net.Listener // on Addr, already open; nil: Serve opens it
}

// Serve serves h as l says until ctx is done, then lets open requests finish:
// answers still under way after 8 seconds get an error event, and after 10 seconds
// nothing is left open. It returns nil after such a stop. ready, which may be nil,
// is called with the address once connections are accepted.
func Serve(ctx context.Context, lg *slog.Logger, l Listen, h http.Handler, ready func(net.Addr)) error {
	host, _, err := net.SplitHostPort(l.Addr)
	if err != nil {
		return fmt.Errorf("address %q: want host:port, such as 127.0.0.1:8080", l.Addr)
	}
	if !l.Callers && !isLoopback(host) {
		return fmt.Errorf("address %q: authentication is not configured, so only a loopback address such as 127.0.0.1:8080 may be used", l.Addr)
	}
	var cert *tls.Config
	if l.CertFile != "" || l.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(l.CertFile, l.KeyFile)
		if err != nil {
			return fmt.Errorf("certificate: %w", err)
		}
		cert = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	ln := l.Open
	if ln == nil {
		if ln, err = new(net.ListenConfig).Listen(ctx, "tcp", l.Addr); err != nil {
			return err // names the operation and the address
		}
	}
	if ready != nil {
		ready(ln.Addr())
	}
	if cert != nil {
		ln = tls.NewListener(ln, cert)
	}
	return serve(ctx, lg, ln, h, drainTime, stopTime)
}

func serve(ctx context.Context, lg *slog.Logger, ln net.Listener, h http.Handler, drain, stop time.Duration) error {
	base, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	var arriving arrivals
	srv := &http.Server{
		Handler:           arriving.handler(h),
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       arriving.begin,
		ConnState:         arriving.state,
		ErrorLog:          slog.NewLogLogger(lg.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		// No WriteTimeout: it would cut answers short. Each event has its own deadline.
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	lg.Info("listening", "address", ln.Addr().String())
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	lg.Info("stopping")
	ln.Close()
	<-failed // nothing is accepted any more
	arriving.wait(arriveTime)
	timer := time.AfterFunc(drain, func() { cancel(errShutdown) })
	defer timer.Stop()
	end, done := context.WithTimeout(context.WithoutCancel(ctx), stop)
	defer done()
	if err := srv.Shutdown(end); errors.Is(err, context.DeadlineExceeded) {
		lg.Warn("closed requests that did not end in time")
		return srv.Close()
	} else if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// arriveTime is how long a connection may take for its first request when the service
// stops. Browsers open some that they do not use.
const arriveTime = time.Second

// arrivals are connections whose first request has not reached the handler. Shutdown
// closes a connection without an answer when it has read a request only after it began:
// nothing may be arriving then.
type arrivals struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

type connKey struct{}

func (a *arrivals) begin(ctx context.Context, c net.Conn) context.Context {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conns == nil {
		a.conns = map[net.Conn]bool{}
	}
	a.conns[c] = true
	return context.WithValue(ctx, connKey{}, c)
}

func (a *arrivals) end(c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.conns, c)
}

func (a *arrivals) state(c net.Conn, s http.ConnState) {
	if s == http.StateClosed || s == http.StateHijacked {
		a.end(c)
	}
}

func (a *arrivals) handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(connKey{}).(net.Conn)
		a.end(c)
		h.ServeHTTP(w, r)
	})
}

// wait waits until no connection is arriving, for limit at most.
func (a *arrivals) wait(limit time.Duration) {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(time.Millisecond) {
		a.mu.Lock()
		n := len(a.conns)
		a.mu.Unlock()
		if n == 0 {
			return
		}
	}
}
