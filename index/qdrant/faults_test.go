package qdrant

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"

	"biseo/index"
	"biseo/index/indextest"
)

var today = index.Day(2026, 6, 1)

func newDoc(id string) index.Doc {
	return index.Doc{ID: id, Work: id, Title: "규정", Kind: "rule", Agency: "가온시", Readers: []string{index.Public}, Grade: index.Open}
}

func newChunks(d index.Doc, texts ...string) (chunks []index.Chunk) {
	for i, s := range texts {
		v := make([]float32, 8)
		v[i%8] = 1
		chunks = append(chunks, index.Chunk{ID: index.ChunkID(d.ID, i), DocID: d.ID, Text: s, Dense: v})
	}
	return chunks
}

func mustOpen(t *testing.T, opt Options) *Index {
	t.Helper()
	if opt.Space == "" {
		opt.Space, opt.Rules = indextest.Space, "r1"
	}
	x, err := Open(t.Context(), quiet, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func put(t *testing.T, x index.Index, d index.Doc, texts ...string) {
	t.Helper()
	if err := x.Replace(t.Context(), d, newChunks(d, texts...)); err != nil {
		t.Fatal(err)
	}
}

func texts(t *testing.T, x index.Index, q index.Query) (found []string) {
	t.Helper()
	if q.On.IsZero() {
		q.On = today
	}
	hits, err := x.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hits {
		found = append(found, h.Chunk.Text)
	}
	return found
}

// refused fails unless err is one line that holds each of want.
func refused(t *testing.T, what string, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
		return
	}
	for _, w := range append(want, "") {
		if !strings.Contains(err.Error(), w) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %q, want one line with %q", what, err, w)
		}
	}
}

func TestAddress(t *testing.T) {
	for url, want := range map[string]string{
		"qdrant://a:1":     "[a:1] false",
		"qdrants://a":      "[a:6334] true",
		"a:2,b:3":          "[a:2 b:3] false",
		"qdrant://[::1]:7": "[[::1]:7] false",
		"http://a:6333":    "error", "": "error", "a:0": "error", "a:x": "error", "qdrant://a/b": "error", "a,": "error",
	} {
		nodes, secure, err := addresses(url)
		var all []string
		for _, n := range nodes {
			all = append(all, n.Addr)
		}
		got := fmt.Sprint(all, secure)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("addresses(%q): got %s, want %s", url, got, want)
		}
	}
}

func TestUnreachable(t *testing.T) {
	_, err := Open(t.Context(), quiet, Options{URL: fmt.Sprintf("127.0.0.1:%d", freePort(t))})
	refused(t, "Open", err, "does not answer")
	_, err = Open(t.Context(), quiet, Options{URL: "127.0.0.1:1", CAFile: filepath.Join(t.TempDir(), "none")})
	refused(t, "CA file", err, "certificate authority")
}

// TestHang searches a server that is there and does not answer.
func TestHang(t *testing.T) {
	s := newServer(t)
	s.start()
	x := mustOpen(t, Options{URL: s.url()})
	x.patience = 300 * time.Millisecond
	d := newDoc("a")
	if err := x.Replace(t.Context(), d, newChunks(d, "당직 근무")); err != nil {
		t.Fatal(err)
	}
	q := index.Query{Scope: index.Scope{On: today}, Text: "당직"}
	const stop, goOn = syscall.Signal(19), syscall.Signal(18) // of Linux
	if err := s.cmd.Process.Signal(stop); err != nil {
		t.Fatal(err)
	}
	_, err := x.Search(t.Context(), q)
	for range 20 {
		if err == nil { // it was not yet stopped
			_, err = x.Search(t.Context(), q)
		}
	}
	if !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("the server hangs: %v, want %v", err, index.ErrUnavailable)
	}
	if err := s.cmd.Process.Signal(goOn); err != nil {
		t.Fatal(err)
	}
	x.patience = readTime
	if hits, err := x.Search(t.Context(), q); err != nil || len(hits) != 1 {
		t.Errorf("afterwards: %d hits, %v", len(hits), err)
	}
	s.kill()
	if _, err := x.Search(t.Context(), q); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("the server is gone: %v, want %v", err, index.ErrUnavailable)
	}
}

// oldServer answers as a server of another version does.
type oldServer struct {
	qdrant.UnimplementedQdrantServer
	version string
}

