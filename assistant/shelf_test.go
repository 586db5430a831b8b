package assistant

import (
	"cmp"
	"context"
	"io"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"biseo/index"
	"biseo/korea/text"
)

// A shelf is an index in memory that ranks by shared terms. It can be told to
// ignore the scope, to see what the assistant does with a faulty backend.
type shelf struct {
	space     string
	chunks    []index.Hit
	unguarded bool
	err       error
	queries   *[]index.Query // what was asked
}

func (s shelf) Space() string                                           { return s.space }
func (s shelf) Close() error                                            { return nil }
func (s shelf) Remove(context.Context, string) error                    { return s.err }
func (s shelf) Describe(context.Context, index.Doc) error               { return s.err }
func (s shelf) Replace(context.Context, index.Doc, []index.Chunk) error { return s.err }
func (s shelf) Docs(context.Context) iter.Seq2[index.Doc, error] {
	return func(yield func(index.Doc, error) bool) {
		seen := map[string]bool{}
		for _, h := range s.chunks {
			if !seen[h.Doc.ID] && !yield(h.Doc, nil) {
				return
			}
			seen[h.Doc.ID] = true
		}
	}
}

func (s shelf) Search(_ context.Context, q index.Query) ([]index.Hit, error) {
	if s.queries != nil {
		*s.queries = append(*s.queries, q)
	}
	if s.err != nil {
		return nil, s.err
	}
	if q.Dense != nil && len(q.Dense) != 64 {
		return nil, index.ErrDimension
	}
	want := map[string]bool{}
	for _, t := range text.Terms(q.Text) {
		want[t] = true
	}
	var out []index.Hit
	for _, h := range s.chunks {
		if !s.unguarded && !q.Allows(h.Doc, h.Chunk) {
			continue
		}
		h.Score = 0
		for t := range termsOf(h.Doc.Title + "\n" + h.Chunk.Text) {
			if want[t] {
				h.Score++
			}
		}
		if h.Score > 0 || q.Dense != nil {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, func(a, b index.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Chunk.ID, b.Chunk.ID))
	})
	return out[:min(len(out), q.Limit)], nil
}

var known sync.Map // text to its set of terms

func termsOf(s string) map[string]bool {
	if v, ok := known.Load(s); ok {
		return v.(map[string]bool)
	}
	out := terms(s)
	known.Store(s, out)
	return out
}

func (s shelf) Passage(_ context.Context, sc index.Scope, id string, around int) ([]index.Hit, error) {
	at := slices.IndexFunc(s.chunks, func(h index.Hit) bool { return h.Chunk.ID == id })
	if at < 0 || !s.unguarded && !sc.Allows(s.chunks[at].Doc, s.chunks[at].Chunk) {
		return nil, index.ErrNotFound
	}
	var out []index.Hit
	for i := max(0, at-around); i <= min(len(s.chunks)-1, at+around); i++ {
		if h := s.chunks[i]; h.Doc.ID == s.chunks[at].Doc.ID && (s.unguarded || sc.Allows(h.Doc, h.Chunk)) {
			out = append(out, h)
		}
	}
	return out, nil
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

var today = index.Day(2026, 6, 1)

func doc(id, title, kind string) index.Doc {
	return index.Doc{ID: id, Work: id, Title: title, Kind: kind, Agency: "가온시", Readers: []string{index.Public}, Grade: index.Open}
}

func chunk(d index.Doc, id, cite, text string) index.Hit {
	return index.Hit{Doc: d, Chunk: index.Chunk{ID: id, DocID: d.ID, Cite: cite, Text: text}}
}

// gaon is a small shelf of a city that does not exist.
func gaon() shelf {
	ordinance := doc("ord/1", "가온시 민원 처리 조례", "ordinance")
	parking := doc("ord/2", "가온시 주차장 설치 및 관리 조례", "ordinance")
	secret := doc("plan/1", "2026년 감사 계획", "plan")
	secret.Grade = index.Sensitive
	staff := doc("guide/1", "민원 담당자 보호 안내", "guide")
	staff.Readers = []string{"dept:민원과"}
	return shelf{space: "lexical/64", chunks: []index.Hit{
		chunk(ordinance, "c07", "「가온시 민원 처리 조례」 제7조", `제7조(처리기간의 연장)
① 부서의 장은 부득이한 사유로 처리기간 안에 민원을 처리하기 어려운 경우에는 처리기간의 범위에서 한 차례만 그 기간을 연장할 수 있다. 다만, 담당자의 휴가를 이유로 연장할 수 없다. <개정 2026. 5. 6.>
② 제1항에 따라 처리기간을 연장하려는 경우에는 연장 사유와 처리 예정일을 지체 없이 민원인에게 알려야 한다.`),
		chunk(ordinance, "c08", "「가온시 민원 처리 조례」 제8조", `제8조(민원조정위원회)
① 시장은 다수인관련민원을 심의하기 위하여 민원조정위원회를 둔다.
② 위원회는 위원장 1명을 포함하여 7명 이상 15명 이하의 위원으로 구성한다.
③ 위원회의 위원은 그 직무와 관련하여 알게 된 비밀을 누설하여서는 아니 된다.`),
		chunk(ordinance, "c09", "「가온시 민원 처리 조례」 제9조", `제9조(수수료)
① 증명서 발급 수수료는 1통에 500원으로 한다. 다만, 무인민원발급창구에서 발급하는 경우에는 200원으로 한다.
② 「국민기초생활 보장법」 제7조에 따른 수급자에게는 수수료를 면제한다.
③ 수수료를 과오납한 사람은 납부한 날부터 30일 이내에 반환을 신청할 수 있다.`),
		chunk(parking, "p12", "「가온시 주차장 설치 및 관리 조례」 제12조", `제12조(주차요금의 감면)
① 다음 각 호의 어느 하나에 해당하는 자동차에 대해서는 주차요금의 100분의 50을 경감한다.
1. 장애인이 탄 자동차
2. 자녀가 2명 이상인 가정의 자동차
3. 배기량 1,000시시 미만의 경형 자동차
② 제1항에 따른 경감은 2026년 7월 1일부터 적용한다.`),
		chunk(secret, "s01", "", "2026년 감사 계획\n감사담당관은 2026. 9. 7.부터 9. 18.까지 도로과의 보조금 집행을 특정감사한다."),
		chunk(staff, "g01", "", "민원 담당자 보호 안내\n담당자는 폭언이 3회 이상 반복되면 통화를 종료할 수 있다. 담당자는 통화를 종료하기 전에 그 사유를 민원인에게 알려야 한다."),
	}}
}

func ask(t *testing.T, a *Assistant, who Principal, question string) (*Answer, []Event) {
	t.Helper()
	var events []Event
	ans, err := a.Answer(context.Background(), who, AnswerRequest{Question: question, On: today}, func(e Event) error {
		events = append(events, e)
		return nil
	})
	if err != nil {
		t.Fatalf("Answer(%q): %v", question, err)
	}
	return ans, events
}
