package main

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/ground"
)

func testNow() time.Time { return time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC) }

func testConsole(t *testing.T) *console {
	return &console{out: t.Output(), err: t.Output(), now: testNow, lg: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

// TestRealServers asks through a real language model and a real embedding model.
// A tiny model may write anything; what is shown as verified must be checked all
// the same, and the outcome honest.
func TestRealServers(t *testing.T) {
	model, embedder := os.Getenv("BISEO_TEST_MODEL_URL"), os.Getenv("BISEO_TEST_EMBEDDER_URL")
	if model == "" || embedder == "" {
		t.Skip("needs BISEO_TEST_MODEL_URL and BISEO_TEST_EMBEDDER_URL, which .ci/run sets")
	}
	docs := t.TempDir()
	write(t, docs, "주차.md", "---\nid: rule/parking\ntitle: 주차 안내\nkind: guide\n---\n# 주차 안내\n\n공영주차장 요금은 10분에 300원입니다. 경차는 요금의 50%를 감면합니다.\n")
	write(t, docs, "도서관.md", "---\nid: rule/library\ntitle: 도서관 안내\nkind: guide\n---\n# 도서관 안내\n\n책은 한 사람이 5권까지 14일 동안 빌릴 수 있습니다.\n")
	flags := []string{"--data", filepath.Join(t.TempDir(), "data"),
		"--model-url", model, "--model-name", "gemma-3-270m",
		"--embedder-url", embedder, "--embedder-name", "multilingual-small", "--embedder-dimension", "384"}
	mustRun(t, append(flags, "ingest", "--readers", "public", docs)...)

	var found assistant.SearchResult
	if err := json.Unmarshal([]byte(mustRun(t, append(flags, "search", "--json", "대출 기간")...)), &found); err != nil {
		t.Fatal(err)
	}
	if found.Mode != assistant.Hybrid || len(found.Hits) == 0 || len(found.Warnings) > 0 {
		t.Errorf("search: mode %s, %d hits, warnings %v", found.Mode, len(found.Hits), found.Warnings)
	}

	var a assistant.Answer
	if err := json.Unmarshal([]byte(mustRun(t, append(flags, "ask", "--json", "경차는 주차 요금을 얼마나 감면받나요?")...)), &a); err != nil {
		t.Fatal(err)
	}
	if a.Model == "" || a.Prompt == "" {
		t.Errorf("model %q, prompt %q", a.Model, a.Prompt)
	}
	for _, b := range a.Blocks {
		for _, s := range b.Sentences {
			if s.Status == ground.Verified && ground.Check(s, a.Sources).Status != ground.Verified {
				t.Errorf("shown as verified: %q", s.Text)
			}
		}
	}
	t.Logf("outcome %s, warnings %v", a.Outcome, a.Warnings)
	if out := mustRun(t, append(flags, "doctor")...); strings.Contains(out, "error") {
		t.Errorf("doctor: %s", out)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
