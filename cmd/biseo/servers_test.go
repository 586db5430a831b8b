package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/export"
	"biseo/assistant/ground"
	"biseo/index"
)

func testNow() time.Time { return time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC) }

func testConsole(t *testing.T) *console {
	return &console{out: t.Output(), err: t.Output(), now: testNow, lg: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

// taskWait is the deadline of one task of a model that may be slow beyond use. Each
// ends before it, then with extracts.
const taskWait = 30 * time.Second

// TestRealServers does all tasks through a real language model and a real embedding
// model, from the command line and streamed. A tiny model may write anything; what
// is shown as verified must be checked all the same, and the outcome honest. Each
// draft is written in every format and read back.
func TestRealServers(t *testing.T) {
	model, embedder := os.Getenv("BISEO_TEST_MODEL_URL"), os.Getenv("BISEO_TEST_EMBEDDER_URL")
	if model == "" || embedder == "" {
		t.Skip("needs BISEO_TEST_MODEL_URL and BISEO_TEST_EMBEDDER_URL, which .ci/run sets")
	}
	docs, out := t.TempDir(), t.TempDir()
	write(t, docs, "주차.md", "---\nid: rule/parking\ntitle: 주차 안내\nkind: guide\n---\n# 주차 안내\n\n공영주차장 요금은 10분에 300원입니다. 경차는 요금의 50%를 감면합니다.\n")
	write(t, docs, "도서관.md", "---\nid: rule/library\ntitle: 도서관 안내\nkind: guide\n---\n# 도서관 안내\n\n책은 한 사람이 5권까지 14일 동안 빌릴 수 있습니다.\n")
	write(t, out, "민원.txt", "저는 홍길동(010-1234-5678)입니다. 경차는 공영주차장 요금을 얼마나 감면받나요?\n")
	data := filepath.Join(t.TempDir(), "data")
	flags := []string{"--data", data, "--model-url", model, "--model-name", "gemma-3-270m", "--model-parallel", "1", "--model-timeout", "30s",
		"--embedder-url", embedder, "--embedder-name", "multilingual-small", "--embedder-dimension", "384"}
	mustRun(t, append(flags, "ingest", "--readers", "public", docs)...)
	if out := mustRun(t, append(flags, "doctor")...); strings.Contains(out, "error") || !strings.Contains(out, "gemma-3-270m") {
		t.Errorf("doctor: %s", out)
	}

	var found assistant.SearchResult
	if err := json.Unmarshal([]byte(mustRun(t, append(flags, "search", "--json", "대출 기간")...)), &found); err != nil {
		t.Fatal(err)
	}
	if found.Mode != assistant.Hybrid || len(found.Hits) == 0 || len(found.Warnings) > 0 {
		t.Errorf("search: mode %s, %d hits, warnings %v", found.Mode, len(found.Hits), found.Warnings)
	}

	complaint := filepath.Join(out, "민원.txt")
	for _, command := range [][]string{
		{"ask", "--json", "경차는 주차 요금을 얼마나 감면받나요?"},
		{"summarize", "--json", "--length", "line", "--out", filepath.Join(out, "요약.hwpx"), "rule/parking"},
		{"report", "--json", "--template", "회의결과", "--out", filepath.Join(out, "보고.docx"), "공영주차장 요금"},
		{"reply", "--json", "--received", "2026-11-20 10:00", "--out", filepath.Join(out, "답변.md"), complaint},
	} {
		t.Run("biseo "+command[0], func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), taskWait)
			defer cancel()
			began := time.Now()
			var stdout, stderr bytes.Buffer
			if code := run(ctx, slices.Concat(flags, command), &stdout, &stderr); code != exitDone {
				t.Fatalf("exit %d: %s", code, stderr.String())
			}
			var a assistant.Answer
			if err := json.Unmarshal(stdout.Bytes(), &a); err != nil {
				t.Fatal(err)
			}
			t.Logf("%s in %.1f s, %d blocks, warnings %v", a.Outcome, time.Since(began).Seconds(), len(a.Blocks), a.Warnings)
			honest(t, &a)
			if i := slices.Index(command, "--out"); i > 0 {
				readBack(t, command[i+1], &a)
			}
		})
	}

	s := &settings{Data: data}
	s.Model = modelSettings{URL: model, Name: "gemma-3-270m", Grade: "open", Context: 4096, MaxTokens: 1024, Parallel: 1, Timeout: 30 * time.Second, Idle: 20 * time.Second}
	s.Embedder = embedderSettings{URL: embedder, Name: "multilingual-small", Dimension: 384}
	a, x, err := s.assistant(t.Context(), testConsole(t))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	who, on := assistant.Principal{}, index.Today(testNow())
	for task, do := range map[string]func(context.Context, func(assistant.Event) error) (*assistant.Answer, error){
		"answer": func(ctx context.Context, emit func(assistant.Event) error) (*assistant.Answer, error) {
			return a.Answer(ctx, who, assistant.AnswerRequest{Question: "책은 며칠 동안 빌릴 수 있나요?", On: on}, emit)
		},
		"summary": func(ctx context.Context, emit func(assistant.Event) error) (*assistant.Answer, error) {
			return a.Summarize(ctx, who, assistant.SummaryRequest{Docs: []string{"rule/library"}, On: on}, emit)
		},
		"report": func(ctx context.Context, emit func(assistant.Event) error) (*assistant.Answer, error) {
			return a.DraftReport(ctx, who, assistant.ReportRequest{Topic: "도서관 책 대출", Template: "회의결과", On: on}, emit)
		},
		"reply": func(ctx context.Context, emit func(assistant.Event) error) (*assistant.Answer, error) {
			return a.DraftReply(ctx, who, assistant.ReplyRequest{Text: "책은 며칠 동안 빌릴 수 있나요?", Received: testNow()}, emit)
		},
	} {
		t.Run(task, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), taskWait)
			defer cancel()
			began := time.Now()
			var told []string
			ans, err := do(ctx, func(e assistant.Event) error {
				if e.Sentence != nil {
					told = append(told, e.Sentence.Text)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s in %.1f s, %d sentences told, warnings %v", ans.Outcome, time.Since(began).Seconds(), len(told), ans.Warnings)
			honest(t, ans)
			for _, b := range ans.Blocks {
				for _, sentence := range b.Sentences {
					if b.Kind != "heading" && !slices.Contains(told, sentence.Text) {
						t.Errorf("%q was not told", sentence.Text)
					}
				}
			}
			for _, format := range export.Formats() {
				var b bytes.Buffer
				if err := export.Write(&b, format, ans, export.Options{}); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "초안."+format)
				if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
				readBack(t, file, ans)
			}
		})
	}
}

