package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/ground"
	"biseo/assistant/state"
	"biseo/assistant/web/stream"
	"biseo/index"
	"biseo/ingest"
)

// An office is a service with everything: state, documents, an audit log in memory.
type office struct {
	url     string
	svc     *fake
	ingest  *fakeIngester
	mu      sync.Mutex
	records []audit.Record
	deaf    error // of the audit log
}

func open(t *testing.T, change func(*server)) *office {
	t.Helper()
	store, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	o := &office{svc: &fake{}, ingest: &fakeIngester{}}
	opt := agencyOptions()
	opt.State, opt.Library, opt.Ingest, opt.Spool = store, shelf{}, o.ingest, t.TempDir()
	opt.Templates = []Template{{"검토보고", "검토한 결과"}}
	opt.Limits = Limits{AllAnswers: 100}
	opt.Audit = func(_ context.Context, r audit.Record) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.records = append(o.records, r)
		return o.deaf
	}
	opt.Identify = func(r *http.Request) (Caller, error) {
		name := r.Header.Get("As")
		c := Caller{Principal: assistant.Principal{ID: "user:" + name, Grade: index.Open}, Via: "session", Permissions: []Permission{Read, Ask, Draft, Documents}}
		switch name {
		case "":
			c.ID = "user:kim"
		case "root":
			c.Permissions = append(c.Permissions, Admin)
		case "reader":
			c.Permissions = []Permission{Read, Ask}
		}
		return c, nil
	}
	s := newServer(slog.New(slog.DiscardHandler), o.svc, opt)
	if change != nil {
		change(s)
	}
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	o.url = serveTest(t, h)
	return o
}

// last is the action, outcome and documents of the last records.
func (o *office) last(n int) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []string
	for _, r := range o.records[max(0, len(o.records)-n):] {
		out = append(out, fmt.Sprintf("%s %s %s %s %v", r.Actor, r.Route, r.Action, r.Outcome, r.Docs))
	}
	return out
}

// get decodes the answer to a request whose status must be as given.
func get[T any](t *testing.T, status int, method, url, body string, header ...string) (T, *http.Response) {
	t.Helper()
	resp, got := do(t, method, url, body, header...)
	var v T
	if resp.StatusCode != status {
		t.Fatalf("%s %s: got %d %s, want %d", method, url, resp.StatusCode, got, status)
	}
	if got != "" {
		if err := json.Unmarshal([]byte(got), &v); err != nil {
			t.Fatalf("%s %s: %v: %s", method, url, err, got)
		}
	}
	return v, resp
}