func (s oldServer) HealthCheck(context.Context, *qdrant.HealthCheckRequest) (*qdrant.HealthCheckReply, error) {
	return &qdrant.HealthCheckReply{Title: "qdrant", Version: s.version}, nil
}

func TestVersion(t *testing.T) {
	for version, want := range map[string]string{"1.15.9": "needs 1.16", "0.11.0": "needs 1.16", "2.0.0": "needs 1.16", "": "tells no version",
		"1.16.0": "does not know the request", "1.19.2": "does not know the request"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := grpc.NewServer()
		qdrant.RegisterQdrantServer(s, oldServer{version: version})
		go s.Serve(l)
		_, err = Open(t.Context(), quiet, Options{URL: l.Addr().String()})
		refused(t, "version "+version, err, want)
		s.Stop()
	}
}

func TestKey(t *testing.T) {
	s := newServer(t, "QDRANT__SERVICE__API_KEY=secret", "QDRANT__SERVICE__READ_ONLY_API_KEY=reader")
	s.start()
	for _, key := range []string{"", "wrong"} {
		_, err := Open(t.Context(), quiet, Options{URL: s.url(), Key: key})
		refused(t, "key "+key, err, "refuses the key")
	}
	x := mustOpen(t, Options{URL: s.url(), Key: "secret"})
	put(t, x, newDoc("d"), "당직 근무")
	reader := mustOpen(t, Options{URL: s.url(), Key: "reader", ReadOnly: true})
	if got := texts(t, reader, index.Query{Text: "당직"}); len(got) != 1 {
		t.Errorf("with the key for reading: %d hits, want 1", len(got))
	}
	writer := mustOpen(t, Options{URL: s.url(), Key: "reader"})
	refused(t, "Replace with the key for reading", writer.Replace(t.Context(), newDoc("e"), nil), "refuses the key")
}