// honest checks an answer of which nothing but its honesty is expected.
func honest(t *testing.T, a *assistant.Answer) {
	t.Helper()
	if a.Model == "" || a.Prompt == "" {
		t.Errorf("model %q, prompt %q", a.Model, a.Prompt)
	}
	facts := 0
	for _, b := range a.Blocks {
		for _, s := range b.Sentences {
			switch {
			case s.Status == ground.Verified && ground.Check(s, a.Sources).Status != ground.Verified:
				t.Errorf("shown as verified: %q", s.Text)
			case s.Status == ground.Unverified && !strings.Contains(s.Text, assistant.Unsure):
				t.Errorf("unverified and not marked: %q", s.Text)
			case s.Status == ground.Verified:
				facts++
			}
		}
		facts += len(b.Rows)
	}
	switch a.Outcome {
	case assistant.Answered, assistant.Partial, assistant.Extractive:
		if facts == 0 || a.Outcome != assistant.Answered && len(a.Warnings) == 0 {
			t.Errorf("outcome %s with %d facts, warnings %v", a.Outcome, facts, a.Warnings)
		}
	case assistant.NoSource:
	default:
		t.Errorf("outcome %q", a.Outcome)
	}
}

// readBack reads a draft as any document is read: its label and all that it says
// stand in it.
func readBack(t *testing.T, file string, a *assistant.Answer) {
	t.Helper()
	d, err := (&settings{}).readFile(t.Context(), file)
	if err != nil {
		t.Error(err)
		return
	}
	text := ground.Squeeze(d.Text)
	if !strings.Contains(text, ground.Squeeze(assistant.Label)) {
		t.Errorf("%s: no label in\n%s", filepath.Base(file), d.Text)
	}
	for _, b := range a.Blocks {
		for _, s := range b.Sentences {
			if !strings.Contains(text, ground.Squeeze(s.Text)) {
				t.Errorf("%s: %q is not in\n%s", filepath.Base(file), s.Text, d.Text)
			}
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