// form is a multipart body with a request and files: name, content, name, content.
func form(t *testing.T, request string, files ...string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if request != "" {
		if err := w.WriteField("request", request); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i+1 < len(files); i += 2 {
		p, err := w.CreateFormFile("files", files[i])
		if err == nil {
			_, err = p.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// A fakeIngester keeps what it is given.
type fakeIngester struct {
	mu    sync.Mutex
	added map[string]string // content by name
	last  Intake
	wait  chan struct{} // Add waits for it; nil: not
}

func (g *fakeIngester) Add(ctx context.Context, in Intake, tell func(ingest.Progress)) (ingest.Report, error) {
	g.mu.Lock()
	wait := g.wait
	g.last = in
	g.mu.Unlock()
	tell(ingest.Progress{Total: len(in.Paths)})
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
			return ingest.Report{}, ctx.Err()
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	rep := ingest.Report{}
	g.added = map[string]string{}
	for _, p := range in.Paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return rep, err
		}
		if name := filepath.Base(p); strings.Contains(name, "고장") {
			rep.Failed = append(rep.Failed, ingest.Failure{Path: p, Reason: "손상된 파일입니다.", Next: "다시 저장해 주세요."})
		} else {
			g.added[name] = string(b)
			rep.Added++
		}
	}
	return rep, nil
}

func (g *fakeIngester) Again(context.Context, index.Doc, func(ingest.Progress)) (ingest.Report, error) {
	return ingest.Report{Changed: 1}, nil
}

func (g *fakeIngester) Remove(context.Context, index.Doc, func(ingest.Progress)) (ingest.Report, error) {
	return ingest.Report{Removed: 1}, nil
}

func (g *fakeIngester) Uploaded(d index.Doc) bool { return false }

func (g *fakeIngester) Original(_ context.Context, d index.Doc) (*os.File, error) {
	return nil, fmt.Errorf("open: %w", ingest.ErrOriginal)
}

func (g *fakeIngester) Read(_ context.Context, path string) (*ingest.Document, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if strings.Contains(path, "고장") {
		return nil, &ingest.FileError{Reason: "손상된 파일입니다.", Next: "다시 저장해 주세요."}
	}
	return &ingest.Document{Text: string(b), Blocks: []ingest.Block{{Kind: ingest.Paragraph, End: len([]rune(string(b)))}}}, nil
}

func (g *fakeIngester) Files(context.Context) ([]ingest.FileState, error) {
	return []ingest.FileState{{Path: "/docs/고장.hwp", File: "/docs/고장.hwp", State: ingest.Failed, Reason: "손상된 파일입니다.", Next: "다시 저장해 주세요."},
		{Path: "/docs/조례/주차장 조례.md", File: "/docs/조례/주차장 조례.md", State: ingest.Done, Documents: 1, Time: november}}, nil
}

func TestTasks(t *testing.T) {
	o := open(t, nil)
	for _, tt := range []struct {
		path, body, task string
		want             any
	}{
		{"/v1/summaries", `{"docs":["a"],"length":"page","prose":true,"audience":"시장"}`, "summary",
			assistant.SummaryRequest{Docs: []string{"a"}, On: index.Day(2026, 11, 20), Length: assistant.OnePage, Prose: true, Audience: "시장"}},
		{"/v1/reports", `{"topic":"주차요금","template":"현황보고","notes":"현황: 10면","on":"2026-10-01","kinds":["plan"]}`, "report",
			assistant.ReportRequest{Topic: "주차요금", Template: "현황보고", Notes: "현황: 10면", On: index.Day(2026, 10, 1), Kinds: []string{"plan"}}},
		{"/v1/replies", `{"text":"요금을 알려 주세요.","received":"2026-06-30 10:30","kind":"질의","handler":{"name":"김주무"}}`, "reply",
			assistant.ReplyRequest{Text: "요금을 알려 주세요.", Received: time.Date(2026, 6, 30, 1, 30, 0, 0, time.UTC), Kind: "질의", Decision: "explain", Remedy: "none", Handler: assistant.Handler{Name: "김주무"}}},
	} {
		t.Run(tt.task, func(t *testing.T) {
			r, _ := get[Result](t, 200, "POST", o.url+tt.path, tt.body)
			if r.Task != tt.task || r.Draft != nil {
				t.Errorf("got task %s, draft %v", r.Task, r.Draft)
			}
			if d := cmp.Diff(tt.want, o.svc.drafted); d != "" {
				t.Errorf("request (-want +got):\n%s", d)
			}
			want := []string{"user:kim POST " + tt.path + " " + strings.TrimPrefix(tt.path, "/v1/") + " partial [gaon/parking@2026-01-01]"}
			if d := cmp.Diff(want, o.last(1)); d != "" {
				t.Errorf("audit (-want +got):\n%s", d)
			}
			_, events := do(t, "POST", o.url+tt.path, tt.body, "Accept", "text/event-stream")
			if strings.Count(events, "\nevent: sentence\n") != 4 || !strings.Contains(events, "event: done\ndata: {\"task\":\""+tt.task) {
				t.Errorf("stream: got %s", events)
			}
			if got := o.last(2); !strings.HasSuffix(got[0], " shown [gaon/parking@2026-01-01]") {
				t.Errorf("audit of the stream: %q", got)
			}
		})
	}
}

func TestSmallTasks(t *testing.T) {
	o := open(t, nil)
	masked, _ := get[struct{ Text string }](t, 200, "POST", o.url+"/v1/mask", `{"text":"홍길동 010-1234-5678"}`)
	if strings.Contains(masked.Text, "1234") || !strings.Contains(masked.Text, "5678") {
		t.Errorf("mask: got %s", masked.Text)
	}
	due, _ := get[deadlineBody](t, 200, "POST", o.url+"/v1/deadlines", `{"kind":"질의","received":"2026-06-30 10:30","reason":"담당자 휴가"}`)
	if due.Due != "2026-07-08" || due.Extension.Verdict != "불가" || due.Counted == "" || due.Exact {
		t.Errorf("deadline: got %+v", due)
	}
	hours, _ := get[deadlineBody](t, 200, "POST", o.url+"/v1/deadlines", `{"kind":"기타","received":"2026-06-30T17:00"}`)
	if hours.Due != "2026-07-01 11:00" || !hours.Exact {
		t.Errorf("deadline in hours: got %+v", hours)
	}
	choices, _ := get[struct {
		Reports        []Template
		ComplaintKinds []struct{ Name string } `json:"complaint_kinds"`
		Formats        []string
	}](t, 200, "GET", o.url+"/v1/templates", "")
	if len(choices.Reports) != 1 || len(choices.ComplaintKinds) != 7 || len(choices.Formats) != 4 {
		t.Errorf("templates: got %+v", choices)
	}
	for _, tt := range []struct{ path, body, field string }{
		{"/v1/deadlines", `{}`, "kind"},
		{"/v1/deadlines", `{"kind":"없음"}`, "kind"},
		{"/v1/deadlines", `{"kind":"법정"}`, "period"},
		{"/v1/deadlines", `{"kind":"질의","received":"2026-02-30"}`, "received"},
		{"/v1/deadlines", `{"kind":"질의","received":"1999-01-01"}`, "received"},
		{"/v1/deadlines", `{"kind":"질의","extended":["길게"]}`, "extended"},
		{"/v1/deadlines", `{"kind":"질의","excluded":[{"cause":"보완","from":"","until":"2026-07-01"}]}`, "excluded"},
		{"/v1/replies", `{"text":"a","received":"어제"}`, "received"},
	} {
		p, _ := get[Problem](t, 422, "POST", o.url+tt.path, tt.body)
		if len(p.Errors) != 1 || p.Errors[0].Field != tt.field {
			t.Errorf("%s: got %+v", tt.body, p)
		}
	}
}

// Two replies do not look alike in the list, and a format that is none is named.
func TestReplyDrafts(t *testing.T) {
	o := open(t, nil)
	kept, _ := get[Result](t, 200, "POST", o.url+"/v1/replies", `{"text":"요금을 알려 주세요.","received":"2026-06-30 10:30","save":true}`)
	list, _ := get[struct{ Drafts []DraftBody }](t, 200, "GET", o.url+"/v1/drafts", "")
	if want := ": 요금을 알려 주세요. (기한 2026. 7. 8.)"; len(list.Drafts) != 1 || !strings.HasSuffix(list.Drafts[0].Title, want) {
		t.Errorf("drafts %+v, want a title that ends with %q", list.Drafts, want)
	}
	body, err := json.Marshal(map[string]any{"answer": kept.Answer, "format": "pdf"})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := get[Problem](t, 422, "POST", o.url+"/v1/export", string(body))
	if len(p.Errors) != 1 || p.Errors[0].Field != "format" || !strings.Contains(p.Detail, "hwpx, docx, md, txt") {
		t.Errorf("format: got %+v", p)
	}
}

// Nothing is shown without its record.
func TestAuditFails(t *testing.T) {
	o := open(t, nil)
	kept, _ := get[Result](t, 200, "POST", o.url+"/v1/reports", `{"topic":"주차","save":true}`)
	o.deaf = errors.New("disk full")
	answer, err := json.Marshal(kept.Answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ method, path, body string }{
		{"POST", "/v1/search", `{"query":"주차"}`}, {"GET", "/v1/passages/c1", ""}, {"POST", "/v1/answers", `{"question":"요금은?"}`},
		{"POST", "/v1/reports", `{"topic":"주차"}`}, {"POST", "/v1/check", `{"text":"제5조"}`}, {"POST", "/v1/mask", `{"text":"a"}`},
		{"POST", "/v1/deadlines", `{"kind":"질의"}`}, {"GET", "/v1/documents", ""}, {"GET", "/v1/documents/gaon~1parking@2026-01-01", ""},
		{"GET", "/v1/documents/gaon~1parking@2026-01-01/passages", ""}, {"GET", "/v1/drafts/" + kept.Draft.ID, ""}, {"GET", "/v1/drafts/" + kept.Draft.ID + "/export", ""},
		{"POST", "/v1/export", `{"answer":` + string(answer) + `,"format":"txt"}`}, {"DELETE", "/v1/drafts/" + kept.Draft.ID, ""},
	} {
		resp, body := do(t, tt.method, o.url+tt.path, tt.body)
		if resp.StatusCode != 503 || !strings.Contains(body, `"code":"audit_unavailable"`) || strings.Contains(body, "1,200원") {
			t.Errorf("%s %s: got %d %s", tt.method, tt.path, resp.StatusCode, body)
		}
	}
	_, events := do(t, "POST", o.url+"/v1/answers", `{"question":"요금은?"}`, "Accept", "text/event-stream")
	if strings.Contains(events, "event: sources") || !strings.Contains(events, `"code":"audit_unavailable"`) {
		t.Errorf("stream: got %s", events)
	}
}

func TestResume(t *testing.T) {
	goOn := make(chan struct{})
	o := open(t, func(s *server) { s.streams = stream.New(stream.Options{Grace: 5 * time.Second}) })
	o.svc.answer = func(ctx context.Context, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
		if err := emit(assistant.Event{Status: "searching"}); err != nil {
			return nil, err
		}
		select {
		case <-goOn:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		return (&fake{}).Answer(ctx, assistant.Principal{}, req, emit)
	}
	ctx, cut := context.WithCancel(t.Context())
	resp, sc := openStream(t, ctx, o.url)
	id := resp.Header.Get("Biseo-Stream")
	if e, _ := readSSE(t, sc); e.data != `{"status":"started","stream":"`+id+`"}` {
		t.Fatalf("first event: %+v", e)
	}
	cut()
	time.Sleep(50 * time.Millisecond)
	close(goOn)
	_, rest := do(t, "GET", o.url+"/v1/streams/"+id, "", "Last-Event-ID", "1")
	if !strings.HasPrefix(rest, "id: 2\nevent: status") || !strings.Contains(rest, "event: done") {
		t.Errorf("resumed: got %s", rest)
	}
	_, again := do(t, "GET", o.url+"/v1/streams/"+id, "", "Last-Event-ID", "1")
	if again != rest {
		t.Errorf("resumed after its end: got %s", again)
	}
	for _, tt := range []struct {
		path, last, as string
		status         int
		code           string
	}{
		{id, "99", "", 410, "stream_gone"}, {id, "x", "", 422, "invalid_request"}, {id, "1", "lee", 404, "not_found"}, {"none", "", "", 404, "not_found"},
	} {
		p, _ := get[Problem](t, tt.status, "GET", o.url+"/v1/streams/"+tt.path, "", "Last-Event-ID", tt.last, "As", tt.as)
		if p.Code != tt.code {
			t.Errorf("%+v: got %s", tt, p.Code)
		}
	}
}

func TestDrafts(t *testing.T) {
	o := open(t, nil)
	r, _ := get[Result](t, 200, "POST", o.url+"/v1/reports", `{"topic":"주차요금","save":true}`)
	path := o.url + "/v1/drafts/" + r.Draft.ID
	d, resp := get[DraftBody](t, 200, "GET", path, "")
	if resp.Header.Get("ETag") != `"1"` || d.Task != "report" || len(d.Answer.Sources) != 3 {
		t.Fatalf("got %+v", d)
	}
	// An edit: a true sentence, a false one that claims to be verified, and one as it was.
	edited := *d.Answer
	edited.Blocks = []assistant.Block{{Kind: "paragraph", Sentences: []ground.Sentence{
		d.Answer.Blocks[0].Sentences[0],
		{Text: "정기권은 한 달에 60,000원으로 한다.", Cites: []ground.Cite{{Source: 2}}},
		{Text: "정기권은 한 달에 90,000원으로 한다.", Cites: []ground.Cite{{Source: 2}}, Status: ground.Verified},
	}}}
	edited.Sources = nil // of an edit they do not count
	body, err := json.Marshal(map[string]any{"answer": edited})
	if err != nil {
		t.Fatal(err)
	}
	checked, _ := get[assistant.Rechecked](t, 200, "POST", path+"/check", string(body))
	states := func(a *assistant.Answer) (out []ground.Status) {
		for _, s := range a.Blocks[0].Sentences {
			out = append(out, s.Status)
		}
		return out
	}
	want := []ground.Status{ground.Verified, ground.Verified, ground.Unverified}
	if d := cmp.Diff(want, states(checked.Answer)); d != "" || len(checked.Changes) != 2 || checked.Changes[1].Sentence != 2 || checked.Changes[1].Why == "" {
		t.Errorf("checked: changes %+v, states (-want +got):\n%s", checked.Changes, d)
	}
	for _, tt := range []struct {
		match  string
		status int
		code   string
	}{{"", 428, "precondition_required"}, {`"7"`, 412, "version_conflict"}, {`"x"`, 412, "version_conflict"}} {
		if p, _ := get[Problem](t, tt.status, "PUT", path, string(body), "If-Match", tt.match); p.Code != tt.code {
			t.Errorf("If-Match %s: got %s", tt.match, p.Code)
		}
	}
	put, resp := get[DraftBody](t, 200, "PUT", path, string(body), "If-Match", `"1"`)
	if put.Version != 2 || resp.Header.Get("ETag") != `"2"` || !slices.Equal(states(put.Answer), want) || len(put.Answer.Sources) != 3 {
		t.Errorf("put: got %+v", put)
	}
	if p, _ := get[Problem](t, 412, "PUT", path, string(body), "If-Match", `"1"`); p.Code != "version_conflict" {
		t.Errorf("put again: got %s", p.Code)
	}
	if old, _ := get[DraftBody](t, 200, "GET", path+"?version=1", ""); len(old.Answer.Blocks) != 3 {
		t.Errorf("version 1: got %d blocks", len(old.Answer.Blocks))
	}
	if list, _ := get[struct{ Drafts []DraftBody }](t, 200, "GET", path+"/versions", ""); len(list.Drafts) != 2 || list.Drafts[0].Version != 2 {
		t.Errorf("versions: got %+v", list)
	}
	for _, format := range []string{"hwpx", "docx", "md", "txt"} {
		resp, file := do(t, "GET", path+"/export?format="+format, "")
		if resp.StatusCode != 200 || len(file) < 100 || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), `attachment; filename="biseo.`+format+`"; filename*=UTF-8''`) {
			t.Errorf("%s: got %d, %d bytes, %s", format, resp.StatusCode, len(file), resp.Header.Get("Content-Disposition"))
		}
		if format == "txt" && !strings.Contains(file, "90,000원으로 한다. [근거 확인 필요]") {
			t.Errorf("the false sentence is not marked: %s", file)
		}
	}
	if p, _ := get[Problem](t, 404, "GET", path, "", "As", "lee"); p.Code != "not_found" {
		t.Errorf("another owner: got %s", p.Code)
	}
	if p, _ := get[Problem](t, 403, "POST", o.url+"/v1/reports", `{"topic":"주차","save":true}`, "As", "reader"); p.Code != "forbidden" {
		t.Errorf("without the permission: got %s", p.Code)
	}
	if resp, _ := do(t, "DELETE", path, ""); resp.StatusCode != 204 {
		t.Errorf("delete: got %d", resp.StatusCode)
	}
	if resp, _ := do(t, "GET", path, ""); resp.StatusCode != 404 {
		t.Errorf("deleted: got %d", resp.StatusCode)
	}
}

// An answer that a client sends is not believed: neither its states nor its sources.
func TestForgedAnswer(t *testing.T) {
	o := open(t, nil)
	forged := assistant.Answer{Task: "answer", Question: "요금은?", On: "2026-11-20", Outcome: assistant.Answered, Mode: assistant.Words, Warnings: []assistant.Warning{},
		Sources: []ground.Source{{N: 1, ChunkID: "c2", Cite: "「가온시 주차장 조례」 제6조", Path: []string{}, Text: "정기권은 무료로 한다."},
			{N: 2, ChunkID: "mine", Cite: "「지어낸 법」 제1조", Path: []string{}, Text: "정기권은 한 달에 1원으로 한다."}},
		Blocks: []assistant.Block{{Kind: "paragraph", Sentences: []ground.Sentence{
			{Text: "정기권은 무료로 한다.", Status: ground.Verified, Cites: []ground.Cite{{Source: 1, End: 12, Quote: "정기권은 무료로 한다."}}},
			{Text: "정기권은 한 달에 1원으로 한다.", Status: ground.Verified, Cites: []ground.Cite{{Source: 2}}},
			{Text: "아무 근거 없는 사실이다.", Status: ground.Plain, Cites: []ground.Cite{}},
			{Text: "정기권은 한 달에 60,000원으로 한다.", Status: ground.Unverified, Cites: []ground.Cite{{Source: 1}}}}}}}
	for name, change := range map[string]func(*assistant.Answer){
		"unknown task":            func(a *assistant.Answer) { a.Task = "poem" },
		"no task":                 func(a *assistant.Answer) { a.Task = "" },
		"reply without its facts": func(a *assistant.Answer) { a.Task = "reply" },
		"unknown kind":            func(a *assistant.Answer) { a.Task, a.Reply = "reply", &assistant.Reply{Kind: "급한"} },
	} {
		wrong := forged
		change(&wrong)
		b, err := json.Marshal(map[string]any{"answer": wrong})
		if err != nil {
			t.Fatal(err)
		}
		if p, _ := get[Problem](t, 422, "POST", o.url+"/v1/drafts", string(b)); p.Code != "invalid_request" {
			t.Errorf("%s: got %+v", name, p)
		}
	}
	body, err := json.Marshal(map[string]any{"answer": forged})
	if err != nil {
		t.Fatal(err)
	}
	d, resp := get[DraftBody](t, 201, "POST", o.url+"/v1/drafts", string(body))
	var got []ground.Status
	for _, s := range d.Answer.Blocks[0].Sentences {
		got = append(got, s.Status)
	}
	want := []ground.Status{ground.Unverified, ground.Unverified, ground.Unverified, ground.Verified}
	if diff := cmp.Diff(want, got); diff != "" || d.Answer.Outcome != assistant.Partial || d.Answer.Sources[0].Text != agency[1].Text {
		t.Errorf("source 1 %q, outcome %s (-want +got):\n%s", d.Answer.Sources[0].Text, d.Answer.Outcome, diff)
	}
	if resp.Header.Get("Location") != "/v1/drafts/"+d.ID {
		t.Errorf("Location is %s", resp.Header.Get("Location"))
	}
	body, err = json.Marshal(map[string]any{"answer": forged, "format": "txt"})
	if err != nil {
		t.Fatal(err)
	}
	if _, file := do(t, "POST", o.url+"/v1/export", string(body)); strings.Count(file, "[근거 확인 필요]") != 3 {
		t.Errorf("export: got %s", file)
	}
}

func TestOnce(t *testing.T) {
	o := open(t, nil)
	first, resp := get[Result](t, 200, "POST", o.url+"/v1/reports", `{"topic":"주차","save":true}`, "Idempotency-Key", "k")
	again, replayed := get[Result](t, 200, "POST", o.url+"/v1/reports", `{"topic":"주차","save":true}`, "Idempotency-Key", "k")
	if first.Draft.ID != again.Draft.ID || resp.Header.Get("Idempotency-Replayed") != "" || replayed.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("got drafts %v and %v", first.Draft, again.Draft)
	}
	if p, _ := get[Problem](t, 422, "POST", o.url+"/v1/reports", `{"topic":"다른 주제","save":true}`, "Idempotency-Key", "k"); p.Code != "idempotency_mismatch" {
		t.Errorf("another body: got %s", p.Code)
	}
	other, _ := get[Result](t, 200, "POST", o.url+"/v1/reports", `{"topic":"주차","save":true}`, "Idempotency-Key", "k", "As", "lee")
	if other.Draft.ID == first.Draft.ID {
		t.Error("another caller gets the draft of the first")
	}
	_, events := do(t, "POST", o.url+"/v1/reports", `{"topic":"주차","save":true}`, "Idempotency-Key", "s", "Accept", "text/event-stream")
	_, once := do(t, "POST", o.url+"/v1/reports", `{"topic":"주차","save":true}`, "Idempotency-Key", "s", "Accept", "text/event-stream")
	done := events[strings.Index(events, "event: done"):]
	if once != "id: 1\n"+done {
		t.Errorf("a stream again: got %s, want %s", once, done)
	}
	// A request that failed may be tried again under its key.
	o.deaf = errors.New("disk full")
	get[Problem](t, 503, "POST", o.url+"/v1/reports", `{"topic":"주차","save":true}`, "Idempotency-Key", "f")
	o.deaf = nil
	get[Result](t, 200, "POST", o.url+"/v1/reports", `{"topic":"주차","save":true}`, "Idempotency-Key", "f")
	// One that is under way is not begun twice.
	body, contentType := form(t, `{"readers":["public"],"grade":"open"}`, "지침.md", "# 지침\n")
	var wg sync.WaitGroup
	var mu sync.Mutex
	locations := map[string]int{}
	for range uploadsEach {
		wg.Go(func() {
			resp, _ := do(t, "POST", o.url+"/v1/documents", body, "Content-Type", contentType, "Idempotency-Key", "u")
			mu.Lock()
			defer mu.Unlock()
			if resp.StatusCode == 202 {
				locations[resp.Header.Get("Location")]++
			} else if resp.StatusCode != 409 {
				t.Errorf("got %d", resp.StatusCode)
			}
		})
	}
	wg.Wait()
	if len(locations) != 1 {
		t.Errorf("jobs: got %v, want one", locations)
	}
}

