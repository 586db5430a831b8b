package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 9, 0, 0, 123456789, time.UTC)} }

func mustOpen(t testing.TB, path string, o Options) *Store {
	t.Helper()
	s, err := Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func newStore(t testing.TB) (*Store, *clock) {
	c := newClock()
	return mustOpen(t, filepath.Join(t.TempDir(), "state.db"), Options{Now: c.Now}), c
}

// must returns the value of a call that has to succeed.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestKeys(t *testing.T) {
	s, c := newStore(t)
	ctx := t.Context()
	k, secret, err := s.CreateKey(ctx, Key{Name: "문서 시스템", Permissions: []string{"read", "ask"}, Groups: []string{"staff"},
		Grade: "open", Trusted: true, PerMinute: 600, UserPerMinute: 20, Expires: c.Now().Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if len(secret) != 65 || !strings.HasPrefix(secret, "biseo_") {
		t.Errorf("secret %q", secret)
	}
	got := must(s.FindKey(ctx, secret))(t)
	k.Used = s.now()
	if diff := cmp.Diff(k, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Key{k}, must(s.Keys(ctx))(t)); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	c.add(59 * time.Second)
	if got := must(s.FindKey(ctx, secret))(t); !got.Used.Equal(k.Used) {
		t.Errorf("last use noted after %v", got.Used.Sub(k.Used))
	}
	for _, wrong := range []string{"", "biseo_", secret[:64], secret + "a", strings.ToUpper(secret), "Biseo" + secret[5:], secret[:20] + "7" + secret[21:] + " "} {
		_, err := s.FindKey(ctx, wrong)
		wantError(t, wrong, err, ErrNotFound)
	}
	other := secretPrefix + randomText(32)
	_, err = s.FindKey(ctx, other+checksum(other))
	wantError(t, "unknown", err, ErrNotFound)

	c.add(24 * time.Hour)
	_, err = s.FindKey(ctx, secret)
	wantError(t, "expired", err, ErrNotFound)

	k2, secret2, err := s.CreateKey(ctx, Key{Name: "둘"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RevokeKey(ctx, k2.ID); err != nil {
		t.Fatal(err)
	}
	revoked := s.now()
	c.add(time.Hour)
	if err := s.RevokeKey(ctx, k2.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.FindKey(ctx, secret2)
	wantError(t, "revoked", err, ErrNotFound)
	wantError(t, "revoke unknown", s.RevokeKey(ctx, "k"), ErrNotFound)
	if keys := must(s.Keys(ctx))(t); len(keys) != 2 || !keys[1].Revoked.Equal(revoked) {
		t.Errorf("keys %+v", keys)
	}
}

func TestSessions(t *testing.T) {
	s, c := newStore(t)
	ctx := t.Context()
	token := must(s.CreateSession(ctx, Session{Subject: "kim", Name: "김주무관", Groups: []string{"staff"}, Permissions: []string{"ask"}, Grade: "sensitive"}))(t)
	start := s.now()
	for range 19 { // used every half hour less a second it lives to its end
		c.add(30*time.Minute - time.Second)
		got := must(s.FindSession(ctx, token))(t)
		want := Session{Subject: "kim", Name: "김주무관", Groups: []string{"staff"}, Permissions: []string{"ask"}, Grade: "sensitive",
			Created: start, Seen: s.now(), Expires: start.Add(10 * time.Hour), Idle: 29 * time.Minute}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	c.add(30*time.Minute - time.Second)
	must(s.FindSession(ctx, token))(t)
	c.add(20 * time.Second)
	_, err := s.FindSession(ctx, token)
	wantError(t, "after 10 hours", err, ErrNotFound)

	idle := must(s.CreateSession(ctx, Session{Subject: "kim"}))(t)
	c.add(30 * time.Minute)
	_, err = s.FindSession(ctx, idle)
	wantError(t, "idle", err, ErrNotFound)

	short := must(s.CreateSession(ctx, Session{Subject: "lee", Expires: c.Now().Add(time.Minute)}))(t)
	c.add(time.Minute)
	_, err = s.FindSession(ctx, short)
	wantError(t, "ended by the provider", err, ErrNotFound)

	a, b := must(s.CreateSession(ctx, Session{Subject: "kim"}))(t), must(s.CreateSession(ctx, Session{Subject: "kim"}))(t)
	d := must(s.CreateSession(ctx, Session{Subject: "lee"}))(t)
	if err := errors.Join(s.EndSession(ctx, a), s.EndSession(ctx, a)); err != nil {
		t.Fatal(err)
	}
	_, err = s.FindSession(ctx, a)
	wantError(t, "logged out", err, ErrNotFound)
	must(s.FindSession(ctx, b))(t)
	if err := s.EndSessions(ctx, "kim"); err != nil {
		t.Fatal(err)
	}
	_, err = s.FindSession(ctx, b)
	wantError(t, "logged out everywhere", err, ErrNotFound)
	must(s.FindSession(ctx, d))(t)
}

func TestDrafts(t *testing.T) {
	s, c := newStore(t)
	ctx := t.Context()
	d := must(s.CreateDraft(ctx, Draft{Owner: "user:kim", Task: "reply", Title: "회신", Body: json.RawMessage(`{"a":1}`)}))(t)
	if diff := cmp.Diff(Draft{ID: d.ID, Owner: "user:kim", Task: "reply", Title: "회신", Version: 1, Body: json.RawMessage(`{"a":1}`), Created: s.now(), Updated: s.now()}, d); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c.add(time.Minute)
	d2 := must(s.UpdateDraft(ctx, "user:kim", d.ID, 1, "회신(안)", json.RawMessage(`{"a":2}`)))(t)
	if diff := cmp.Diff(Draft{ID: d.ID, Owner: "user:kim", Task: "reply", Title: "회신(안)", Version: 2, Body: json.RawMessage(`{"a":2}`), Created: d.Created, Updated: s.now()}, d2); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for v, want := range map[int]Draft{0: d2, 1: d, 2: d2} {
		if diff := cmp.Diff(want, must(s.Draft(ctx, "user:kim", d.ID, v))(t)); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", v, diff)
		}
	}
	_, err := s.UpdateDraft(ctx, "user:kim", d.ID, 1, "늦음", nil)
	wantError(t, "update from an old version", err, ErrConflict)
	_, err = s.UpdateDraft(ctx, "user:kim", d.ID, 2, "깨짐", json.RawMessage(`{`))
	if err == nil {
		t.Error("a body that is not JSON was stored")
	}
	_, err = s.Draft(ctx, "user:kim", d.ID, 3)
	wantError(t, "version 3", err, ErrNotFound)
	d.Body, d2.Body = nil, nil
	if diff := cmp.Diff([]Draft{d2, d}, must(s.Versions(ctx, "user:kim", d.ID))(t)); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}

	// To another owner it does not exist.
	_, err = s.Draft(ctx, "user:lee", d.ID, 0)
	wantError(t, "read", err, ErrNotFound)
	_, err = s.Versions(ctx, "user:lee", d.ID)
	wantError(t, "versions", err, ErrNotFound)
	_, err = s.UpdateDraft(ctx, "user:lee", d.ID, 2, "", nil)
	wantError(t, "update", err, ErrNotFound)
	wantError(t, "delete", s.DeleteDraft(ctx, "user:lee", d.ID), ErrNotFound)
	if all, _, err := s.Drafts(ctx, "user:lee", "", 0); err != nil || len(all) != 0 {
		t.Errorf("list: %v, %v", all, err)
	}
	if all, _, err := s.Drafts(ctx, "user:kim", "", 0); err != nil || cmp.Diff([]Draft{d2}, all) != "" {
		t.Errorf("list: %v, %v", all, err)
	}

	if err := s.DeleteDraft(ctx, "user:kim", d.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.Draft(ctx, "user:kim", d.ID, 1)
	wantError(t, "deleted", err, ErrNotFound)
	var left int
	if err := s.read.QueryRow(`SELECT count(*) FROM draft_versions`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d versions are left, %v", left, err)
	}
}

// TestPages walks lists of many owners, some made at one moment, page by page.
func TestPages(t *testing.T) {
	s, c := newStore(t)
	ctx := t.Context()
	var want []string
	for i := range 25 {
		d := must(s.CreateDraft(ctx, Draft{Owner: "a", Title: fmt.Sprint(i)}))(t)
		want = append(want, d.ID)
		must(s.CreateDraft(ctx, Draft{Owner: "b"}))(t)
		if i%5 == 4 {
			c.add(time.Second)
		}
	}
	for _, limit := range []int{1, 4, 5, 24, 25, 26, 0, 1000} {
		seen := map[string]bool{}
		var last Draft
		pages := 0
		for after := ""; ; {
			drafts, next, err := s.Drafts(ctx, "a", after, limit)
			if err != nil {
				t.Fatal(err)
			}
			pages++
			for _, d := range drafts {
				if seen[d.ID] || last.ID != "" && (d.Created.After(last.Created) || d.Created.Equal(last.Created) && d.ID >= last.ID) {
					t.Fatalf("limit %d: %v after %v", limit, d, last)
				}
				seen[d.ID], last = true, d
			}
			if next == "" {
				break
			}
			after = next
		}
		for _, id := range want {
			if !seen[id] {
				t.Errorf("limit %d: %s is missing", limit, id)
			}
		}
		if n := (25 + min(max(limit, 1), 25) - 1) / min(max(limit, 1), 25); limit > 0 && pages != n || limit == 0 && pages != 1 || len(seen) != 25 {
			t.Errorf("limit %d: %d drafts on %d pages", limit, len(seen), pages)
		}
	}
	for _, bad := range []string{"x", "%%%", "MTIz", "eCB5"} {
		_, _, err := s.Drafts(ctx, "a", bad, 0)
		wantError(t, "cursor "+bad, err, ErrCursor)
	}
}

func TestConversations(t *testing.T) {
	s, c := newStore(t)
	ctx := t.Context()
	one := must(s.AddTurn(ctx, "a", "", Turn{Question: " 경차의\n주차요금은? ", Answer: json.RawMessage(`{"n":1}`)}))(t)
	begun := s.now()
	c.add(time.Minute)
	must(s.AddTurn(ctx, "a", one.ID, Turn{Question: strings.Repeat("가", 100)}))(t)
	long := must(s.AddTurn(ctx, "a", "", Turn{Question: strings.Repeat("나", 100)}))(t)
	if want := strings.Repeat("나", 59) + "…"; long.Title != want {
		t.Errorf("title %q, want %q", long.Title, want)
	}
	want := Conversation{ID: one.ID, Owner: "a", Title: "경차의 주차요금은?", Created: begun, Updated: s.now()}
	list, _, err := s.Conversations(ctx, "a", "", 0)
	if err != nil || cmp.Diff([]Conversation{long, want}, list) != "" {
		t.Errorf("list %v, %v", list, err)
	}
	want.Turns = []Turn{{" 경차의\n주차요금은? ", json.RawMessage(`{"n":1}`), begun}, {strings.Repeat("가", 100), json.RawMessage(`null`), s.now()}}
	if diff := cmp.Diff(want, must(s.Conversation(ctx, "a", one.ID))(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = s.Conversation(ctx, "b", one.ID)
	wantError(t, "read", err, ErrNotFound)
	_, err = s.AddTurn(ctx, "b", one.ID, Turn{Question: "?"})
	wantError(t, "add", err, ErrNotFound)
	wantError(t, "delete", s.DeleteConversation(ctx, "b", one.ID), ErrNotFound)
	if err := s.DeleteConversation(ctx, "a", one.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.Conversation(ctx, "a", one.ID)
	wantError(t, "deleted", err, ErrNotFound)
}

func TestJobs(t *testing.T) {
	s, c := newStore(t)
	ctx := t.Context()
	j := must(s.CreateJob(ctx, Job{Owner: "a", Kind: "ingest"}))(t)
	other := must(s.CreateJob(ctx, Job{Owner: "b", Kind: "ingest", State: Running}))(t)
	c.add(time.Second)
	j.State, j.Detail = Running, json.RawMessage(`{"files":3}`)
	j.Updated = s.now()
	if diff := cmp.Diff(j, must(s.UpdateJob(ctx, j))(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(j, must(s.Job(ctx, "a", j.ID))(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wrong := j
	wrong.Owner = "b"
	_, err := s.UpdateJob(ctx, wrong)
	wantError(t, "update by another", err, ErrNotFound)
	_, err = s.Job(ctx, "b", j.ID)
	wantError(t, "read by another", err, ErrNotFound)
	j.State = Canceled
	must(s.UpdateJob(ctx, j))(t)
	j.State = Running
	_, err = s.UpdateJob(ctx, j)
	wantError(t, "update after the end", err, ErrConflict)
	j.State = "weird"
	if _, err := s.UpdateJob(ctx, j); err == nil {
		t.Error("a state that there is not was stored")
	}
	if n := must(s.InterruptJobs(ctx, "restarted"))(t); n != 1 {
		t.Errorf("%d interrupted", n)
	}
	if got := must(s.Job(ctx, "b", other.ID))(t); got.State != Failed || got.Error != "restarted" {
		t.Errorf("%+v", got)
	}
	own, _, err := s.Jobs(ctx, "a", "", 0)
	all, _, err2 := s.AllJobs(ctx, "", 0)
	if err != nil || err2 != nil || len(own) != 1 || len(all) != 2 {
		t.Errorf("%d own, %d jobs, %v, %v", len(own), len(all), err, err2)
	}
}

func TestFeedback(t *testing.T) {
	s, _ := newStore(t)
	ctx := t.Context()
	var want []Feedback
	for i := range pageMost*2 + 3 {
		want = append(want, must(s.AddFeedback(ctx, Feedback{Owner: "a", Task: "answer", Request: fmt.Sprint(i), Verdict: "other_source", Sources: []string{"제3조"}}))(t))
	}
	var got []Feedback
	for f, err := range s.AllFeedback(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := s.AddFeedback(ctx, Feedback{Verdict: "meh"}); err == nil {
		t.Error("a verdict that there is not was stored")
	}
}

func TestOnce(t *testing.T) {
	s, c := newStore(t)
	ctx := t.Context()
	begin := func(owner, key, fingerprint string) (*Saved, error) {
		return s.Once(ctx, owner, key, []byte(fingerprint))
	}
	if saved, err := begin("a", "1", "x"); saved != nil || err != nil {
		t.Fatal(saved, err)
	}
	_, err := begin("a", "1", "x")
	wantError(t, "again", err, ErrBusy)
	_, err = begin("a", "1", "y")
	wantError(t, "another request", err, ErrConflict)
	if saved, err := begin("b", "1", "y"); saved != nil || err != nil {
		t.Error("another owner:", saved, err)
	}
	want := Saved{Status: 201, Header: map[string]string{"Location": "/v1/drafts/1"}, Body: []byte("{}")}
	if err := s.Finish(ctx, "a", "1", want); err != nil {
		t.Fatal(err)
	}
	if err := s.Forget(ctx, "a", "1"); err != nil { // too late
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, must(begin("a", "1", "x"))(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = begin("a", "1", "y")
	wantError(t, "another request", err, ErrConflict)
	if err := s.Forget(ctx, "b", "1"); err != nil {
		t.Fatal(err)
	}
	if saved, err := begin("b", "1", "y"); saved != nil || err != nil {
		t.Error("after it came to nothing:", saved, err)
	}
	c.add(onceLease)
	if saved, err := begin("b", "1", "y"); saved != nil || err != nil {
		t.Error("after the process died:", saved, err)
	}
	c.add(onceKept)
	if saved, err := begin("a", "1", "y"); saved != nil || err != nil {
		t.Error("a day later:", saved, err)
	}
	wantError(t, "finish unknown", s.Finish(ctx, "a", "2", want), ErrNotFound)
}

func TestPurge(t *testing.T) {
	s, c := newStore(t)
	ctx := t.Context()
	fill := func(n int) {
		for i := range n {
			must(s.CreateDraft(ctx, Draft{Owner: "a", Title: "잊을 초안"}))(t)
			must(s.AddTurn(ctx, "a", "", Turn{Question: "잊을 질문"}))(t)
			must(s.CreateJob(ctx, Job{State: Done}))(t)
			must(s.AddFeedback(ctx, Feedback{Verdict: "right"}))(t)
			must(s.CreateSession(ctx, Session{}))(t)
			must(s.Once(ctx, "a", fmt.Sprint(c.Now(), i), nil))(t)
		}
	}
	fill(2)
	must(s.CreateJob(ctx, Job{State: Running}))(t)
	c.add(48 * time.Hour)
	fill(1)
	day := 24 * time.Hour
	got := must(s.Purge(ctx, Retention{}))(t)
	if diff := cmp.Diff(Purged{Sessions: 2, Requests: 2}, got); diff != "" {
		t.Errorf("no retention (-want +got):\n%s", diff)
	}
	got = must(s.Purge(ctx, Retention{Drafts: day, Conversations: day, Jobs: day, Feedback: day}))(t)
	if diff := cmp.Diff(Purged{Drafts: 2, Conversations: 2, Jobs: 2, Feedback: 2}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	c.add(48 * time.Hour)
	must(s.Purge(ctx, Retention{Drafts: day, Conversations: day}))(t)
	s.Close()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(s.path + suffix)
		if err != nil && suffix == "" {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "잊을") {
			t.Errorf("the file%s still holds what was removed", suffix)
		}
	}
}

// TestNoSecrets looks for secrets in the file.
func TestNoSecrets(t *testing.T) {
	s, _ := newStore(t)
	ctx := t.Context()
	_, secret, err := s.CreateKey(ctx, Key{Name: "이름"})
	if err != nil {
		t.Fatal(err)
	}
	token := must(s.CreateSession(ctx, Session{Subject: "kim"}))(t)
	must(s.FindKey(ctx, secret))(t)
	must(s.FindSession(ctx, token))(t)
	s.Close()
	names, err := filepath.Glob(s.path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{secret[6:30], secret[30:], token} {
			if strings.Contains(string(b), word) {
				t.Errorf("%s holds a secret", filepath.Base(name))
			}
		}
	}
}

// TestOldFile opens the state file of the first schema. It was made by
// BISEO_TEST_WRITE_STATE=$PWD/testdata/state-v1.db go test -run TestOldFile
// at that version, and is never made again: files like it are out there.
func TestOldFile(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	if path := os.Getenv("BISEO_TEST_WRITE_STATE"); path != "" {
		s := mustOpen(t, filepath.Join(t.TempDir(), "state.db"), Options{Now: c.Now})
		k, secret, err := s.CreateKey(ctx, Key{Name: "문서 시스템", Permissions: []string{"read"}, Groups: []string{"staff"}, Grade: "open", Trusted: true, PerMinute: 600})
		if err != nil {
			t.Fatal(err)
		}
		d := must(s.CreateDraft(ctx, Draft{Owner: "key:" + k.ID, Task: "reply", Title: "회신", Body: json.RawMessage(`{"n":1}`)}))(t)
		must(s.UpdateDraft(ctx, d.Owner, d.ID, 1, "회신(안)", json.RawMessage(`{"n":2}`)))(t)
		v := must(s.AddTurn(ctx, d.Owner, "", Turn{Question: "경차의 주차요금은?", Answer: json.RawMessage(`{"n":1}`)}))(t)
		must(s.AddTurn(ctx, d.Owner, v.ID, Turn{Question: "전기차는?"}))(t)
		must(s.CreateJob(ctx, Job{Owner: d.Owner, Kind: "ingest", State: Done, Detail: json.RawMessage(`{"added":3}`)}))(t)
		must(s.AddFeedback(ctx, Feedback{Owner: d.Owner, Task: "answer", Verdict: "wrong", Sources: []string{"제3조"}}))(t)
		must(s.Once(ctx, d.Owner, "1", []byte("x")))(t)
		if err := errors.Join(s.Finish(ctx, d.Owner, "1", Saved{Status: 201}), Copy(ctx, s.path, path), os.WriteFile(path+".secret", []byte(secret), 0o600)); err != nil {
			t.Fatal(err)
		}
		must(s.CreateSession(ctx, Session{Subject: "kim"}))(t)
		return
	}
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, must(os.ReadFile(filepath.Join("testdata", "state-v1.db")))(t), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := string(must(os.ReadFile(filepath.Join("testdata", "state-v1.db.secret")))(t))
	s := mustOpen(t, path, Options{Now: c.Now})
	k := must(s.FindKey(ctx, secret))(t)
	want := Key{ID: k.ID, Name: "문서 시스템", Permissions: []string{"read"}, Groups: []string{"staff"}, Grade: "open", Trusted: true, PerMinute: 600, Created: s.now(), Used: s.now()}
	if diff := cmp.Diff(want, k); diff != "" {
		t.Errorf("key (-want +got):\n%s", diff)
	}
	owner := "key:" + k.ID
	drafts, _, err := s.Drafts(ctx, owner, "", 0)
	if err != nil || len(drafts) != 1 || drafts[0].Version != 2 || drafts[0].Title != "회신(안)" {
		t.Fatalf("drafts %+v, %v", drafts, err)
	}
	if d := must(s.Draft(ctx, owner, drafts[0].ID, 1))(t); d.Title != "회신" || string(d.Body) != `{"n":1}` {
		t.Errorf("version 1 %+v", d)
	}
	conversations, _, err := s.Conversations(ctx, owner, "", 0)
	if err != nil || len(conversations) != 1 {
		t.Fatalf("conversations %+v, %v", conversations, err)
	}
	if v := must(s.Conversation(ctx, owner, conversations[0].ID))(t); len(v.Turns) != 2 || v.Turns[0].Question != "경차의 주차요금은?" {
		t.Errorf("conversation %+v", v)
	}
	if jobs, _, err := s.Jobs(ctx, owner, "", 0); err != nil || len(jobs) != 1 || jobs[0].State != Done {
		t.Errorf("jobs %+v, %v", jobs, err)
	}
	for f, err := range s.AllFeedback(ctx) {
		if err != nil || f.Verdict != "wrong" || cmp.Diff([]string{"제3조"}, f.Sources) != "" {
			t.Errorf("feedback %+v, %v", f, err)
		}
	}
	if saved := must(s.Once(ctx, owner, "1", []byte("x")))(t); saved == nil || saved.Status != 201 {
		t.Errorf("saved %+v", saved)
	}
	// And it can be gone on with.
	must(s.UpdateDraft(ctx, owner, drafts[0].ID, 2, "회신", nil))(t)
}

// TestRefusedFiles opens files that are not for this version: they stay as they are.
func TestRefusedFiles(t *testing.T) {
	ctx := t.Context()
	newer := func(path string) error {
		s, err := open(ctx, path, Options{}, append(migrations[:len(migrations):len(migrations)], `CREATE TABLE later(x)`))
		if err == nil {
			err = s.Close()
		}
		return err
	}
	foreign := func(path string) error {
		db, err := sql.Open("sqlite", path)
		if err == nil {
			defer db.Close()
			_, err = db.Exec(`CREATE TABLE notes(text); INSERT INTO notes VALUES('장보기')`)
		}
		return err
	}
	text := func(path string) error {
		return os.WriteFile(path, []byte(strings.Repeat("이것은 데이터베이스가 아니다. ", 100)), 0o600)
	}
	for name, write := range map[string]func(string) error{"newer": newer, "foreign": foreign, "text": text} {
		path := filepath.Join(t.TempDir(), "state.db")
		if err := write(path); err != nil {
			t.Fatal(err)
		}
		before := must(os.ReadFile(path))(t)
		_, err := Open(ctx, path, Options{})
		wantError(t, name, err, ErrSchema)
		t.Logf("%s: %v", name, err)
		if string(must(os.ReadFile(path))(t)) != string(before) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// TestMigrate brings a file forward by a made-up next version.
func TestMigrate(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "state.db")
	s := mustOpen(t, path, Options{})
	d := must(s.CreateDraft(ctx, Draft{Owner: "a", Title: "옛 초안"}))(t)
	s.Close()
	n := len(migrations)
	bad := append(migrations[:n:n], `ALTER TABLE drafts ADD COLUMN kept TEXT`, `nonsense`)
	if _, err := open(ctx, path, Options{}, bad); err == nil {
		t.Fatal("a migration that is wrong succeeded")
	}
	next := append(migrations[:n:n], `ALTER TABLE drafts ADD COLUMN kept TEXT`)
	s, err := open(ctx, path, Options{}, next)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	before := mustOpen(t, fmt.Sprintf("%s.before-%d", path, n+1), Options{})
	if got := must(before.Draft(ctx, "a", d.ID, 0))(t); got.Title != "옛 초안" {
		t.Errorf("the copy from before holds %+v", got)
	}
}

func TestCopy(t *testing.T) {
	s, _ := newStore(t)
	ctx := t.Context()
	for range 50 {
		must(s.CreateDraft(ctx, Draft{Owner: "a", Body: json.RawMessage(`"` + strings.Repeat("가", 3000) + `"`)}))(t)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // somebody writes meanwhile: a draft and its second version belong together
		for {
			select {
			case <-stop:
				return
			default:
				must(s.AddTurn(ctx, "a", "", Turn{Question: "?"}))(t)
			}
		}
	})
	path := filepath.Join(t.TempDir(), "copy.db")
	err := Copy(ctx, s.path, path)
	close(stop)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	c := mustOpen(t, path, Options{})
	if all, _, err := c.Drafts(ctx, "a", "", 200); err != nil || len(all) != 50 {
		t.Errorf("%d drafts, %v", len(all), err)
	}
	if err := Copy(ctx, s.path, path); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file that is there: %v", err)
	}
}

// A file that something has emptied is no new one: with it the keys would be gone.
func TestEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "restore a backup") {
		t.Errorf("got %v", err)
		if err == nil {
			s.Close()
		}
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 0 {
		t.Errorf("the file is changed: %v %v", info.Size(), err)
	}
}
