package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/state"
	"biseo/index"
)

// Before it is known whose requests they are, only so many are looked at; some wait,
// the rest are refused. Whether the service is well is told meanwhile.
func TestEntry(t *testing.T) {
	const slots, queue = 3, 5
	var now, most atomic.Int64
	free := make(chan struct{})
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, Options{Identify: func(*http.Request) (Caller, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-free
		return Caller{Principal: assistant.Principal{ID: "key:k"}, Via: "key", Key: "k", Permissions: []Permission{Read}}, nil
	}})
	s.limits.entries = newGate(slots, queue, time.Minute)
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	send := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost"+path, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	got := make(chan *httptest.ResponseRecorder, slots+queue)
	for range slots + queue {
		go func() { got <- send("/v1/templates") }()
	}
	for len(s.limits.entries.slots) < slots || len(s.limits.entries.queue) < queue {
		time.Sleep(time.Millisecond)
	}
	if w := send("/v1/templates"); w.Code != 503 || codeOf(w.Body.String()) != "overloaded" || w.Header().Get("Retry-After") == "" {
		t.Errorf("one too many: got %d %s", w.Code, w.Body)
	}
	if w := send("/healthz"); w.Code != 200 {
		t.Errorf("health: got %d", w.Code)
	}
	close(free)
	for range slots + queue {
		if w := <-got; w.Code != 200 {
			t.Errorf("one that waited: got %d %s", w.Code, w.Body)
		}
	}
	if most.Load() != slots {
		t.Errorf("%d were looked at together, want %d", most.Load(), slots)
	}
}

// A request that is being answered holds up no other on its way in, whatever route
// it came by.
func TestEntryIsLeft(t *testing.T) {
	begun, free := make(chan struct{}, 2), make(chan struct{})
	wait := func() {
		begun <- struct{}{}
		<-free
	}
	s := newServer(slog.New(slog.DiscardHandler), &fake{
		search: func(context.Context, assistant.Principal, assistant.SearchRequest) (*assistant.SearchResult, error) {
			wait()
			return &assistant.SearchResult{Hits: []assistant.Hit{}}, nil
		},
		answer: func(context.Context, assistant.AnswerRequest, func(assistant.Event) error) (*assistant.Answer, error) {
			wait()
			return nil, errors.New("no answer")
		}}, Options{Identify: func(*http.Request) (Caller, error) { return localCaller(assistant.Principal{}), nil }})
	s.limits.entries = newGate(1, 1, time.Minute)
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for path, body := range map[string]string{"/v1/search": `{"query":"a"}`, "/v1/chat/completions": `{"model":"biseo-ask","messages":[{"role":"user","content":"a"}]}`} {
		wg.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "http://localhost"+path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			h.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	for range 2 {
		select {
		case <-begun:
		case <-time.After(10 * time.Second):
			t.Fatal("one request holds up the other")
		}
	}
	close(free)
	wg.Wait()
	if n := len(s.limits.entries.slots); n != 0 {
		t.Errorf("%d slots are not given back", n)
	}
}

// Who reads a response as slowly as they like holds up nobody on their way in, also
// where nobody need say who they are.
func TestSlowReaders(t *testing.T) {
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, Options{Identify: func(r *http.Request) (Caller, error) {
		if r.Header.Get("Authorization") != "" {
			return Caller{}, newProblem(http.StatusUnauthorized, "unknown_key", "")
		}
		return localCaller(assistant.Principal{}), nil
	}})
	s.limits.entries = newGate(1, 0, time.Minute)
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	send := func(w http.ResponseWriter, path, authorization string) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost"+path, nil)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		h.ServeHTTP(w, r)
	}
	for _, at := range []struct{ path, authorization string }{{"/", ""}, {"/page/biseo.css", ""}, {"/docs", ""}, {"/openapi.json", ""}, {"/v1/templates", ""}, {"/v1/none", ""}, {"/v1/templates", "Bearer x"}} {
		slow := slowReader{httptest.NewRecorder(), make(chan struct{}, 1), make(chan struct{})}
		var wg sync.WaitGroup
		wg.Go(func() { send(slow, at.path, at.authorization) })
		select {
		case <-slow.begun:
		case <-time.After(10 * time.Second):
			t.Errorf("%s: nothing is written", at.path)
		}
		w := httptest.NewRecorder()
		if send(w, "/v1/templates", ""); w.Code != 200 {
			t.Errorf("beside a slow reader of %s: got %d %s", at.path, w.Code, w.Body)
		}
		close(slow.free)
		wg.Wait()
	}
}

// A slowReader takes what is written when it is free to.
type slowReader struct {
	*httptest.ResponseRecorder
	begun, free chan struct{}
}