func TestConversations(t *testing.T) {
	o := open(t, nil)
	var asked assistant.AnswerRequest
	o.svc.answer = func(ctx context.Context, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
		asked = req
		return (&fake{}).Answer(ctx, assistant.Principal{}, req, emit)
	}
	first, _ := get[Result](t, 200, "POST", o.url+"/v1/answers", `{"question":"주차요금은?","conversation":"new"}`)
	second, _ := get[Result](t, 200, "POST", o.url+"/v1/answers", `{"question":"정기권은?","conversation":"`+first.Conversation+`"}`)
	if second.Conversation != first.Conversation || !slices.Equal(asked.Earlier, []string{"주차요금은?"}) {
		t.Errorf("conversation %s and %s, earlier %v", first.Conversation, second.Conversation, asked.Earlier)
	}
	path := o.url + "/v1/conversations/" + first.Conversation
	c, _ := get[Conversation](t, 200, "GET", path, "")
	if len(c.Turns) != 2 || c.Turns[1].Question != "정기권은?" || len(c.Turns[1].Answer.Blocks) != 3 || c.Title != "주차요금은?" {
		t.Errorf("got %+v", c)
	}
	if list, _ := get[struct{ Conversations []Conversation }](t, 200, "GET", o.url+"/v1/conversations", ""); len(list.Conversations) != 1 {
		t.Errorf("list: got %+v", list)
	}
	for _, as := range []string{"lee", "root"} { // an administrator sees no one's conversations either
		get[Problem](t, 404, "GET", path, "", "As", as)
		get[Problem](t, 404, "POST", o.url+"/v1/answers", `{"question":"정기권은?","conversation":"`+first.Conversation+`"}`, "As", as)
	}
	if resp, _ := do(t, "DELETE", path, ""); resp.StatusCode != 204 {
		t.Errorf("delete: got %d", resp.StatusCode)
	}
	get[Problem](t, 404, "GET", path, "")
}

