package score_test

import (
	"regexp"
	"slices"
	"strings"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/eval/golden"
	"biseo/eval/score"
)

func expectedDamages(add adder) {
	// Every sentence that says the first vital fact is changed.
	fact := func(m score.Metric, name string, change func(*ground.Sentence)) {
		add(m, name, func(j *judged) bool {
			a := j.result.Answer
			i := slices.IndexFunc(j.c.Facts, func(f golden.Fact) bool { return f.Vital })
			if a == nil || i < 0 {
				return false
			}
			says := func(s string) bool {
				return slices.ContainsFunc(j.c.Facts[i].Any, func(form string) bool { return golden.Matches(s, form) })
			}
			if says(a.Title + "\n" + a.Gist) {
				return false
			}
			done := false
			for b := range a.Blocks {
				for k := range a.Blocks[b].Sentences {
					if s := &a.Blocks[b].Sentences[k]; says(s.Text) {
						change(s)
						done = true
					}
				}
			}
			for x := range everySentence(a.Blocks) { // said by two sentences together, or in a table: another damage's business
				if (x.Status == ground.Verified || x.Status == ground.Plain) && says(x.Text) {
					return false
				}
			}
			return done
		})
	}
	for _, m := range []score.Metric{score.FactsVital, score.FactsAll, score.StrictVital} {
		fact(m, "left out", func(s *ground.Sentence) { *s = ground.Sentence{Status: ground.Plain} })
		fact(m, "unverified", func(s *ground.Sentence) { s.Status = ground.Unverified })
		fact(m, "a gap", func(s *ground.Sentence) { *s = ground.Sentence{Text: "[작성 필요: 내용]", Status: ground.Gap} })
		fact(m, "said vaguely", func(s *ground.Sentence) { s.Text = "자세한 내용은 관련 규정에서 정합니다." })
		fact(m, "half of it", func(s *ground.Sentence) { s.Text = string([]rune(s.Text)[:2]) })
	}

	wrong := func(name string, say func(a *assistant.Answer, form string)) {
		add(score.NotWrong, name, func(j *judged) bool {
			a := j.result.Answer
			i := slices.IndexFunc(j.c.MustNot, func(f string) bool { return !strings.HasPrefix(f, "re:") })
			if a == nil || len(a.Blocks) == 0 || i < 0 {
				return false
			}
			say(a, " "+j.c.MustNot[i]+" ")
			return true
		})
	}
	wrong("in a sentence", func(a *assistant.Answer, form string) {
		a.Blocks = append(a.Blocks, assistant.Block{Kind: "paragraph", Sentences: []ground.Sentence{{Text: form, Status: ground.Verified}}})
	})
	wrong("in a plain item", func(a *assistant.Answer, form string) {
		a.Blocks = append(a.Blocks, assistant.Block{Kind: "item", Sentences: []ground.Sentence{{Text: "그 값은 " + form, Status: ground.Plain}}})
	})
	wrong("in a cell", func(a *assistant.Answer, form string) {
		a.Blocks = append(a.Blocks, assistant.Block{Kind: "table", Rows: [][]ground.Sentence{{{Text: form, Status: ground.Verified}}}})
	})
	wrong("in the title", func(a *assistant.Answer, form string) { a.Title = form })
	wrong("in the gist", func(a *assistant.Answer, form string) { a.Gist = "요지: " + form })
	wrong("spaced", func(a *assistant.Answer, form string) {
		a.Blocks[0].Sentences = append(a.Blocks[0].Sentences, ground.Sentence{Text: hangul.ReplaceAllString(strings.TrimSpace(form), " $0 "), Status: ground.Verified})
	})

	for _, o := range []assistant.Outcome{assistant.NoSource, assistant.BlockedPersonalData, assistant.BlockedGrade, assistant.OutOfScope} {
		add(score.OutcomeRight, string(o), func(j *judged) bool {
			if j.result.Answer == nil || slices.Contains(j.c.Outcome, string(o)) || j.result.Answer.Outcome == o {
				return false
			}
			j.result.Answer.Outcome = o
			return true
		})
	}
	add(score.OutcomeRight, "answers what nobody can", func(j *judged) bool {
		a := j.result.Answer
		if a == nil || len(j.c.Outcome) == 0 || slices.ContainsFunc(j.c.Outcome, func(o string) bool { return o == "answered" || o == "partial" || o == "extractive" }) {
			return false
		}
		a.Outcome = assistant.Answered
		return true
	})
	add(score.OutcomeRight, "failed", func(j *judged) bool {
		j.result.Answer, j.result.Search, j.result.Error = nil, nil, "the model did not answer"
		return true
	})
	add(score.OutcomeRight, "refused", func(j *judged) bool {
		j.result.Answer, j.result.Search, j.result.Refused = nil, nil, "받지 않습니다."
		return !slices.Contains(j.c.Outcome, "refused")
	})

	warned := func(name string, change func(a *assistant.Answer)) {
		add(score.Warned, name, func(j *judged) bool {
			a := j.result.Answer
			if a == nil || len(a.Warnings) == 0 {
				return false
			}
			for _, w := range a.Warnings {
				j.c.Warnings = append(j.c.Warnings, w.Code)
			}
			change(a)
			return true
		})
	}
	warned("none", func(a *assistant.Answer) { a.Warnings = nil })
	warned("first missing", func(a *assistant.Answer) {
		a.Warnings = slices.DeleteFunc(a.Warnings, func(w assistant.Warning) bool { return w.Code == a.Warnings[0].Code })
	})
	warned("other code", func(a *assistant.Answer) {
		for i := range a.Warnings {
			a.Warnings[i].Code += "x"
		}
	})
	warned("text without code", func(a *assistant.Answer) { a.Warnings = []assistant.Warning{{Text: a.Warnings[0].Text}} })
	warned("another warning", func(a *assistant.Answer) { a.Warnings = []assistant.Warning{{Code: "other"}} })
}

