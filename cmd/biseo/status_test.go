package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant"
	"biseo/assistant/web"
	"biseo/index"
)

// What one may not read is not counted either, nor are its kinds told.
func TestStatusCountsWhatOneMayRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"공개/biseo-folder.yaml": "readers: [public]\ngrade: open\nkind: guide\n",
		"공개/안내.md":             "---\nfrom: 2020-01-01\nuntil: 2021-01-01\n---\n안내입니다.\n",
		"감사/biseo-folder.yaml": "readers: [audit]\ngrade: sensitive\nkind: plan\n",
		"감사/계획.md":             "계획입니다.\n",
	} {
		path := filepath.Join(dir, "docs", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &settings{Data: filepath.Join(dir, "data")}
	mustRun(t, "--data", s.Data, "ingest", filepath.Join(dir, "docs"))
	_, x, err := s.assistant(t.Context(), &console{lg: slog.New(slog.DiscardHandler), now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for _, tt := range []struct {
		who  assistant.Principal
		want web.Status
	}{
		{assistant.Principal{}, web.Status{Documents: 1, Kinds: []string{"guide"}}},
		{assistant.Principal{Groups: []string{"audit"}}, web.Status{Documents: 1, Kinds: []string{"guide"}}},
		{assistant.Principal{Groups: []string{"audit"}, Grade: index.Sensitive}, web.Status{Documents: 2, Kinds: []string{"guide", "plan"}}},
	} {
		got, err := s.status(t.Context(), x, tt.who)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.who, diff)
		}
	}
}
