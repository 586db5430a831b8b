package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"biseo/assistant"
)

func TestServeAddress(t *testing.T) {
	lg := slog.New(slog.DiscardHandler)
	for _, addr := range []string{":8080", "0.0.0.0:8080", "[::]:8080", "192.168.0.7:8080", "example.com:8080"} {
		err := Serve(t.Context(), lg, Listen{Addr: addr}, http.NotFoundHandler(), nil)
		if err == nil || !strings.Contains(err.Error(), "authentication is not configured") {
			t.Errorf("%s: got %v", addr, err)
		}
	}
	if err := Serve(t.Context(), lg, Listen{Addr: "8080"}, http.NotFoundHandler(), nil); err == nil || !strings.Contains(err.Error(), "want host:port") {
		t.Errorf("8080: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := Serve(ctx, lg, Listen{Addr: "localhost:0"}, http.NotFoundHandler(), nil); err != nil && ctx.Err() == nil {
		t.Errorf("localhost: got %v", err)
	}
}

// On a stop, an answer that takes too long ends with an error event, and nobody
// else is let in.
func TestServeStop(t *testing.T) {
	began := make(chan struct{})
	s := newServer(slog.New(slog.DiscardHandler), &fake{answer: func(ctx context.Context, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
		_ = emit(assistant.Event{Status: "writing"})
		close(began)
		<-ctx.Done()
		return nil, ctx.Err()
	}}, Options{})
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, s.lg, ln, h, 50*time.Millisecond, 10*time.Second) }()
	_, sc := openStream(t, t.Context(), "http://"+ln.Addr().String())
	<-began
	stop()
	var last sse
	for {
		e, ok := readSSE(t, sc)
		if !ok {
			break
		}
		last = e
	}
	if last.name != "error" || !strings.Contains(last.data, "shutting_down") {
		t.Errorf("last event: got %+v", last)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve: %v", err)
	}
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("still listening after the stop")
	}
}

// lateListener accepts one connection as it is closed, as the kernel may.
type lateListener struct {
	net.Listener
	once   sync.Once
	closed chan struct{}
	conn   chan net.Conn
}

func (l *lateListener) Accept() (net.Conn, error) {
	<-l.closed
	time.Sleep(50 * time.Millisecond) // a shutdown that does not wait for it is over by then
	select {
	case c := <-l.conn:
		return c, nil
	default:
		return nil, net.ErrClosed
	}
}

func (l *lateListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// A connection that is accepted in the moment of the stop gets its answer.
func TestServeStopAnswersTheLast(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	ln := &lateListener{closed: make(chan struct{}), conn: make(chan net.Conn, 1)}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	ln.Listener = tcp // for its address
	ln.conn <- server
	ctx, stop := context.WithCancel(t.Context())
	stop()
	ended := make(chan error, 1)
	go func() {
		err := serve(ctx, slog.New(slog.DiscardHandler), ln, http.NotFoundHandler(), time.Second, 10*time.Second)
		server.Close() // as the end of the process does
		ended <- err
	}()
	time.AfterFunc(150*time.Millisecond, func() { _, _ = fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") })
	resp, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil || resp.StatusCode != http.StatusNotFound {
		t.Fatalf("the last request: %v, %v", resp, err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	if err := <-ended; err != nil {
		t.Errorf("serve: %v", err)
	}
}

// A body that does not come is not waited for, and the deadlines of one request
// do not meet the next on the same connection.
func TestDeadlines(t *testing.T) {
	const limit = 300 * time.Millisecond
	url, _ := start(t, &fake{}, func(s *server) { s.bodyTime, s.writeTime = limit, limit })
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	tests := []struct {
		path, accept, body string
		length, status     int
	}{
		{"/v1/search", "application/json", `{"query":"a"}`, 13, 200},
		{"/v1/answers", "text/event-stream", `{"question":"a"}`, 16, 200},
		{"/v1/search", "application/json", `{"query":"a"}`, 13, 200},
		{"/v1/search", "application/json", `{"que`, 13, 408},
	}
	for _, tt := range tests {
		time.Sleep(limit + 100*time.Millisecond)
		if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: %s\r\nContent-Length: %d\r\n\r\n%s",
			tt.path, tt.accept, tt.length, tt.body); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != tt.status {
			t.Errorf("%s %s: got %d %v, want %d", tt.path, tt.body, resp.StatusCode, err, tt.status)
		}
	}
}
