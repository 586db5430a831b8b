package assistant

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
	"biseo/korea/law"
	"biseo/korea/official"
	"biseo/korea/text"
)

// A CheckRequest asks for a text that a person wrote, or a draft that a person
// changed, to be held against the rules of official documents and against the
// law in the index.
type CheckRequest struct {
	Text string        // at most 100,000 code points
	Kind official.Kind // "" checks the rules for all documents
	On   time.Time     // zero is an error
}

// A CitationState says what became of a legal citation in a text.
type CitationState string

const (
	CitationFound    CitationState = "found"        // in force that day
	CitationNotThere CitationState = "not_found"    // no such article among the laws that the asker may read
	CitationNotOn    CitationState = "not_in_force" // not in force that day: to come, repealed, or of an earlier version
	CitationMismatch CitationState = "mismatch"     // it exists, but does not say what the sentence says
	CitationUnread   CitationState = "unverified"   // its law is not named, or not in the index: a citation that cannot be read never passes
)

// A CheckedCitation is one legal citation of a text. Offsets are code points of
// the text.
type CheckedCitation struct {
	Start   int            `json:"start"`
	End     int            `json:"end"`
	Text    string         `json:"text"` // as written
	Cite    string         `json:"cite"` // in full
	State   CitationState  `json:"state"`
	Why     string         `json:"why,omitempty"`      // Korean, unless found
	ChunkID string         `json:"chunk_id,omitempty"` // the article found
	InForce ground.InForce `json:"in_force"`
}

// Checked is the result of [Assistant.Check].
type Checked struct {
	On        string            `json:"on"`
	Findings  []Hint            `json:"findings"`  // of korea/official, Block 0
	Citations []CheckedCitation `json:"citations"` // in order of place
}

const (
	maxChecked  = 100000 // code points of a text
	maxCited    = 300    // citations of a text that are looked up, each once for each sentence
	maxVersions = 12     // of a law that are looked through for an article
)

// Check holds a text against the rules of official documents and each legal
// citation in it against the law that who may read on the given day: whether the
// article exists, is in force, and supports the sentence that cites it. It uses no
// model. Advice only: the text is never changed.
func (a *Assistant) Check(ctx context.Context, who Principal, req CheckRequest) (*Checked, error) {
	switch n := utf8.RuneCountInString(req.Text); {
	case !utf8.ValidString(req.Text):
		return nil, &InputError{"text", "글자가 깨진 글이니 UTF-8로 다시 보내 주세요."}
	case !ground.HasWord(req.Text):
		return nil, &InputError{"text", "점검할 글이 비어 있으니 글을 넣어 주세요."}
	case n > maxChecked:
		return nil, &InputError{"text", fmt.Sprintf("글이 %d자로 길이 제한 %d자를 넘으니 나누어 점검해 주세요.", n, maxChecked)}
	}
	if err := checkDay(req.On); err != nil {
		return nil, err
	}
	s := scope(who, req.On)
	out := &Checked{On: retrieval.Day(s.On), Findings: []Hint{}, Citations: []CheckedCitation{}}
	for _, f := range official.Lint(req.Text, official.Options{Kind: req.Kind}) {
		out.Findings = append(out.Findings, Hint{Code: f.Code, Start: f.Start, End: f.End, Text: f.Text, Fix: f.Fix})
	}
	seen := map[string]verdict{}
	named := sync.OnceValues(func() (map[string][]index.Doc, error) { return a.named(ctx) })
	runes := []rune(req.Text)
	sentences := text.Sentences(req.Text)
	found := law.Resolve(req.Text, law.Find(req.Text), law.Citation{})
	for _, f := range found {
		c := f.Citation
		if c.Article == (law.Unit{}) && c.Part != law.Table { // a law as a whole, or a form
			continue
		}
		sentence := ""
		cited := 0 // citations of the sentence
		for _, at := range sentences {
			if at.Start <= f.Start && f.Start < at.End {
				sentence = string(runes[at.Start:at.End])
				for _, other := range found {
					if at.Start <= other.Start && other.Start < at.End {
						cited++
					}
				}
			}
		}
		key := c.Key() + "\x00" + sentence
		v, ok := seen[key]
		switch {
		case ok:
		case len(seen) == maxCited:
			v = verdict{state: CitationUnread, why: fmt.Sprintf("인용이 많아 앞에서부터 %d개까지만 확인했으니 글을 나누어 점검해 주세요.", maxCited)}
		default:
			var err error
			if v, err = a.judge(ctx, s, c, sentence, cited == 1, named); err != nil {
				return nil, fmt.Errorf("check: %w", err)
			}
			seen[key] = v
		}
		checked := CheckedCitation{Start: f.Start, End: f.End, Text: string(runes[f.Start:f.End]), Cite: c.String(), State: v.state, Why: v.why}
		if v.source != nil {
			checked.ChunkID, checked.InForce = v.source.ChunkID, v.source.InForce
		}
		out.Citations = append(out.Citations, checked)
	}
	return out, nil
}

// A verdict is what is known of one citation in its sentence.
type verdict struct {
	state  CitationState
	why    string
	source *ground.Source
}