func (s slowReader) Write(b []byte) (int, error) {
	select {
	case s.begun <- struct{}{}:
	default:
	}
	<-s.free
	return s.ResponseRecorder.Write(b)
}

func (s slowReader) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

// The bodies that are in memory are bounded, also where their length is not said.
func TestBodyBudget(t *testing.T) {
	url, _ := start(t, &fake{}, func(s *server) { s.limits.bodies.most = 3000 })
	slow, w := io.Pipe() // what has come of it counts
	defer w.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		resp, err := http.Post(url+"/v1/search", "application/json", slow)
		if err == nil {
			resp.Body.Close()
		}
	}()
	if _, err := w.Write([]byte(`{"query":` + strings.Repeat(" ", 2000))); err != nil {
		t.Fatal(err)
	}
	long, short := `{"query":"`+strings.Repeat("가", 500)+`"}`, `{"query":"가"}`
	var resp *http.Response
	var body string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) { // until the first has come
		if resp, body = do(t, "POST", url+"/v1/search", long); resp.StatusCode == 503 {
			break
		}
	}
	if resp.StatusCode != 503 || codeOf(body) != "overloaded" || resp.Header.Get("Retry-After") == "" {
		t.Errorf("beyond the budget: got %d %s", resp.StatusCode, body)
	}
	if resp, body := do(t, "POST", url+"/v1/search", short); resp.StatusCode != 200 {
		t.Errorf("within it: got %d %s", resp.StatusCode, body)
	}
	if _, err := w.Write([]byte(`"가"}`)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	<-done

	// What is only announced takes nothing.
	idle, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	fmt.Fprintf(idle, "POST /v1/search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2900\r\n\r\n")
	if resp, body := do(t, "POST", url+"/v1/search", long); resp.StatusCode != 200 {
		t.Errorf("afterwards: got %d %s", resp.StatusCode, body)
	}
}

// A service for one person ends with the first key, by whichever process it is made,
// and does not come back when the key is revoked.
func TestIdentifyAlone(t *testing.T) {
	store := newStore(t)
	url, _ := start(t, &fake{}, func(s *server) { s.o.Identify = IdentifyAlone(store, assistant.Principal{}) })
	send := func(header ...string) int {
		resp, _ := do(t, "POST", url+"/v1/search", `{"query":"주차"}`, header...)
		return resp.StatusCode
	}
	if got := send(); got != 200 {
		t.Errorf("before there is a key: got %d", got)
	}
	k, secret := newKey(t, store, state.Key{Name: "a", Permissions: []string{"read"}})
	if got := send(); got != 401 {
		t.Errorf("without the key: got %d", got)
	}
	if got := send("Authorization", "Bearer "+secret); got != 200 {
		t.Errorf("with the key: got %d", got)
	}
	if err := store.RevokeKey(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	if got := send(); got != 401 {
		t.Errorf("after its end: got %d", got)
	}
}

// Listings, each of which goes through all documents, wait their turn as searches do;
// whether the service is ready is told meanwhile.
func TestListingsAtATime(t *testing.T) {
	begun, free := make(chan struct{}), make(chan struct{})
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, Options{Library: slowShelf{begun: begun, free: free}, Limits: Limits{AllSearches: 1, SearchQueue: 1, SearchWait: time.Minute}})
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	send := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost"+path, nil))
		return w
	}
	var wg sync.WaitGroup
	for _, path := range []string{"/v1/documents", "/v1/status"} {
		wg.Go(func() {
			if w := send(path); w.Code != 200 {
				t.Errorf("%s: got %d %s", path, w.Code, w.Body)
			}
		})
	}
	<-begun
	for end := time.Now().Add(10 * time.Second); len(s.limits.searches.queue) < 1 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if len(s.limits.searches.queue) < 1 {
		close(free)
		t.Fatal("the second listing does not wait")
	}
	if w := send("/v1/documents"); w.Code != 503 || codeOf(w.Body.String()) != "overloaded" {
		t.Errorf("one too many: got %d %s", w.Code, w.Body)
	}
	if _, err := s.library.Passage(t.Context(), index.Scope{}, "", 0); s.problem(t.Context(), err).Code != "overloaded" {
		t.Errorf("passages: got %v", err)
	}
	go func() { <-begun }()
	close(free)
	wg.Wait()
	if w := send("/readyz"); w.Code != 200 {
		t.Errorf("ready: got %d %s", w.Code, w.Body)
	}
}

// A slowShelf lists no documents, when it is free to.
type slowShelf struct {
	shelf
	begun chan<- struct{}
	free  <-chan struct{}
}

func (s slowShelf) Docs(context.Context) iter.Seq2[index.Doc, error] {
	return func(func(index.Doc, error) bool) {
		select {
		case s.begun <- struct{}{}:
		case <-s.free:
		}
		<-s.free
	}
}