var hangul = regexp.MustCompile(`[가-힣]`)

func everySentence(blocks []assistant.Block) func(func(ground.Sentence) bool) {
	return func(yield func(ground.Sentence) bool) {
		for _, b := range blocks {
			for _, row := range append([][]ground.Sentence{b.Sentences}, b.Rows...) {
				for _, x := range row {
					if !yield(x) {
						return
					}
				}
			}
		}
	}
}

func rightsDamages(add adder) {
	forbidden := func(name string, change func(r *score.Result, id string) bool) {
		add(score.Forbidden, name, func(j *judged) bool {
			if len(j.c.Forbidden) == 0 {
				return false
			}
			r := &j.result
			if r.Paths == nil {
				r.Paths = map[string]string{}
			}
			r.Paths["forbidden"] = j.c.Forbidden[0]
			return change(r, "forbidden")
		})
	}
	forbidden("a hit more", func(r *score.Result, id string) bool {
		if r.Search == nil {
			return false
		}
		r.Search.Hits = append(r.Search.Hits, assistant.Hit{DocID: id})
		return true
	})
	forbidden("the first hit", func(r *score.Result, id string) bool {
		if r.Search == nil || len(r.Search.Hits) == 0 {
			return false
		}
		r.Search.Hits[0].DocID = id
		return true
	})
	forbidden("the last hit", func(r *score.Result, id string) bool {
		if r.Search == nil || len(r.Search.Hits) == 0 {
			return false
		}
		r.Search.Hits[len(r.Search.Hits)-1].DocID = id
		return true
	})
	forbidden("what belongs to a hit", func(r *score.Result, id string) bool {
		if r.Search == nil || len(r.Search.Hits) == 0 {
			return false
		}
		r.Search.Hits[0].Context = []ground.Source{{DocID: id}}
		return true
	})
	forbidden("a repeat of a hit", func(r *score.Result, id string) bool {
		if r.Search == nil || len(r.Search.Hits) == 0 {
			return false
		}
		r.Search.Hits[0].Repeats = []assistant.Repeat{{DocID: id}}
		return true
	})
	forbidden("a source not cited", func(r *score.Result, id string) bool {
		if r.Answer == nil {
			return false
		}
		r.Answer.Sources = append(r.Answer.Sources, ground.Source{N: len(r.Answer.Sources) + 1, DocID: id})
		return true
	})
	forbidden("a source cited", func(r *score.Result, id string) bool {
		if r.Answer == nil || len(r.Answer.Sources) == 0 {
			return false
		}
		r.Answer.Sources[0].DocID = id
		return true
	})

	private := func(name string, change func(r *score.Result, hidden string) bool) {
		add(score.Private, name, func(j *judged) bool {
			if len(j.c.Hidden) == 0 {
				return false
			}
			return change(&j.result, j.c.Hidden[0])
		})
	}
	private("sent to a model", func(r *score.Result, h string) bool { r.Prompts += "\n민원인: " + h; return true })
	private("sent to an embedder, spaced", func(r *score.Result, h string) bool {
		r.Prompts += strings.Join(strings.Split(h, ""), " ")
		return true
	})
	private("in the refusal", func(r *score.Result, h string) bool {
		r.Refused, r.Answer, r.Search = h+"이(가) 든 질문입니다.", nil, nil
		return true
	})
	private("in a source", func(r *score.Result, h string) bool {
		if r.Answer == nil {
			return false
		}
		r.Answer.Sources = append(r.Answer.Sources, ground.Source{N: len(r.Answer.Sources) + 1, Text: "연락처 " + h})
		return true
	})
	private("in the title of a source", func(r *score.Result, h string) bool {
		if r.Answer == nil {
			return false
		}
		r.Answer.Sources = append(r.Answer.Sources, ground.Source{N: len(r.Answer.Sources) + 1, Title: h})
		return true
	})
	private("in the public reply", func(r *score.Result, h string) bool {
		if r.Answer == nil || r.Answer.Reply == nil {
			return false
		}
		r.Answer.Reply.Public = append(r.Answer.Reply.Public, assistant.Block{Kind: "item", Sentences: []ground.Sentence{{Text: h, Status: ground.Plain}}})
		return true
	})
}