// certificate makes a key and a certificate for 127.0.0.1 that vouches for itself.
func certificate(t *testing.T) (certFile, keyFile string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

func TestTLS(t *testing.T) {
	cert, key := certificate(t)
	s := newServer(t, "QDRANT__SERVICE__ENABLE_TLS=true", "QDRANT__TLS__CERT="+cert, "QDRANT__TLS__KEY="+key, "QDRANT__SERVICE__API_KEY=secret")
	s.start()
	url := strings.Replace(s.url(), "qdrant:", "qdrants:", 1)
	x := mustOpen(t, Options{URL: url, CAFile: cert, Key: "secret"})
	put(t, x, newDoc("d"), "당직 근무")
	_, err := Open(t.Context(), quiet, Options{URL: url, Key: "secret"})
	refused(t, "unknown authority", err, "does not answer", "TLS")
	_, err = Open(t.Context(), quiet, Options{URL: s.url(), Key: "secret"})
	refused(t, "without TLS", err, "does not answer", "TLS")
}

func TestForeign(t *testing.T) {
	url := sharedURL(t)
	ctx := t.Context()
	name := collection(t, url)
	x, err := prepare(ctx, quiet, Options{URL: url, Collection: name})
	if err != nil {
		t.Fatal(err)
	}
	defer x.client.Close()
	vectors := qdrant.NewVectorsConfig(&qdrant.VectorParams{Size: 4, Distance: qdrant.Distance_Dot})
	if err := x.client.CreateCollection(ctx, &qdrant.CreateCollection{CollectionName: name, VectorsConfig: vectors}); err != nil {
		t.Fatal(err)
	}
	for _, readOnly := range []bool{false, true} {
		_, err := Open(ctx, quiet, Options{URL: url, Collection: name, ReadOnly: readOnly})
		refused(t, "a collection of that name", err, "another program")
	}
	if err := x.client.DeleteCollection(ctx, name); err != nil {
		t.Fatal(err)
	}
	// One that an alias of the name leads to.
	if err := x.client.CreateCollection(ctx, &qdrant.CreateCollection{CollectionName: x.generation(7), VectorsConfig: vectors}); err != nil {
		t.Fatal(err)
	}
	if err := x.client.CreateAlias(ctx, name, x.generation(7)); err != nil {
		t.Fatal(err)
	}
	_, err = Open(ctx, quiet, Options{URL: url, Collection: name})
	refused(t, "a collection behind the alias", err, "another program")
	_, err = Rebuild(ctx, quiet, Options{URL: url, Collection: name})
	refused(t, "Rebuild", err, "another program")
	if n, err := x.client.Count(ctx, &qdrant.CountPoints{CollectionName: x.generation(7)}); err != nil || n > 0 {
		t.Errorf("the foreign collection has %d points, %v", n, err)
	}
	_, err = Open(ctx, quiet, Options{URL: url, Collection: collection(t, url), ReadOnly: true})
	if refused(t, "none", err, "biseo ingest"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
}

// An index without an embedding space has no vectors to read back.
func TestWordsOnly(t *testing.T) {
	url := sharedURL(t)
	opt := Options{URL: url, Collection: collection(t, url), Rules: "r1"}
	x, err := Open(t.Context(), quiet, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	d := newDoc("d")
	want := newChunks(d, "당직 근무", "연가 일수")
	for i := range want {
		want[i].Dense = nil
	}
	if err := x.Replace(t.Context(), d, want); err != nil {
		t.Fatal(err)
	}
	d.Title = "복무 조례"
	if err := x.Describe(t.Context(), d); err != nil {
		t.Fatalf("Describe with another title: %v", err)
	}
	doc, got, err := x.Chunks(t.Context(), "d")
	if err != nil {
		t.Fatalf("Chunks: %v", err)
	}
	if diff := cmp.Diff(want, got); doc.Title != d.Title || diff != "" {
		t.Errorf("Chunks: title %s, (-want +got)\n%s", doc.Title, diff)
	}
	if got := texts(t, x, index.Query{Text: "복무 조례"}); len(got) != 2 {
		t.Errorf("by the new title: %q", got)
	}
}

func TestFingerprint(t *testing.T) {
	url := sharedURL(t)
	name := collection(t, url)
	x := mustOpen(t, Options{URL: url, Collection: name})
	put(t, x, newDoc("d"), "당직 근무")
	for what, opt := range map[string]Options{"space": {Space: "other/16", Rules: "r1"}, "rules": {Space: indextest.Space, Rules: "r2"}} {
		opt.URL, opt.Collection = url, name
		y := mustOpen(t, opt)
		_, err := y.Search(t.Context(), index.Query{Scope: index.Scope{On: today}, Text: "당직"})
		for call, err := range map[string]error{"Search": err, "Replace": y.Replace(t.Context(), newDoc("e"), nil), "Verify": y.Verify(t.Context())} {
			if !errors.Is(err, index.ErrFingerprint) {
				t.Errorf("%s: %s: got %v, want ErrFingerprint", what, call, err)
			}
		}
		for d, err := range y.Docs(t.Context()) {
			if err != nil || d.ID != "d" {
				t.Errorf("%s: Docs: %v %v", what, d, err)
			}
		}
		if y.Space() != indextest.Space {
			t.Errorf("%s: space %s", what, y.Space())
		}
	}
	// One whose points are of another version.
	if err := x.apply(t.Context(), x.generation(1), setPayload(qdrant.NewPointsSelector(metaID), map[string]any{"schema": "1"})); err != nil {
		t.Fatal(err)
	}
	y := mustOpen(t, Options{URL: url, Collection: name})
	if _, err := y.Search(t.Context(), index.Query{Scope: index.Scope{On: today}, Text: "당직"}); !errors.Is(err, index.ErrFingerprint) {
		t.Errorf("points of version 1: got %v, want ErrFingerprint", err)
	}
}

func TestRebuild(t *testing.T) {
	url := sharedURL(t)
	opt := Options{URL: url, Collection: collection(t, url), Space: indextest.Space, Rules: "r1"}
	live := mustOpen(t, opt)
	put(t, live, newDoc("old"), "당직 근무")
	reader := mustOpen(t, Options{URL: url, Collection: opt.Collection, ReadOnly: true})
	texts(t, reader, index.Query{Text: "당직"})
	given, err := Rebuild(t.Context(), quiet, opt)
	if err != nil {
		t.Fatal(err)
	}
	put(t, given, newDoc("never"), "당직 근무")
	if err := given.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := Rebuild(t.Context(), quiet, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	put(t, b, newDoc("new"), "당직 근무 명령", "당직 근무 수칙")
	for _, x := range []index.Index{live, reader} {
		if got := texts(t, x, index.Query{Text: "당직"}); !slices.Equal(got, []string{"당직 근무"}) {
			t.Errorf("before Commit: %q", got)
		}
	}
	if err := live.writer.x.Close(); err != nil { // gives up the right to write, so that the old one goes at once
		t.Fatal(err)
	}
	if err := b.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, reader, index.Query{Text: "당직"}); len(got) != 2 {
		t.Errorf("after Commit: %q", got)
	}
	found, err := b.generations(t.Context())
	if err != nil || len(found) != 1 {
		t.Errorf("collections after Commit: %v, %v", found, err)
	}
	put(t, mustOpen(t, opt), newDoc("later"), "당직 근무 일지")
	if got := texts(t, reader, index.Query{Text: "당직"}); len(got) != 3 {
		t.Errorf("after another: %q", got)
	}
}

// Two Builders at once fill collections of their own, and neither deletes what the
// other one commits.
func TestTwoBuilders(t *testing.T) {
	url := sharedURL(t)
	opt := Options{URL: url, Collection: collection(t, url), Space: indextest.Space, Rules: "r1"}
	first := mustOpen(t, opt)
	put(t, first, newDoc("old"), "당직 근무")
	first.Close() // or its right to write would keep its collection for some seconds
	begin := func() *Builder {
		b, err := Rebuild(t.Context(), quiet, opt)
		if err != nil {
			t.Error(err)
		}
		return b
	}
	var one, other *Builder
	var begun sync.WaitGroup
	begun.Go(func() { one = begin() })
	begun.Go(func() { other = begin() })
	begun.Wait()
	late := begin() // when the others have written nothing yet
	if t.Failed() {
		return
	}
	if names := []string{one.name, other.name, late.name}; len(slices.Compact(slices.Sorted(slices.Values(names)))) != 3 {
		t.Errorf("collections %q are filled by several", names)
	}
	reader := mustOpen(t, Options{URL: url, Collection: opt.Collection, ReadOnly: true})
	holds := func(when, want string) {
		t.Helper()
		if got := texts(t, reader, index.Query{Text: "당직"}); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", when, got, want)
		}
		if err := reader.Verify(t.Context()); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	for b, text := range map[*Builder]string{one: "당직 하나", other: "당직 두울", late: "당직 세엣"} {
		put(t, b, newDoc("new"), text)
	}
	if err := errors.Join(one.Commit(t.Context()), other.Close()); err != nil {
		t.Error(err)
	}
	holds("one is committed, the other closed", "당직 하나")
	if err := late.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	one.removeUnused(t.Context()) // a Commit that ends after the one that began later
	late.committed = false        // a Commit that failed, though the server did it
	if err := errors.Join(late.Close(), one.Close()); err != nil {
		t.Error(err)
	}
	holds("the last is committed, all are closed", "당직 세엣")
	if found, err := reader.generations(t.Context()); err != nil || len(found) != 1 {
		t.Errorf("collections at the end: %v, %v", found, err)
	}
}

// TestChecks takes away one of the two checks of rights at a time: the other one
// must hold.
func TestChecks(t *testing.T) {
	url := sharedURL(t)
	x := mustOpen(t, Options{URL: url, Collection: collection(t, url)})
	hidden := map[string]func(*index.Doc){
		"readers": func(d *index.Doc) { d.Readers = []string{"감사"} },
		"grade":   func(d *index.Doc) { d.Grade = index.Sensitive },
		"from":    func(d *index.Doc) { d.From = today.AddDate(0, 0, 1) },
		"until":   func(d *index.Doc) { d.Until = today },
		"kind":    func(d *index.Doc) { d.Kind = "plan" },
		"agency":  func(d *index.Doc) { d.Agency = "나래군" },
	}
	for id, hide := range hidden {
		for n := range 30 {
			d := newDoc(fmt.Sprint(id, n))
			hide(&d)
			put(t, x, d, "비상 연락망 비상 연락망")
		}
	}
	for n := range 3 {
		put(t, x, newDoc(fmt.Sprint("seen", n)), "비상 연락망")
	}
	d := newDoc("parts")
	c := newChunks(d, "비상 연락망 부칙")
	c[0].From = today.AddDate(0, 0, 1)
	if err := x.Replace(t.Context(), d, c); err != nil {
		t.Fatal(err)
	}
	q := index.Query{Scope: index.Scope{On: today, Kinds: []string{"rule"}, Agencies: []string{"가온시"}}, Text: "비상 연락망"}
	for _, test := range []struct {
		name                  string
		unfiltered, unchecked bool
		leaks                 bool
	}{{"both", false, false, false}, {"without the engine's", true, false, false}, {"without the document's", false, true, false}, {"without either", true, true, true}} {
		x.unfiltered, x.unchecked = test.unfiltered, test.unchecked
		for _, dense := range [][]float32{nil, newChunks(d, "")[0].Dense} {
			q.Dense = dense
			hits, err := x.Search(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			leaks := slices.ContainsFunc(hits, func(h index.Hit) bool { return !strings.HasPrefix(h.Doc.ID, "seen") })
			if leaks != test.leaks || !test.leaks && len(hits) != 3 {
				t.Errorf("%s: %d hits, leaks %v, want 3 and %v", test.name, len(hits), leaks, test.leaks)
			}
		}
	}
}

// TestSideChannel stores hidden documents that hold a term: what is seen keeps its
// places and scores.
func TestSideChannel(t *testing.T) {
	url := sharedURL(t)
	x := mustOpen(t, Options{URL: url, Collection: collection(t, url)})
	put(t, x, newDoc("a"), "감사 결과 처분")
	put(t, x, newDoc("b"), "결과 보고")
	ask := func() (s string) {
		hits, err := x.Search(t.Context(), index.Query{Scope: index.Scope{On: today}, Text: "감사 결과"})
		for _, h := range hits {
			s += fmt.Sprintln(h.Doc.ID, h.Score, h.Words)
		}
		return s + fmt.Sprint(err)
	}
	before := ask()
	for n := range 30 {
		d := newDoc(fmt.Sprint("hidden", n))
		d.Readers = nil
		put(t, x, d, "감사 감사")
	}
	if after := ask(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestTwoWriters(t *testing.T) {
	url := sharedURL(t)
	opt := Options{URL: url, Collection: collection(t, url), Wait: 300 * time.Millisecond}
	one, other := mustOpen(t, opt), mustOpen(t, opt)
	put(t, one, newDoc("a"), "하나")
	refused(t, "second writer", other.Replace(t.Context(), newDoc("b"), nil), "another process is writing")
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, other, newDoc("b"), "두울")
	if err := other.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// A writer that stands still for longer than its lease finds out that another one has
// written meanwhile: before it writes, it begins anew; afterwards, it says so.
func TestPausedWriter(t *testing.T) {
	url := sharedURL(t)
	opt := Options{URL: url, Collection: collection(t, url)}
	one := mustOpen(t, opt)
	one.writer.term = 300 * time.Millisecond
	put(t, one, newDoc("a"), "당직 하나")
	pauses := 0
	pause := func() {
		if pauses++; pauses > 1 {
			return
		}
		time.Sleep(400 * time.Millisecond)
		other := mustOpen(t, opt)
		put(t, other, newDoc("b"), "당직 두울", "당직 세엣")
		other.Close()
	}
	p, err := one.parcel(newDoc("c"), newChunks(newDoc("c"), "당직 네엣"))
	if err != nil {
		t.Fatal(err)
	}
	if err := one.update(t.Context(), func(ctx context.Context, w *writer) error {
		pause()
		return w.put(ctx, p)
	}); err != nil {
		t.Errorf("paused before it writes: %v", err)
	}
	if pauses != 2 {
		t.Errorf("the change was made %d times, want 2", pauses)
	}
	if err := one.Verify(t.Context()); err != nil {
		t.Errorf("paused before it writes: %v", err)
	}
	pauses = 0
	one.writer.stop = func(*qdrant.PointsUpdateOperation) bool { pause(); return false }
	err = one.Replace(t.Context(), newDoc("d"), newChunks(newDoc("d"), "당직 다섯"))
	refused(t, "paused while it writes", err, "by another process", "biseo doctor")
}

// TestCrash leaves a change half done at each of its steps: nobody sees it, and the
// next writer cleans up.
func TestCrash(t *testing.T) {
	url := sharedURL(t)
	opt := Options{URL: url, Collection: collection(t, url)}
	for name, stop := range map[string]func(o *qdrant.PointsUpdateOperation) bool{
		"before the chunks": func(o *qdrant.PointsUpdateOperation) bool {
			return o.GetUpsert().GetPoints()[0].GetPayload()["type"].GetStringValue() == ""
		},
		"before the document": func(o *qdrant.PointsUpdateOperation) bool {
			return o.GetUpsert().GetPoints()[0].GetPayload()["type"].GetStringValue() == "document"
		},
		"before the deletion": func(o *qdrant.PointsUpdateOperation) bool { return o.GetDeletePoints() != nil },
	} {
		x := mustOpen(t, opt)
		x.writer.term = 500 * time.Millisecond // it is not given up
		put(t, x, newDoc("d"), "옛날 조문", "옛날 조문 둘")
		x.writer.stop = func(o *qdrant.PointsUpdateOperation) bool {
			return (o.GetUpsert() != nil || o.GetDeletePoints() != nil) && (o.GetUpsert() == nil) == (name == "before the deletion") && stop(o)
		}
		err := x.Replace(t.Context(), newDoc("d"), newChunks(newDoc("d"), "바뀐 조문"))
		if !errors.Is(err, errStopped) {
			t.Fatalf("%s: %v", name, err)
		}
		x.writer.stop = nil
		x.Close()
		want := []string{"옛날 조문", "옛날 조문 둘"}
		if name == "before the deletion" {
			want = []string{"바뀐 조문"}
		}
		reader := mustOpen(t, Options{URL: url, Collection: opt.Collection, ReadOnly: true})
		got := texts(t, reader, index.Query{Text: "조문"})
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: reader sees %q, want %q", name, got, want)
		}
		next := mustOpen(t, opt)
		put(t, next, newDoc("other"), "다른 글")
		if err := next.Verify(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		next.Close()
	}
}

// TestFold stores the frequencies anew after every few changes: they must be those
// that a fresh reader adds up, and a reader that missed changes must notice.
func TestFold(t *testing.T) {
	url := sharedURL(t)
	opt := Options{URL: url, Collection: collection(t, url)}
	x := mustOpen(t, opt)
	x.writer.room = 200
	late := mustOpen(t, Options{URL: url, Collection: opt.Collection, ReadOnly: true})
	for i := range 40 {
		put(t, x, newDoc(fmt.Sprint("d", i%7)), fmt.Sprintf("제%d조 당직 근무", i), fmt.Sprintf("%d번째 휴가", i))
		if i%9 == 0 {
			texts(t, late, index.Query{Text: "당직"})
		}
	}
	if n, err := x.client.Count(t.Context(), &qdrant.CountPoints{CollectionName: x.name, Filter: &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewMatchKeyword("type", "change")}}}); err != nil || n > 20 {
		t.Errorf("%d changes are kept, %v", n, err)
	}
	texts(t, late, index.Query{Text: "당직"})
	fresh := mustOpen(t, Options{URL: url, Collection: opt.Collection, ReadOnly: true})
	if err := fresh.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := fresh.freq.tally
	for name, y := range map[string]*Index{"writer": x, "late reader": late} {
		if got := y.freq.tally; got.all != want.all || fmt.Sprint(got.df) != fmt.Sprint(want.df) {
			t.Errorf("%s: %v and %d terms, want %v and %d", name, got.all, len(got.df), want.all, len(want.df))
		}
	}
}

// TestKill kills the server while documents are stored: those that were
// acknowledged are there, whole, after it has started again.
func TestKill(t *testing.T) {
	s := newServer(t)
	s.start()
	x := mustOpen(t, Options{URL: s.url(), Wait: time.Second})
	acknowledged := map[string]int{}
	for i := range 200 {
		if i == 100 {
			go func() {
				time.Sleep(30 * time.Millisecond)
				s.cmd.Process.Kill()
			}()
		}
		d := newDoc(fmt.Sprintf("d%03d", i%150))
		d.Gist = fmt.Sprint(i)
		var all []string
		for j := range 1 + i%5 {
			all = append(all, fmt.Sprintf("당직 %d %d", i, j))
		}
		if err := x.Replace(t.Context(), d, newChunks(d, all...)); err != nil {
			refused(t, "Replace", err, "does not answer")
			break
		}
		acknowledged[d.ID] = i
	}
	if len(acknowledged) < 100 || len(acknowledged) == 150 {
		t.Fatalf("%d documents before the server was killed", len(acknowledged))
	}
	s.kill()
	s.start()
	time.Sleep(leaseTerm)
	next := mustOpen(t, Options{URL: s.url()})
	put(t, next, newDoc("next"), "다시 시작")
	if err := next.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	stored := map[string]string{}
	for d, err := range next.Docs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		stored[d.ID] = d.Gist
	}
	for id, i := range acknowledged {
		if stored[id] != fmt.Sprint(i) {
			t.Errorf("document %s: version %q, acknowledged %d", id, stored[id], i)
		}
		hits, err := next.Passage(t.Context(), index.Scope{On: today}, index.ChunkID(id, 0), 10)
		if err != nil || len(hits) != 1+i%5 {
			t.Errorf("document %s: %d chunks of %d, %v", id, len(hits), 1+i%5, err)
		}
	}
}
