package assistant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/index/local"
)

// lawIndex is a law with its decree and rule, an older version of the decree, and a
// part of the rule that only auditors read, which name one another's articles.
func lawIndex(t *testing.T) *local.Index {
	t.Helper()
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{Rules: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	put := func(d index.Doc, articles ...[4]string) { // article, heading, text, links
		t.Helper()
		d.Work, d.Agency, d.Grade = strings.TrimSuffix(d.ID, "@1"), "가온시", index.Open
		if d.Readers == nil {
			d.Readers = []string{index.Public}
		}
		var chunks []index.Chunk
		for i, a := range articles {
			chunks = append(chunks, index.Chunk{ID: index.ChunkID(d.ID, i), DocID: d.ID, Path: []string{a[0] + a[1]},
				Cite: "「" + d.Title + "」 " + a[0], Text: a[0] + a[1] + " " + a[2], Start: 1000 * i, Links: strings.Fields(a[3])})
		}
		if err := x.Replace(t.Context(), d, chunks); err != nil {
			t.Fatal(err)
		}
	}
	put(index.Doc{ID: "law", Title: "공원 관리법", Kind: "law"},
		[4]string{"제2조", "(정의)", "\"시설물\"이란 의자와 그늘막을 말한다.", ""},
		[4]string{"제5조", "(점용허가)", "시설물을 두려는 자는 허가를 받아야 한다. 기간은 대통령령으로 정한다.", "§공원관리법/9"},
		[4]string{"제9조", "(과태료)", "어긴 자에게는 백만원 이하를 물린다.", ""})
	put(index.Doc{ID: "decree", Title: "공원 관리법 시행령", Kind: "decree", From: index.Day(2026, 3, 1)},
		[4]string{"제3조", "(그늘막의 설치 기간)", "법 제5조에 따른 그늘막의 설치 기간은 석 달로 한다.", "§공원관리법/5"})
	put(index.Doc{ID: "decree@1", Title: "공원 관리법 시행령", Kind: "decree", From: index.Day(2020, 1, 1), Until: index.Day(2026, 3, 1)},
		[4]string{"제3조", "(그늘막의 설치 기간)", "법 제5조에 따른 그늘막의 설치 기간은 한 달로 한다.", "§공원관리법/5"})
	put(index.Doc{ID: "rule", Title: "공원 관리법 시행규칙", Kind: "rule"},
		[4]string{"제1조", "(서식)", "영 제3조의 신청서는 별지로 한다.", "§공원관리법시행령/3"})
	put(index.Doc{ID: "audit", Title: "공원 관리법 시행규칙", Kind: "rule", Readers: []string{"감사"}},
		[4]string{"제7조", "(감사)", "법 제5조의 허가를 감사한다.", "§공원관리법/5"})
	put(index.Doc{ID: "gone", Title: "옛 공원 관리 규정", Kind: "decree", Until: index.Day(2024, 1, 1), Ends: index.Day(2024, 1, 1)},
		[4]string{"제1조", "(그늘막)", "그늘막의 설치 기간은 이레로 한다.", ""})
	return x
}

func lawAssistant(t *testing.T) *Assistant {
	return New(quiet, lawIndex(t), Options{Now: func() time.Time { return today }})
}

// evidence is what a task of who reads for a question.
func evidence(t *testing.T, a *Assistant, who Principal, question string, limit int) []ground.Source {
	t.Helper()
	found, err := a.finder.Evidence(context.Background(), index.Query{Scope: scope(who, today), Text: question, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	return found.Sources(today)
}

func TestEvidenceBringsTheLaw(t *testing.T) {
	got := evidence(t, lawAssistant(t), Principal{}, "그늘막은 며칠인가요?", 2)
	type source struct {
		N         int
		Cite, Via string
	}
	var have []source
	for _, s := range got {
		via := ""
		if s.Via != nil {
			via = s.Via.Kind + " " + s.Via.Cite
		}
		have = append(have, source{s.N, s.Cite, via})
	}
	want := []source{{1, "「공원 관리법 시행령」 제3조", ""}, {2, "「공원 관리법」 제5조", "위임 「공원 관리법 시행령」 제3조"}}
	if d := cmp.Diff(want, have); d != "" {
		t.Error(d)
	}
}

// A report and a reply rest on the law that a decree carries out, as an answer does,
// also where other passages share more words with what is asked.
func TestDraftsBringTheLaw(t *testing.T) {
	x := lawIndex(t)
	d := index.Doc{ID: "guide", Work: "guide", Title: "사례집", Kind: "guide", Grade: index.Open, Readers: []string{index.Public}}
	var chunks []index.Chunk
	for i := range 30 {
		chunks = append(chunks, index.Chunk{ID: index.ChunkID(d.ID, i), DocID: d.ID, Start: 1000 * i, Text: fmt.Sprintf("그늘막과 기간에 관한 사례 %d이다.", i)})
	}
	if err := x.Replace(t.Context(), d, chunks); err != nil {
		t.Fatal(err)
	}
	a := New(quiet, x, Options{Now: func() time.Time { return today }})
	report, err := a.DraftReport(t.Context(), Principal{}, ReportRequest{Topic: "그늘막 설치 기간", On: today}, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := a.DraftReply(t.Context(), Principal{}, ReplyRequest{Text: "그늘막의 설치 기간은 얼마인가요?", Received: today}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, ans := range []*Answer{report, reply} {
		i := slices.IndexFunc(ans.Sources, func(s ground.Source) bool { return s.Via != nil })
		if i < 0 {
			t.Errorf("%s: none of %d sources belongs to another", ans.Task, len(ans.Sources))
			continue
		}
		if s := ans.Sources[i]; s.Cite != "「공원 관리법」 제5조" || s.Via.Kind != ground.Delegates || s.Via.Cite != "「공원 관리법 시행령」 제3조" {
			t.Errorf("%s: %s stands there by %+v", ans.Task, s.Cite, *s.Via)
		}
	}
}

func TestSearchContext(t *testing.T) {
	for _, tt := range []struct {
		name, query string
		who         Principal
		kinds       []string
		want        map[string]string // cite to kind
	}{
		{"a law brings its decree, its definition and what it names", "공원 관리법 제5조", Principal{}, nil,
			map[string]string{"「공원 관리법 시행령」 제3조": ground.Delegates, "「공원 관리법」 제2조": ground.Defines, "「공원 관리법」 제9조": ground.Names}},
		{"a decree brings its rule and its law", "공원 관리법 시행령 제3조", Principal{}, nil,
			map[string]string{"「공원 관리법 시행규칙」 제1조": ground.Delegates, "「공원 관리법」 제5조": ground.Delegates}},
		{"nothing outside the kinds asked for", "공원 관리법 제5조", Principal{}, []string{"law"},
			map[string]string{"「공원 관리법」 제2조": ground.Defines, "「공원 관리법」 제9조": ground.Names}},
	} {
		res, err := lawAssistant(t).Search(context.Background(), tt.who, SearchRequest{Query: tt.query, On: today, Limit: 1, Context: 5, Kinds: tt.kinds})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, s := range res.Hits[0].Context {
			got[s.Cite] = s.Via.Kind
			if s.Via.ChunkID != res.Hits[0].ChunkID {
				t.Errorf("%s: %s belongs to %s", tt.name, s.Cite, s.Via.Cite)
			}
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

// What belongs to a passage is shown under the rights of the asker, and to no one
// else does it change anything.
func TestContextRights(t *testing.T) {
	a := lawAssistant(t)
	for _, who := range []Principal{{}, {Groups: []string{"감사"}}} {
		auditor := len(who.Groups) > 0
		res, err := a.Search(context.Background(), who, SearchRequest{Query: "감사 허가 공원 관리법 제5조", On: today, Context: 5})
		if err != nil {
			t.Fatal(err)
		}
		all := evidence(t, a, who, "감사 허가 공원 관리법 제5조", promptLimit)
		for _, h := range res.Hits {
			all = append(all, h.Context...)
			all = append(all, ground.Source{DocID: h.DocID})
		}
		seen := false
		for _, s := range all {
			seen = seen || s.DocID == "audit"
			if s.DocID == "decree@1" || s.DocID == "gone" {
				t.Errorf("%s is not in force", s.DocID)
			}
		}
		if seen != auditor {
			t.Errorf("groups %q see the hidden rule: %t", who.Groups, seen)
		}
	}
}

// A search for an earlier day finds the law of that day, says that it has passed,
// and which articles read otherwise since.
func TestSearchAsItStood(t *testing.T) {
	a := lawAssistant(t)
	for _, tt := range []struct {
		on                  time.Time
		doc, state, changed string
		warned              bool
	}{
		{index.Day(2025, 6, 1), "decree@1", retrieval.Past, "2026-03-01", true},
		{today, "decree", retrieval.Current, "", false},
	} {
		res, err := a.Search(context.Background(), Principal{}, SearchRequest{Query: "그늘막의 설치 기간", On: tt.on})
		if err != nil {
			t.Fatal(err)
		}
		h := res.Hits[0]
		if h.DocID != tt.doc || h.State != tt.state || h.Changed != tt.changed {
			t.Errorf("on %s: %s is %s, changed %q", retrieval.Day(tt.on), h.DocID, h.State, h.Changed)
		}
		if warned := len(res.Warnings) == 1 && res.Warnings[0].Code == WarnVersion; warned != tt.warned {
			t.Errorf("on %s: warnings %v", retrieval.Day(tt.on), res.Warnings)
		}
		for _, h := range res.Hits {
			if h.DocID == "gone" {
				t.Errorf("on %s the repealed decree is found", retrieval.Day(tt.on))
			}
		}
	}
	res, err := a.Search(context.Background(), Principal{}, SearchRequest{Query: "그늘막의 설치 기간", On: index.Day(2023, 1, 1), Docs: []string{"gone"}})
	if err != nil || len(res.Hits) != 1 || res.Hits[0].State != retrieval.Past {
		t.Errorf("before its end the repealed decree is found as %+v, %v", res, err)
	}
}