func TestFeedback(t *testing.T) {
	o := open(t, nil)
	get[storedFeedback](t, 201, "POST", o.url+"/v1/feedback", `{"task":"answer","request":"주차요금은?","sentence":"1시간 1,200원","verdict":"wrong","sources":["c2"]}`)
	get[Problem](t, 422, "POST", o.url+"/v1/feedback", `{"task":"answer","sentence":"a","verdict":"good"}`)
	get[Problem](t, 403, "GET", o.url+"/v1/feedback", "")
	resp, lines := do(t, "GET", o.url+"/v1/feedback", "", "As", "root")
	var f storedFeedback
	if err := json.Unmarshal([]byte(lines), &f); err != nil || f.Verdict != "wrong" || f.Sources[0] != "c2" || strings.Contains(lines, `"kim"`) || resp.Header.Get("Content-Type") != "application/jsonl" {
		t.Errorf("got %s %v", lines, err)
	}
}

func TestDocuments(t *testing.T) {
	o := open(t, nil)
	const path = "/v1/documents/gaon~1parking@2026-01-01"
	list, _ := get[struct{ Documents []struct{ ID, File string } }](t, 200, "GET", o.url+"/v1/documents?kind=ordinance,plan&changed_since=2026-01-01", "")
	if len(list.Documents) != 1 || list.Documents[0].File != "주차장 조례.md" {
		t.Errorf("list: got %+v", list)
	}
	d, _ := get[struct {
		Versions []struct{}
		Outline  []struct{ Cite string }
		Readers  []string
	}](t, 200, "GET", o.url+path, "")
	if len(d.Versions) != 1 || len(d.Outline) != 3 || len(d.Readers) != 1 {
		t.Errorf("document: got %+v", d)
	}
	reader, _ := get[struct{ Readers []string }](t, 200, "GET", o.url+path, "", "As", "reader")
	if reader.Readers != nil {
		t.Errorf("groups are told to a reader: %v", reader.Readers)
	}
	for _, encoded := range []string{path, "/v1/documents/gaon%2Fparking@2026-01-01"} {
		if p, _ := get[struct{ Passages []ground.Source }](t, 200, "GET", o.url+encoded+"/passages?limit=2", ""); len(p.Passages) != 2 {
			t.Errorf("%s: passages: got %+v", encoded, p)
		}
	}
	if p, _ := get[Problem](t, 404, "GET", o.url+path+"/original", ""); p.Code != "no_original" {
		t.Errorf("original: got %s", p.Code)
	}
	// What one may not see is as what is not there.
	_, hidden := do(t, "GET", o.url+"/v1/documents/gaon~1audit", "")
	_, absent := do(t, "GET", o.url+"/v1/documents/gaon~1none0", "")
	cut := func(s string) string { s, _, _ = strings.Cut(s, `"trace_id"`); return s }
	if cut(hidden) != cut(absent) {
		t.Errorf("hidden %s, absent %s", hidden, absent)
	}
	if p, _ := get[Problem](t, 409, "DELETE", o.url+path, ""); p.Code != "not_uploaded" {
		t.Errorf("delete: got %s", p.Code)
	}
	get[Problem](t, 403, "DELETE", o.url+path, "", "As", "reader")
	job, _ := get[Job](t, 202, "POST", o.url+path+"/reingest", "")
	_, events := do(t, "GET", o.url+"/v1/jobs/"+job.ID, "", "Accept", "text/event-stream")
	if !strings.Contains(events, "event: done\n") || !strings.Contains(events, `"changed":1`) || !strings.Contains(events, `"doc":"gaon/parking@2026-01-01"`) {
		t.Errorf("reingest: got %s", events)
	}
	get[Problem](t, 403, "GET", o.url+"/v1/files", "")
	files, _ := get[struct {
		Files  []fileState
		Counts map[string]int
	}](t, 200, "GET", o.url+"/v1/files?state=failed", "", "As", "root")
	if len(files.Files) != 1 || files.Counts["done"] != 1 {
		t.Errorf("files: got %+v", files)
	}
}

