package assistant

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant/ground"
	"biseo/index"
)

// kept is a draft as this program made it: an extract of the shelf's ordinance.
func kept(t *testing.T, a *Assistant) *Answer {
	t.Helper()
	ans, _ := ask(t, a, Principal{}, "주차요금을 경감하는 자동차는 무엇인가요?")
	if len(ans.Blocks) == 0 || len(ans.Sources) == 0 {
		t.Fatalf("nothing to keep: %+v", ans)
	}
	return ans
}

func TestRecheck(t *testing.T) {
	lg := slog.New(slog.DiscardHandler)
	x := gaon()
	a := New(lg, x, Options{})
	stored := kept(t, a)
	first := stored.Blocks[0].Sentences[0]
	edit := func(sentences ...ground.Sentence) *Answer {
		d := *stored
		d.Sources, d.Blocks = nil, []Block{{Kind: "heading", Level: 1, Sentences: []ground.Sentence{{Text: "경감 대상"}}}, {Kind: "paragraph", Sentences: sentences}}
		return &d
	}
	states := func(r *Rechecked) (out []ground.Status) {
		for _, b := range r.Answer.Blocks {
			for _, s := range b.Sentences {
				out = append(out, s.Status)
			}
		}
		return out
	}
	draft := edit(first,
		ground.Sentence{Text: "요금은 전부 1원이다.", Status: ground.Verified, Cites: first.Cites},
		ground.Sentence{Text: "내년에 다시 검토한다. " + Given, Status: ground.Verified},
		ground.Sentence{Text: "[작성 필요: 담당자 연락처]"})
	r, err := a.Recheck(t.Context(), Principal{}, RecheckRequest{Draft: draft, Stored: stored})
	if err != nil {
		t.Fatal(err)
	}
	want := []ground.Status{ground.Plain, first.Status, ground.Unverified, ground.Plain, ground.Gap}
	if d := cmp.Diff(want, states(r)); d != "" || len(r.Changes) != 4 || len(r.Answer.Sources) != len(stored.Sources) {
		t.Errorf("changes %+v (-want +got):\n%s", r.Changes, d)
	}
	if same, err := a.Recheck(t.Context(), Principal{}, RecheckRequest{Draft: stored, Stored: stored}); err != nil || len(same.Changes) != 0 || same.Answer.Outcome != stored.Outcome {
		t.Errorf("unchanged: got %+v %v", same, err)
	}

	// The source is not what it was: the sentence that quotes it does not hold any more.
	cited := stored.Sources[first.Cites[0].Source-1].ChunkID
	for i := range x.chunks {
		if x.chunks[i].Chunk.ID == cited {
			x.chunks[i].Chunk.Text = "제5조(삭제)"
		}
	}
	moved, err := a.Recheck(t.Context(), Principal{}, RecheckRequest{Draft: stored, Stored: stored})
	if err != nil || moved.Answer.Blocks[0].Sentences[0].Status != ground.Unverified || !hasWarning(moved.Answer, WarnSource) {
		t.Errorf("changed source: got %+v %v", moved, err)
	}

	for name, d := range map[string]*Answer{"empty": {}, "no day": {Blocks: stored.Blocks}, "numbers": {On: stored.On, Blocks: stored.Blocks, Sources: []ground.Source{{N: 2}}}} {
		var input *InputError
		if _, err := a.Recheck(t.Context(), Principal{}, RecheckRequest{Draft: d}); !errors.As(err, &input) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A caller's draft shows nothing of a source that they may not read.
func TestRecheckRights(t *testing.T) {
	a := New(slog.New(slog.DiscardHandler), gaon(), Options{})
	draft := &Answer{Task: "answer", On: "2026-10-02", Sources: []ground.Source{{N: 1, ChunkID: "s01", Text: "무엇이든"}},
		Blocks: []Block{{Kind: "paragraph", Sentences: []ground.Sentence{{Text: "감사담당관은 도로과의 보조금 집행을 특정감사한다.", Cites: []ground.Cite{{Source: 1}}}}}}}
	r, err := a.Recheck(t.Context(), Principal{}, RecheckRequest{Draft: draft})
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Answer.Blocks[0].Sentences[0]; s.Status != ground.Unverified || r.Answer.Sources[0].Text != "무엇이든" || strings.Contains(s.Why, "2026. 9. 7.") {
		t.Errorf("got %+v, source %q", s, r.Answer.Sources[0].Text)
	}
	r, err = a.Recheck(t.Context(), Principal{Groups: []string{"audit"}, Grade: index.Classified}, RecheckRequest{Draft: draft})
	if err != nil || r.Answer.Blocks[0].Sentences[0].Status != ground.Verified {
		t.Errorf("auditor: got %+v %v", r, err)
	}
}
