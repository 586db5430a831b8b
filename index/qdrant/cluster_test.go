package qdrant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"biseo/index"
)

// TestCluster stores and searches on three nodes with two copies of everything
// while one of them is killed and comes back: both go on. Every search finds what
// was acknowledged before it began, also through a connection that is made as soon
// as the node is back, and when another node goes next.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute of three servers")
	}
	nodes := make([]*server, 3)
	var urls []string
	for i := range nodes {
		s := newServer(t, "QDRANT__CLUSTER__ENABLED=true")
		s.env = append(s.env, fmt.Sprint("QDRANT__CLUSTER__P2P__PORT=", s.p2p), "QDRANT__CLUSTER__CONSENSUS__TICK_PERIOD_MS=100")
		s.args = []string{"--uri", fmt.Sprint("http://127.0.0.1:", s.p2p)}
		if i > 0 {
			s.args = append(s.args, "--bootstrap", fmt.Sprint("http://127.0.0.1:", nodes[0].p2p))
		}
		s.start()
		nodes[i] = s
		urls = append(urls, fmt.Sprint("127.0.0.1:", s.grpc))
	}
	waitPeers(t, nodes[0], 3)
	opt := Options{URL: "qdrant://" + strings.Join(urls, ","), Shards: 3, Replication: 2, WriteConsistency: 1, Wait: time.Minute}
	x := mustOpen(t, opt)
	waitReplicas(t, nodes[0], x.generation(1))
	reader := mustOpen(t, Options{URL: opt.URL, ReadOnly: true})

	var stored atomic.Int64 // documents acknowledged
	ctx, stop := context.WithCancel(t.Context())
	writer, asker := make(chan error, 1), make(chan error, 1)
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			d := newDoc(fmt.Sprintf("d%04d", i))
			if err := x.Replace(t.Context(), d, newChunks(d, fmt.Sprintf("당직 근무 %d번째", i), "휴가")); err != nil {
				writer <- fmt.Errorf("document %d: %w", i, err)
				return
			}
			stored.Store(int64(i) + 1)
		}
		writer <- nil
	}()
	var answered, failed atomic.Int64
	search := func(x *Index) error { // for the document acknowledged last
		n := stored.Load()
		if n == 0 {
			return nil
		}
		hits, err := x.Search(t.Context(), index.Query{Scope: index.Scope{On: today, Docs: []string{fmt.Sprintf("d%04d", n-1)}}, Text: "당직 근무"})
		if answered.Add(1); err != nil {
			failed.Add(1)
		} else if len(hits) != 1 {
			return fmt.Errorf("document %d, acknowledged before: %d hits, want 1", n-1, len(hits))
		}
		return nil
	}
	go func() {
		for ctx.Err() == nil {
			if err := search(reader); err != nil {
				asker <- err
				return
			}
		}
		asker <- nil
	}()
	more := func(what string, n int64) {
		t.Helper()
		want := stored.Load() + n
		for end := time.Now().Add(90 * time.Second); stored.Load() < want; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %d documents of %d", what, stored.Load(), want)
			}
			select {
			case err := <-writer:
				t.Fatalf("%s: the writer ended: %v", what, err)
			default:
			}
		}
	}
	more("three nodes", 30)
	nodes[1].kill()
	more("two nodes", 30)
	nodes[1].start()
	for range 20 {
		fresh, err := Open(t.Context(), quiet, Options{URL: opt.URL, Space: x.Space(), Rules: x.opt.Rules, ReadOnly: true})
		if answered.Add(1); err != nil {
			failed.Add(1)
			continue
		}
		if err := errors.Join(search(fresh), fresh.Close()); err != nil {
			t.Fatalf("connected anew: %v", err)
		}
	}
	more("three nodes again", 30)
	waitReplicas(t, nodes[0], x.generation(1))
	nodes[2].kill()
	more("two other nodes", 30)
	stop()
	if err := <-writer; err != nil {
		t.Error(err)
	}
	if err := <-asker; err != nil {
		t.Error(err)
	}
	t.Logf("%d documents; %d searches, %d of them failed while a node went", stored.Load(), answered.Load(), failed.Load())
	if failed.Load() > answered.Load()/20 {
		t.Errorf("%d of %d searches failed", failed.Load(), answered.Load())
	}
	if err := x.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	n := int64(0)
	for d, err := range reader.Docs(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if d.ID != fmt.Sprintf("d%04d", n) {
			t.Fatalf("document %s where d%04d was acknowledged", d.ID, n)
		}
		n++
	}
	if n < stored.Load() {
		t.Errorf("%d documents, %d were acknowledged", n, stored.Load())
	}
}

// ask reads a JSON answer of a node's HTTP interface.
func ask(s *server, path string, v any) error {
	r, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", s.http, path))
	if err != nil {
		return err
	}
	defer r.Body.Close()
	return json.NewDecoder(r.Body).Decode(v)
}

func waitPeers(t *testing.T, s *server, n int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var v struct {
			Result struct{ Peers map[string]any }
		}
		if ask(s, "/cluster", &v) == nil && len(v.Result.Peers) == n {
			return
		}
	}
	t.Fatalf("the cluster does not reach %d nodes", n)
}

// waitReplicas waits until all copies are in use.
func waitReplicas(t *testing.T, s *server, collection string) {
	t.Helper()
	type shard struct{ State string }
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var v struct {
			Result struct {
				Local  []shard `json:"local_shards"`
				Remote []shard `json:"remote_shards"`
			}
		}
		if ask(s, "/collections/"+collection+"/cluster", &v) != nil {
			continue
		}
		active := 0
		for _, s := range append(v.Result.Local, v.Result.Remote...) {
			if s.State == "Active" {
				active++
			}
		}
		if active == 6 {
			return
		}
	}
	t.Fatal("the copies do not come back")
}
