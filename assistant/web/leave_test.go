package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/web/stream"
)

// Clients that go away in the middle of streams, uploads and the progress of a job,
// and that never read, leave no goroutine behind, nor a file.
func TestClientsThatLeave(t *testing.T) {
	each := 5
	if full() {
		each = 200
	}
	svc := &fake{answer: func(ctx context.Context, _ assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
		for {
			if err := emit(assistant.Event{Status: "writing"}); err != nil {
				return nil, err
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}}
	opt := agencyOptions()
	store, files := newStore(t), &fakeIngester{wait: make(chan struct{})}
	opt.State, opt.Library, opt.Ingest, opt.Spool = store, shelf{}, files, t.TempDir()
	opt.Limits = Limits{AllAnswers: 10_000}
	s := newServer(slog.New(slog.DiscardHandler), svc, opt)
	s.streams = stream.New(stream.Options{Grace: 100 * time.Millisecond})
	s.writeTime = 500 * time.Millisecond
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	add, addType := form(t, `{"readers":["public"],"grade":"open"}`, "지침.md", "# 지침\n")
	job, _ := get[Job](t, 202, "POST", srv.URL+"/v1/documents", add, "Content-Type", addType)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	before := runtime.NumGoroutine()
	const events, question = "Accept: text/event-stream\r\n", `{"question":"a"}`
	const chat = `{"model":"biseo-ask","stream":true,"messages":[{"role":"user","content":"a"}]}`
	const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"a"},"_meta":{"progressToken":1}}}`
	var wg sync.WaitGroup
	for _, tt := range []struct {
		name, start, header, body string
		sent                      int           // bytes of the body
		stay                      time.Duration // before leaving
	}{
		{"before the first event", "POST /v1/answers", events, question, len(question), 0},
		{"in a stream", "POST /v1/answers", events, question, len(question), 200 * time.Millisecond},
		{"before a whole answer", "POST /v1/answers", "", question, len(question), 200 * time.Millisecond},
		{"in a body", "POST /v1/answers", events, question, 5, 50 * time.Millisecond},
		{"in a stream of chunks", "POST /v1/chat/completions", "", chat, len(chat), 200 * time.Millisecond},
		{"before a completion", "POST /v1/chat/completions", "", strings.Replace(chat, "true", "false", 1), len(chat) + 1, 200 * time.Millisecond},
		{"in the call of a tool", "POST /mcp", "Accept: application/json, text/event-stream\r\n", call, len(call), 200 * time.Millisecond},
		{"in an upload", "POST /v1/documents", "Content-Type: " + addType + "\r\n", add, len(add) / 2, 100 * time.Millisecond},
		{"in the files of a summary", "POST /v1/summaries", "Content-Type: " + addType + "\r\n", add, len(add) - 10, 100 * time.Millisecond},
		{"in the progress of a job", "GET /v1/jobs/" + job.ID, events, "", 0, 200 * time.Millisecond},
	} {
		header := tt.header
		if !strings.Contains(header, "Content-Type") {
			header += "Content-Type: application/json\r\n"
		}
		for range each {
			wg.Go(func() {
				conn, err := net.Dial("tcp", srv.Listener.Addr().String())
				if err != nil {
					t.Errorf("%s: %v", tt.name, err)
					return
				}
				defer conn.Close()
				if _, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n%s", tt.start, header, len(tt.body), tt.body[:tt.sent]); err != nil {
					t.Errorf("%s: %v", tt.name, err)
				}
				time.Sleep(tt.stay)
			})
		}
	}
	wg.Wait()
	goroutinesAs(t, before)
	close(files.wait)
	if _, body := do(t, "GET", srv.URL+"/v1/jobs/"+job.ID, "", "Accept", "text/event-stream"); !strings.Contains(body, "event: done") {
		t.Errorf("job: got %s", body)
	}
	if left, err := os.ReadDir(opt.Spool); err != nil || len(left) > 0 {
		t.Errorf("left of uploads: %v %v", left, err)
	}
}

// goroutinesAs fails the test unless there are soon no more goroutines than before.
func goroutinesAs(t *testing.T, before int) {
	t.Helper()
	for range 300 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b := make([]byte, 1<<20)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, b[:runtime.Stack(b, true)])
}
