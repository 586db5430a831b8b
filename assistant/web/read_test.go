package web

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant/state"
	"biseo/ingest"
)

// A warner reads files with a warning.
type warner struct{ *fakeIngester }

func (w warner) Read(ctx context.Context, path string) (*ingest.Document, error) {
	d, err := w.fakeIngester.Read(ctx, path)
	if err == nil {
		d.Warnings = []string{"그림 1개는 읽지 않았습니다."}
	}
	return d, err
}

// The text of one file comes back with what its reader says of it; the audit log says
// that a file was read, and nothing is kept.
func TestReadFile(t *testing.T) {
	var spool string
	o := open(t, func(s *server) {
		s.o.Ingest = warner{&fakeIngester{}}
		spool = s.o.Spool
	})
	type read struct {
		Name, Text string
		Warnings   []string
	}
	warning := "그림 1개는 읽지 않았습니다."
	for _, tt := range []struct {
		file, content string
		want          read
	}{
		{"민원.txt", "\n주차요금을 알려 주세요.\n전화 010-0000-1014\n", read{"민원.txt", "주차요금을 알려 주세요.\n전화 010-0000-1014", []string{warning}}}, // as it came: whoever sends it may see it
		{"빈.txt", "", read{"빈.txt", "", []string{warning}}},
		{"긴.txt", strings.Repeat("가", maxRead+1), read{"긴.txt", strings.Repeat("가", maxRead), []string{warning, "글이 길어 앞의 100000자만 읽었습니다. 나머지는 원본에서 확인해 주세요."}}},
	} {
		body, contentType := form(t, "", tt.file, tt.content)
		got, _ := get[read](t, 200, "POST", o.url+"/v1/read", body, "Content-Type", contentType)
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.file, d)
		}
	}
	if d := cmp.Diff([]string{"user:kim POST /v1/read read read []"}, o.last(1)); d != "" {
		t.Errorf("audit record (-want +got):\n%s", d)
	}
	for _, tt := range []struct {
		name    string
		request string
		files   []string
		status  int
		code    string
	}{
		{"broken", "", []string{"고장.pdf", "%PDF-1.7"}, 422, "unreadable_file"},
		{"not what it says", "", []string{"민원.pdf", "PK\x03\x04"}, 415, "unsupported_file"},
		{"no file", "{}", nil, 422, "invalid_request"},
		{"two files", "", []string{"a.txt", "가", "b.txt", "나"}, 422, "invalid_request"},
		{"with an unknown field", `{"keep":true}`, []string{"a.txt", "가"}, 422, "invalid_request"},
	} {
		body, contentType := form(t, tt.request, tt.files...)
		if p, _ := get[Problem](t, tt.status, "POST", o.url+"/v1/read", body, "Content-Type", contentType); p.Code != tt.code {
			t.Errorf("%s: got %s, want %s", tt.name, p.Code, tt.code)
		}
	}
	o.deaf = context.DeadlineExceeded
	body, contentType := form(t, "", "민원.txt", "주차")
	if p, _ := get[Problem](t, 503, "POST", o.url+"/v1/read", body, "Content-Type", contentType); p.Code != "audit_unavailable" {
		t.Errorf("without an audit record: got %s", p.Code)
	}
	if left, err := os.ReadDir(spool); err != nil || len(left) > 0 {
		t.Errorf("left of files: %v %v", left, err)
	}
}

// The page is told how long a login lasts.
func TestStatusOfLogin(t *testing.T) {
	store := newStore(t)
	login := fakeLogin{"1": {Subject: "kim", Permissions: []string{"read"}, Grade: "open", Idle: 29 * time.Minute, Expires: november.Add(10 * time.Hour)}}
	opt := agencyOptions()
	url, _ := start(t, &fake{}, func(s *server) { s.o.Now, s.o.Status, s.o.Identify = opt.Now, opt.Status, Identify(store, login) })
	type status struct{ Who whoBody }
	got, _ := get[status](t, 200, "GET", url+"/v1/status", "", "Cookie", "b=1")
	if got.Who.IdleSeconds != 29*60 || got.Who.LeftSeconds != 10*3600 {
		t.Errorf("got %+v", got.Who)
	}
	_, secret := newKey(t, store, state.Key{Name: "a", Permissions: []string{"read"}})
	if got, _ := get[status](t, 200, "GET", url+"/v1/status", "", "Authorization", "Bearer "+secret); got.Who.IdleSeconds != 0 || got.Who.LeftSeconds != 0 {
		t.Errorf("of a key: got %+v", got.Who)
	}
}