func TestAddDocuments(t *testing.T) {
	o := open(t, nil)
	const request = `{"kind":"guide","agency":"가온시","readers":["public"],"grade":"open"}`
	body, contentType := form(t, request, `C:\문서\지침.md`, "# 지침\n", "고장.pdf", "%PDF-1.7 x")
	job, resp := get[Job](t, 202, "POST", o.url+"/v1/documents", body, "Content-Type", contentType)
	if resp.Header.Get("Location") != "/v1/jobs/"+job.ID {
		t.Errorf("Location is %s", resp.Header.Get("Location"))
	}
	_, events := do(t, "GET", o.url+"/v1/jobs/"+job.ID, "", "Accept", "text/event-stream")
	if !strings.Contains(events, `"added":1`) || !strings.Contains(events, `{"file":"고장.pdf","reason":"손상된 파일입니다.","next":"다시 저장해 주세요."}`) {
		t.Errorf("got %s", events)
	}
	if d := cmp.Diff(map[string]string{"지침.md": "# 지침\n"}, o.ingest.added); d != "" || o.ingest.last.Kind != "guide" || o.ingest.last.Grade != index.Open {
		t.Errorf("intake %+v (-want +got):\n%s", o.ingest.last, d)
	}
	if _, err := os.Stat(o.ingest.last.Paths[0]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("quarantine stays: %v", err)
	}
	for _, tt := range []struct {
		name, request string
		files         []string
		status        int
		field         string
	}{
		{"no file", request, nil, 422, "files"},
		{"nobody may read it", `{"readers":[],"grade":"open"}`, []string{"a.md", "a"}, 422, "body"},
		{"group of others", `{"readers":["audit"],"grade":"open"}`, []string{"a.md", "a"}, 422, "readers"},
		{"group without a name", `{"readers":["public"," "],"grade":"open"}`, []string{"a.md", "a"}, 422, "readers"},
		{"group with a control character", `{"readers":["public\u0000"],"grade":"open"}`, []string{"a.md", "a"}, 422, "readers"},
		{"agency with a line break", `{"agency":"가온시\nreaders: [public]","readers":["public"],"grade":"open"}`, []string{"a.md", "a"}, 422, "agency"},
		{"above one's own grade", `{"readers":["public"],"grade":"classified"}`, []string{"a.md", "a"}, 422, "grade"},
		{"no grade", `{"readers":["public"]}`, []string{"a.md", "a"}, 422, "body"},
		{"unknown field", `{"readers":["public"],"grade":"open","owner":"x"}`, []string{"a.md", "a"}, 422, "body"},
		{"program", request, []string{"a.exe", "MZ"}, 415, "files"},
		{"program named as a text", request, []string{"a.txt", "MZ\x00\x00"}, 415, "files"},
		{"page named as a PDF", request, []string{"a.pdf", "<html>"}, 415, "files"},
		{"hidden file", request, []string{".env", "a"}, 422, "files"},
		{"folder file", request, []string{"biseo-folder.yaml", "readers: [public]"}, 415, "files"},
		{"parent folder", request, []string{"../../a.md", "a"}, 202, ""},
		{"device", request, []string{"a:b.md", "a"}, 422, "files"},
		{"direction marks", request, []string{"a\u202edm.md", "a"}, 422, "files"},
		{"not JSON", "{", []string{"a.md", "a"}, 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body, contentType := form(t, tt.request, tt.files...)
			p, _ := get[Problem](t, tt.status, "POST", o.url+"/v1/documents", body, "Content-Type", contentType)
			if tt.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != tt.field) {
				t.Errorf("got %+v", p)
			}
		})
	}
	if p, _ := get[Problem](t, 415, "POST", o.url+"/v1/search", body, "Content-Type", contentType); p.Code != "unsupported_media_type" {
		t.Errorf("files where none are taken: got %s", p.Code)
	}
	big := open(t, func(s *server) { s.maxUpload = 1 << 10 })
	body, contentType = form(t, request, "a.md", strings.Repeat("가", 2<<20))
	if p, _ := get[Problem](t, 413, "POST", big.url+"/v1/documents", body, "Content-Type", contentType); p.Code != "body_too_large" {
		t.Errorf("too large: got %s", p.Code)
	}
}