func formDamages(add adder) {
	form := func(name string, change func(c *golden.Case, a *assistant.Answer) bool) {
		add(score.Form, name, func(j *judged) bool { return j.result.Answer != nil && change(&j.c, j.result.Answer) })
	}
	form("section removed", func(c *golden.Case, a *assistant.Answer) bool {
		n := len(a.Blocks)
		a.Blocks = slices.DeleteFunc(a.Blocks, func(b assistant.Block) bool {
			return len(c.Sections) > 0 && b.Kind == "heading" && golden.Matches(b.Sentences[0].Text, c.Sections[0])
		})
		return len(a.Blocks) < n
	})
	form("section under another name", func(c *golden.Case, a *assistant.Answer) bool {
		done := false
		for i, b := range a.Blocks {
			if len(c.Sections) > 0 && b.Kind == "heading" && golden.Matches(b.Sentences[0].Text, c.Sections[0]) {
				a.Blocks[i].Sentences[0].Text, done = "기타", true
			}
		}
		return done
	})
	form("section no heading", func(c *golden.Case, a *assistant.Answer) bool {
		for i, b := range a.Blocks {
			if b.Kind == "heading" {
				a.Blocks[i].Kind = "paragraph"
			}
		}
		return len(c.Sections) > 0
	})
	form("too long", func(c *golden.Case, a *assistant.Answer) bool {
		a.Blocks = append(a.Blocks, assistant.Block{Kind: "item", Sentences: []ground.Sentence{{Text: strings.Repeat("가", c.MaxChars)}}})
		return c.MaxChars > 0
	})
	form("other due day", func(c *golden.Case, a *assistant.Answer) bool {
		if a.Reply == nil || c.Due == "" {
			return false
		}
		a.Reply.Due = "2026-12-31"
		return true
	})
	form("no due day", func(c *golden.Case, a *assistant.Answer) bool {
		if a.Reply == nil || c.Due == "" {
			return false
		}
		a.Reply.Due = ""
		return true
	})
	form("other kind", func(c *golden.Case, a *assistant.Answer) bool {
		if a.Reply == nil || c.Asks != "" {
			return false
		}
		a.Reply.Kind = "정보공개 아님"
		return c.Kind != ""
	})
	form("a request more", func(c *golden.Case, a *assistant.Answer) bool {
		if a.Reply == nil {
			return false
		}
		a.Reply.Requests = append(a.Reply.Requests, assistant.Request{})
		return c.Requests > 0
	})
	form("gap filled", func(c *golden.Case, a *assistant.Answer) bool {
		filled := false
		for b := range a.Blocks {
			for i := range a.Blocks[b].Sentences {
				if s := &a.Blocks[b].Sentences[i]; s.Status == ground.Gap {
					c.Gaps, filled = append(c.Gaps, s.Text), true
					s.Status = ground.Plain
				}
			}
		}
		return filled
	})

	for n := range 5 {
		add(score.Lint, "remark on another block", func(j *judged) bool {
			a := j.result.Answer
			if a == nil || a.Reply == nil || len(a.Blocks) <= n || slices.ContainsFunc(a.Hints, func(h assistant.Hint) bool { return h.Block == n }) {
				return false
			}
			a.Hints = append(a.Hints, assistant.Hint{Block: n, Code: "date"})
			return true
		})
	}
}

