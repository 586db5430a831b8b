// Package examples holds clients of the service in several languages. Its tests run
// them against the real program over the sample agency.
package examples

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const question = "다자녀 가정은 공영주차장 요금을 얼마나 감면받나요?"

var complaint = filepath.Join("..", "sample", "complaint.txt")

// demo is the program with the sample agency, started once for all tests.
var demo struct {
	sync.Once
	url  string
	dir  string
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if demo.stop != nil {
		demo.stop()
	}
	if demo.dir != "" {
		_ = os.RemoveAll(demo.dir)
	}
	os.Exit(code)
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

func service(t *testing.T) string {
	t.Helper()
	demo.Do(func() {
		if demo.dir, demo.err = os.MkdirTemp("", "biseo-examples-*"); demo.err != nil {
			return
		}
		program := filepath.Join(demo.dir, "biseo")
		var out bytes.Buffer
		build := exec.Command("go", "build", "-o", program, "../../cmd/biseo")
		build.Stdout, build.Stderr = &out, &out
		if demo.err = build.Run(); demo.err != nil {
			t.Log(out.String())
			return
		}
		ctx, cancel := context.WithCancel(context.Background())
		cmd := exec.CommandContext(ctx, program, "--data", filepath.Join(demo.dir, "data"), "demo", "--addr", "127.0.0.1:0")
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 20 * time.Second
		stdout, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			cancel()
			demo.err = err
			return
		}
		lines := bufio.NewScanner(stdout)
		for demo.url == "" && lines.Scan() {
			demo.url = address.FindString(lines.Text())
		}
		if demo.url == "" {
			demo.err = io.ErrUnexpectedEOF
		}
		go io.Copy(io.Discard, stdout)
		demo.stop = func() { cancel(); _ = cmd.Wait() }
	})
	if demo.err != nil {
		t.Fatal(demo.err)
	}
	return demo.url
}

// run starts a program with the address of the service, and without the rest of
// this process's settings for it.
func run(t *testing.T, want int, name string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "BISEO_URL="+service(t), "BISEO_KEY=example", "PYTHONIOENCODING=utf-8", "LC_ALL=C.UTF-8", "JAVA_TOOL_OPTIONS=-XX:+UseSerialGC -XX:TieredStopAtLevel=1")
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	_ = cmd.Run() // the exit code tells
	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Fatalf("%s %v: exit %d, want %d\n%s%s", name, args, got, want, out.String(), err.String())
	}
	return out.String(), err.String()
}

func needs(t *testing.T, program, install string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("needs %s: apt-get install %s", program, install)
	}
}

// draftIn reads a file that an example has saved: a DOCX or HWPX is a ZIP.
func draftIn(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".md") && !strings.Contains(string(b), "AI 초안") || !strings.HasSuffix(file, ".md") && (!bytes.HasPrefix(b, []byte("PK")) || len(b) < 1000) {
		t.Errorf("%s: %d bytes, %.100q", filepath.Base(file), len(b), b)
	}
}

func TestCurl(t *testing.T) {
	needs(t, "curl", "curl")
	out := filepath.Join(t.TempDir(), "답변.md")
	got, _ := run(t, 0, "sh", filepath.Join("curl", "biseo.sh"), question, complaint, out)
	for _, want := range []string{`"hits":[{"rank":1`, `"status":"verified"`, "다자녀", out} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	draftIn(t, out)
	if _, got := run(t, 1, "sh", filepath.Join("curl", "biseo.sh"), `"\`, complaint, out); !strings.Contains(got, `"code":"invalid_request"`) {
		t.Errorf("a refused request: %s", got)
	}
}

// clients tests the Java and Python clients, which do the same.
func clients(t *testing.T, name string, args ...string) {
	t.Helper()
	do := func(want int, more ...string) (string, string) {
		t.Helper()
		return run(t, want, name, append(args[:len(args):len(args)], more...)...)
	}
	if got, _ := do(0, "search", "공영주차장", "요금", "감면"); !strings.HasPrefix(got, "1. 「") {
		t.Errorf("search: %s", got)
	}
	got, _ := do(0, "ask", question)
	if !strings.Contains(got, "50%") || !strings.Contains(got, " [1]\n") || !strings.Contains(got, "\n[1] 「") || !strings.Contains(got, "extractive, ") {
		t.Errorf("ask: %s", got)
	}
	out := filepath.Join(t.TempDir(), "답변.docx")
	if got, _ := do(0, "reply", complaint, out); !strings.Contains(got, "처리기한 20") || !strings.Contains(got, "\n[") {
		t.Errorf("reply: %s", got)
	}
	draftIn(t, out)
	if _, got := do(1, "ask", "?!"); !strings.Contains(got, "invalid_request") || !strings.Contains(got, "question: ") {
		t.Errorf("a refused request: %s", got)
	}
	do(2)
}

func TestPython(t *testing.T) {
	needs(t, "python3", "python3")
	clients(t, "python3", filepath.Join("python", "biseo.py"))
}

func TestJava(t *testing.T) {
	needs(t, "java", "default-jdk-headless")
	needs(t, "javac", "default-jdk-headless")
	dir := t.TempDir()
	run(t, 0, "javac", "-encoding", "UTF-8", "-d", dir, filepath.Join("java", "Biseo.java"))
	clients(t, "java", "-cp", dir, "Biseo")
	if got, _ := run(t, 0, "java", filepath.Join("java", "Biseo.java"), "search", "주차요금"); !strings.HasPrefix(got, "1. ") {
		t.Errorf("from its source: %s", got)
	}
}

// TestOpenWebUI does what Open WebUI does with its settings: it lists the models and
// takes the sources out of the stream.
func TestOpenWebUI(t *testing.T) {
	settings := map[string]string{}
	b, err := os.ReadFile(filepath.Join("open-webui", "openwebui.env"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") {
			settings[name] = value
		}
	}
	base := strings.Replace(settings["OPENAI_API_BASE_URLS"], "http://biseo:8080", service(t), 1)
	send := func(method, path, body string) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+settings["OPENAI_API_KEYS"])
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: %d %s, %v", path, resp.StatusCode, b, err)
		}
		return string(b)
	}
	if got := send("GET", "/models", ""); strings.Count(got, `"id":"biseo-`) != 4 {
		t.Errorf("models: %s", got)
	}
	var text string
	var sources []string
	for line := range strings.Lines(send("POST", "/chat/completions", `{"model":"biseo-ask","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"`+question+`"}]}`)) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data:")
		var chunk struct {
			Choices []struct{ Delta struct{ Content string } }
			Sources any // would replace the sources of the events
			Event   struct {
				Type string
				Data struct {
					Document []string
					Metadata []struct{ Source, Name string }
				}
			}
		}
		if !ok || strings.TrimSpace(data) == "[DONE]" {
			continue
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil || chunk.Sources != nil {
			t.Fatalf("%v in %s", err, data)
		}
		for _, c := range chunk.Choices {
			text += c.Delta.Content
		}
		if chunk.Event.Type == "source" {
			sources = append(sources, chunk.Event.Data.Metadata[0].Name)
		}
	}
	if !strings.Contains(text, "50%") || !strings.Contains(text, "[1]") || len(sources) == 0 || !strings.Contains(text, "- [1] "+sources[0]) {
		t.Errorf("got %s with sources %q", text, sources)
	}
}