func TestCancelJob(t *testing.T) {
	spool := ""
	o := open(t, func(s *server) { spool = s.o.Spool })
	o.ingest.wait = make(chan struct{})
	body, contentType := form(t, `{"readers":["public"],"grade":"open"}`, "지침.md", "# 지침\n")
	job, _ := get[Job](t, 202, "POST", o.url+"/v1/documents", body, "Content-Type", contentType)
	get[Problem](t, 404, "DELETE", o.url+"/v1/jobs/"+job.ID, "", "As", "lee")
	if list, _ := get[struct{ Jobs []Job }](t, 200, "GET", o.url+"/v1/jobs", "", "As", "lee"); len(list.Jobs) != 0 {
		t.Errorf("another caller sees %+v", list)
	}
	if list, _ := get[struct{ Jobs []Job }](t, 200, "GET", o.url+"/v1/jobs", "", "As", "root"); len(list.Jobs) != 1 {
		t.Errorf("an administrator sees %+v", list)
	}
	waiting, _ := get[Job](t, 202, "POST", o.url+"/v1/documents", body, "Content-Type", contentType)
	for _, id := range []string{waiting.ID, job.ID} {
		if resp, _ := do(t, "DELETE", o.url+"/v1/jobs/"+id, ""); resp.StatusCode != 204 {
			t.Errorf("cancel: got %d", resp.StatusCode)
		}
	}
	for _, id := range []string{waiting.ID, job.ID} {
		_, events := do(t, "GET", o.url+"/v1/jobs/"+id, "", "Accept", "text/event-stream")
		if !strings.Contains(events, `"state":"canceled"`) {
			t.Errorf("got %s", events)
		}
	}
	if left, err := os.ReadDir(spool); err != nil || len(left) > 0 {
		t.Errorf("left in quarantine: %v %v", left, err)
	}
}

