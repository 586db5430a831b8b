package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A data folder has one service. A second one says so and touches nothing; commands
// that read, and ingest, work beside it; after its end another may begin.
func TestOneService(t *testing.T) {
	in := install(t, "")
	documents := filepath.Join(in.dir, "documents")
	in.run("ingest", documents)
	first := in.serve(in.command(context.WithoutCancel(t.Context()), "serve"))
	onTheWay := filepath.Join(in.dir, "data", "spool", "biseo-upload-1")
	if err := os.MkdirAll(onTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve"}, {"restore", "--force", "missing.tar.gz"}} {
		out, err := in.command(t.Context(), args...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || strings.Count(string(out), "\n") != 1 || !strings.Contains(string(out), "biseo serve가 이미") {
			t.Errorf("%q beside a service: got %v\n%s", args, err, out)
		}
	}
	if _, err := os.Stat(onTheWay); err != nil {
		t.Errorf("the second service has removed files of the first: %v", err)
	}
	in.run("search", "주차 요금")
	in.run("ingest", "status")
	in.run("ingest", documents)
	in.run("key", "list")
	in.run("audit", "verify")
	in.run("backup", filepath.Join(in.dir, "backup.tar.gz"))
	if status, body := first.ask("POST", "/v1/search", "", `{"query":"주차 요금"}`); status != 200 {
		t.Errorf("the first service: got %d %s", status, body)
	}
	first.stop()
	in.serve(in.command(context.WithoutCancel(t.Context()), "serve")).stop()
}

// An address that another program listens on is named with its flag, in Korean.
func TestTakenAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, flag := range []string{"--addr", "--metrics-addr"} {
		args := []string{"--data", t.TempDir(), "serve", "--addr", "127.0.0.1:0", flag, taken.Addr().String()}
		want := "biseo: " + flag + " " + taken.Addr().String() + "을(를) 열지 못했으니"
		if code, _, stderr := biseo(t, args...); code != exitFailed || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s", flag, code, stderr)
		}
	}
}

// A key that is made while the service runs counts with the next request, also where
// the service was for one person until then; both sides say so.
func TestFirstKey(t *testing.T) {
	in := install(t, "")
	in.run("ingest", filepath.Join(in.dir, "documents"))
	service := in.serve(in.command(context.WithoutCancel(t.Context()), "serve"))
	const question = `{"query":"주차 요금"}`
	if status, _ := service.ask("POST", "/v1/search", "", question); status != 200 {
		t.Errorf("before there is a key: got %d", status)
	}
	var key, said bytes.Buffer
	create := in.command(t.Context(), "key", "create", "--name", "하나")
	create.Stdout, create.Stderr = &key, &said
	if err := create.Run(); err != nil || !strings.Contains(said.String(), "첫 키이니") {
		t.Fatalf("%v: %s", err, said.String())
	}
	if status, body := service.ask("POST", "/v1/search", "", question); status != 401 {
		t.Errorf("without the key: got %d %s", status, body)
	}
	if status, body := service.ask("POST", "/v1/search", strings.TrimSpace(key.String()), question); status != 200 {
		t.Errorf("with the key: got %d %s", status, body)
	}
}

// A new installation begins without a document, and takes its first one by upload.
func TestFirstDocument(t *testing.T) {
	in := install(t, "")
	service := in.serve(in.command(context.WithoutCancel(t.Context()), "serve"))
	if status, body := service.ask("GET", "/v1/status", "", ""); status != 200 || !strings.Contains(body, `"documents":0`) {
		t.Errorf("status: got %d %s", status, body)
	}
	if status, body := service.ask("GET", "/v1/documents", "", ""); status != 200 || !strings.Contains(body, `"documents":[]`) {
		t.Errorf("documents: got %d %s", status, body)
	}
	const question = `{"query":"주차 요금"}`
	if status, body := service.ask("POST", "/v1/search", "", question); status != 200 || !strings.Contains(body, `"hits":[]`) {
		t.Errorf("search: got %d %s", status, body)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	err := w.WriteField("request", `{"readers":["public"],"grade":"open","kind":"guide"}`)
	file, fileErr := w.CreateFormFile("files", "안내.md")
	_, writeErr := io.WriteString(file, "# 주차 안내\n\n공영주차장 요금은 10분에 300원입니다.\n")
	if err := errors.Join(err, fileErr, writeErr, w.Close()); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(service.url+"/v1/documents", w.FormDataContentType(), &form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("upload: got %d", resp.StatusCode)
	}
	var job string
	for end := time.Now().Add(30 * time.Second); !strings.Contains(job, `"done"`) && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		_, job = service.ask("GET", resp.Header.Get("Location"), "", "")
	}
	if status, body := service.ask("POST", "/v1/search", "", question); status != 200 || !strings.Contains(body, "300원") {
		t.Errorf("search after %s: got %d %s", job, status, body)
	}
}

// Where not even an empty index can be begun, the service says that, and not that
// nothing was ingested yet.
func TestBeginIndex(t *testing.T) {
	s := &settings{Data: t.TempDir()}
	if err := os.Symlink("nowhere", s.indexDir()); err != nil { // there is nothing, and nothing can be put there
		t.Skip(err)
	}
	err := s.beginIndex(t.Context(), &console{lg: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "빈 색인을 만들지 못했으니") {
		t.Errorf("got %v", err)
	}
}