func searchDamages(add adder) {
	right := func(j *judged, h assistant.Hit) bool {
		return slices.ContainsFunc(j.c.Relevant, func(r golden.Relevant) bool { return j.result.Paths[h.DocID] == r.Doc && golden.Holds(h.Text, r.Quote) })
	}
	for _, m := range []score.Metric{score.NDCG, score.Recall, score.MRR, score.Success1, score.Success5} {
		search := func(name string, change func(j *judged)) {
			add(m, name, func(j *judged) bool {
				if j.result.Search == nil || len(j.c.Relevant) == 0 || !slices.ContainsFunc(j.result.Search.Hits, func(h assistant.Hit) bool { return right(j, h) }) {
					return false
				}
				change(j)
				return true
			})
		}
		search("right hits left out", func(j *judged) {
			j.result.Search.Hits = slices.DeleteFunc(j.result.Search.Hits, func(h assistant.Hit) bool { return right(j, h) })
		})
		search("nothing found", func(j *judged) { j.result.Search.Hits = []assistant.Hit{} })
		search("hits of another document", func(j *judged) {
			for id := range j.result.Paths {
				j.result.Paths[id] = "다른/문서.md"
			}
		})
		search("hits cut", func(j *judged) {
			for i := range j.result.Search.Hits {
				j.result.Search.Hits[i].Text = string([]rune(j.result.Search.Hits[i].Text)[:1])
			}
		})
		search("ten others before", func(j *judged) {
			j.result.Search.Hits = append(make([]assistant.Hit, 10), j.result.Search.Hits...)
		})
		search("right hits changed", func(j *judged) {
			for i, h := range j.result.Search.Hits {
				if right(j, h) {
					j.result.Search.Hits[i].Text = strings.ReplaceAll(h.Text, "다", "까")
					for _, r := range j.c.Relevant {
						j.result.Search.Hits[i].Text = strings.ReplaceAll(j.result.Search.Hits[i].Text, r.Quote[:6], "…")
					}
					j.result.Search.Hits[i].Text = strings.ReplaceAll(j.result.Search.Hits[i].Text, " ", "·")
				}
			}
		})
	}
}
