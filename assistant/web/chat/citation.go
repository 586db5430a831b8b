package chat

import (
	"slices"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/ground"
)

// A Citation is a source that an answer uses.
type Citation struct {
	N       int            `json:"n"` // the mark [n]
	Name    string         `json:"name"`
	Title   string         `json:"title"`
	ChunkID string         `json:"chunk_id"`
	DocID   string         `json:"doc_id"`
	Page    int            `json:"page,omitempty"`
	URL     string         `json:"url,omitempty"`
	InForce ground.InForce `json:"in_force"`
	Quotes  []string       `json:"quotes"` // what the sentences rest on, word for word
}

// Citations are the sources that the sentences of ans cite, with what they rest on.
func Citations(ans *assistant.Answer) []Citation {
	quotes := make([][]string, len(ans.Sources))
	note := func(all []ground.Sentence) {
		for _, s := range all {
			for _, c := range s.Cites {
				if q := &quotes[c.Source-1]; !slices.Contains(*q, c.Quote) {
					*q = append(*q, c.Quote)
				}
			}
		}
	}
	for _, b := range ans.Blocks {
		note(b.Sentences)
		for _, row := range b.Rows {
			note(row)
		}
	}
	var out []Citation
	for i, s := range ans.Sources {
		if s.Used {
			out = append(out, Citation{s.N, Name(s), s.Title, s.ChunkID, s.DocID, s.Page, s.URL, s.InForce, append([]string{}, quotes[i]...)})
		}
	}
	return out
}

// Record is what the audit log keeps of an action: the sources shown and, where
// ans is not nil, the day and versions of the whole answer; never a text.
func Record(action, outcome string, shown []ground.Source, ans *assistant.Answer) audit.Record {
	rec := audit.Record{Action: action, Outcome: outcome}
	for _, s := range shown {
		rec.On = s.On
		if !slices.Contains(rec.Docs, s.DocID) {
			rec.Docs = append(rec.Docs, s.DocID)
		}
		rec.Passages = append(rec.Passages, s.ChunkID)
	}
	if ans != nil {
		rec.On, rec.Versions = ans.On, map[string]string{"prompt": ans.Prompt, "model": ans.Model, "index": ans.Index}
	}
	return rec
}

// Action names a task in the audit log, as its address in the REST API does.
func Action(task string) string {
	return map[string]string{"answer": "answers", "summary": "summaries", "report": "reports", "reply": "replies"}[task]
}

// A Problem is what a caller may know of an error of the service.
type Problem struct {
	Status     int    // of HTTP
	Code       string // stable
	Detail     string // one Korean sentence
	RetryAfter int    // seconds; 0: none
}