// judge looks a citation up. Only where it is alone in its sentence must the article
// hold the sentence's values: they may be another's.
func (a *Assistant) judge(ctx context.Context, s index.Scope, c law.Citation, sentence string, alone bool, named func() (map[string][]index.Doc, error)) (verdict, error) {
	if c.Law == "" {
		return verdict{state: CitationUnread, why: "어느 법령의 조문인지 알 수 없으니 법령 이름을 「」에 넣어 적어 주세요."}, nil
	}
	src, err := a.article(ctx, s, c)
	if err != nil {
		return verdict{}, err
	}
	if src == nil {
		all, err := named()
		if err != nil {
			return verdict{}, err
		}
		return a.elsewhen(ctx, s, c, all[law.Citation{Law: c.Law}.Key()])
	}
	whole, err := a.whole(ctx, s, c)
	if err != nil {
		return verdict{}, err
	}
	if missing := lacks(whole, c); missing != "" {
		return verdict{CitationNotThere, "이 조에 " + missing + " 없습니다.", src}, nil
	}
	if v := foreign(sentence, whole); alone && c.Part == law.Body && v != "" {
		return verdict{CitationMismatch, "이 조문에 없는 값: " + v, src}, nil
	}
	src.N = 1
	held := ground.Attach(sentence[len(ground.Mark(sentence)):], []int{1}, []ground.Source{*src})
	if held.Status == ground.Unverified && contradicts.MatchString(held.Why) {
		return verdict{CitationMismatch, strings.Replace(held.Why, "근거 1", "이 조문", 1), src}, nil
	}
	return verdict{CitationFound, "", src}, nil
}

// whole is the text of the article that c names, of which a passage may hold a part.
func (a *Assistant) whole(ctx context.Context, s index.Scope, c law.Citation) (string, error) {
	article := law.Citation{Law: c.Law, Part: c.Part, Annex: c.Annex, Number: c.Number, Date: c.Date, Article: c.Article}
	hits, err := a.index.Search(ctx, index.Query{Scope: s, Text: article.String(), Limit: 30})
	if err != nil {
		return "", err
	}
	var parts []string
	for _, h := range a.finder.Allowed(s, hits) {
		for _, f := range law.Find(h.Chunk.Cite) {
			if article.Covers(f.Citation) {
				parts = append(parts, h.Chunk.Text)
			}
		}
	}
	return strings.Join(parts, "\n"), nil
}

// lacks names the 항 or 호 of c that an article does not have, with its particle, or "".
func lacks(article string, c law.Citation) string {
	if c.Part != law.Body || article == "" {
		return ""
	}
	if n := c.Paragraph; n > 20 || n > 1 && !strings.Contains(article, string('①'+rune(n-1))) {
		return fmt.Sprintf("제%d항이", n)
	}
	if c.Item.N > 0 && !regexp.MustCompile(`(?m)^\s*`+c.Item.String()+`\s*\.`).MatchString(article) {
		return "제" + c.Item.String() + "호가"
	}
	return ""
}

// foreign is the first amount, share, period or number of a sentence that an article
// does not state, or "". Dates and telephone numbers are the writer's own.
func foreign(sentence, article string) string {
	have := text.Values(article)
	for _, v := range text.Values(sentence) {
		if !slices.Contains([]text.Kind{text.Money, text.Ratio, text.Points, text.Period, text.Count}, v.Kind) {
			continue
		}
		if !slices.ContainsFunc(have, v.Matches) {
			return string([]rune(sentence)[v.Start:v.End])
		}
	}
	return ""
}

// contradicts tells the reasons of [ground.Check] that show a wrong citation from
// those that only show that the sentence says more than its article.
var contradicts = regexp.MustCompile(`없는 (?:값|수)|뜻이 다른|그날 시행 중이 아니거나 삭제된`)

// named is all documents of the index by the key of their title as a law's.
func (a *Assistant) named(ctx context.Context) (map[string][]index.Doc, error) {
	out := map[string][]index.Doc{}
	for d, err := range a.index.Docs(ctx) {
		if err != nil {
			return nil, err
		}
		key := law.Citation{Law: d.Title}.Key()
		out[key] = append(out[key], d)
	}
	return out, nil
}

// elsewhen looks for an article that the law of the day does not hold among the
// versions of other days.
func (a *Assistant) elsewhen(ctx context.Context, s index.Scope, c law.Citation, versions []index.Doc) (verdict, error) {
	named := false
	tried := 0
	for _, d := range versions {
		then := s
		switch {
		case !d.From.IsZero():
			then.On = d.From
		case !d.Until.IsZero():
			then.On = d.Until.AddDate(0, 0, -1)
		}
		if !then.Allows(d, index.Chunk{}) {
			continue
		}
		named = true
		if tried++; tried > maxVersions {
			break
		}
		src, err := a.article(ctx, then, c)
		if err != nil {
			return verdict{}, err
		}
		if src != nil {
			return verdict{CitationNotOn, fmt.Sprintf("기준일에 시행 중인 조문이 아닙니다(시행 %s~%s).", src.InForce.From, src.InForce.Until), src}, nil
		}
	}
	if !named {
		return verdict{state: CitationUnread, why: "이 법령이 색인에 없어 확인하지 못했습니다."}, nil
	}
	return verdict{state: CitationNotThere, why: "이 법령에 그런 조문이 없습니다."}, nil
}

// article is the passage that a citation names as it is in force in s; nil if there
// is none that may be seen. It is found by words alone: its citation is a term.
func (a *Assistant) article(ctx context.Context, s index.Scope, c law.Citation) (*ground.Source, error) {
	hits, err := a.index.Search(ctx, index.Query{Scope: s, Text: c.String(), Limit: 5})
	if err != nil {
		return nil, err
	}
	for _, src := range retrieval.Sources(a.finder.Allowed(s, hits), s.On) {
		for _, f := range law.Find(src.Cite) {
			if same := f.Citation.Covers(c) || c.Covers(f.Citation); same && (law.Citation{Law: f.Citation.Law}).Key() == (law.Citation{Law: c.Law}).Key() {
				return &src, nil
			}
		}
	}
	return nil, nil
}