// Files of a task are read and not kept.
func TestUploads(t *testing.T) {
	o := open(t, nil)
	body, contentType := form(t, `{"length":"line"}`, "계획.md", "가온시 주차 계획이다.")
	get[Result](t, 200, "POST", o.url+"/v1/summaries", body, "Content-Type", contentType)
	req, ok := o.svc.drafted.(assistant.SummaryRequest)
	if !ok || len(req.Uploads) != 1 || req.Uploads[0].Doc.Title != "계획" || req.Uploads[0].Doc.Grade != index.Open || req.Uploads[0].Chunks[0].Text != "가온시 주차 계획이다." {
		t.Errorf("got %+v", o.svc.drafted)
	}
	body, contentType = form(t, `{"kind":"report"}`, "초안.md", "제5조에 따른다.")
	checked, _ := get[struct{ Text string }](t, 200, "POST", o.url+"/v1/check", body, "Content-Type", contentType)
	if checked.Text != "제5조에 따른다." {
		t.Errorf("check: got %+v", checked)
	}
	body, contentType = form(t, `{}`, "고장.pdf", "%PDF-1.7")
	if p, _ := get[Problem](t, 422, "POST", o.url+"/v1/summaries", body, "Content-Type", contentType); p.Code != "unreadable_file" || !strings.Contains(p.Detail, "손상된") {
		t.Errorf("broken file: got %+v", p)
	}
}

func TestDepth(t *testing.T) {
	for _, tt := range []struct {
		json string
		want int
	}{{``, 0}, {`{}`, 1}, {`{"a":[{"b":1}],"c":[]}`, 3}, {`{"a":"[[[[\"[["}`, 1}, {`[[[[`, 4}} {
		if got := depth([]byte(tt.json)); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.json, got, tt.want)
		}
	}
	o := open(t, nil)
	if p, _ := get[Problem](t, 400, "POST", o.url+"/v1/search", `{"query":"a","kinds":`+strings.Repeat("[", 10000)); p.Code != "bad_json" {
		t.Errorf("deep JSON: got %s", p.Code)
	}
}
