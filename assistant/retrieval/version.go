package retrieval

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/law"
)

// The states of what has a period, as of today.
const (
	Current = "current" // 현행
	Future  = "future"  // 시행예정
	Past    = "past"    // 연혁
)

// state tells how a period stands to the day today; "" for one without bounds.
func state(p ground.InForce, today string) string {
	switch {
	case p.From == "" && p.Until == "":
		return ""
	case p.From > today:
		return Future
	case p.Until != "" && p.Until <= today:
		return Past
	}
	return Current
}

// Stamp tells how sources stand to the law of now: their State, and for an article of
// which another version follows, in force today or to come, from when it is worded
// otherwise. It looks only at what s, on that other day, may see.
func (f *Finder) Stamp(ctx context.Context, s index.Scope, sources []ground.Source, now time.Time) error {
	today := Day(index.Today(now))
	for i := range sources {
		src := &sources[i]
		src.State = state(src.InForce, today)
		if src.InForce.Until == "" {
			continue
		}
		article := index.Hit{Chunk: index.Chunk{Cite: src.Cite}}.Article()
		if article == "" {
			continue
		}
		on := max(src.InForce.Until, today)
		var err error
		if s.On, err = time.Parse(time.DateOnly, on); err != nil {
			return err
		}
		if src.Changed, err = f.changedBy(ctx, s, *src, article); err != nil {
			return err
		}
	}
	return nil
}

// changedBy is the day from which the version of an article that is in force on
// s.On applies, if it does not hold the words of src; "" if it does or is not found.
func (f *Finder) changedBy(ctx context.Context, s index.Scope, src ground.Source, article string) (string, error) {
	c, ok := law.ParseKey(article)
	if !ok {
		return "", nil
	}
	s.Docs = nil // the asker's documents are those of the other day
	hits, err := f.index.Search(ctx, index.Query{Scope: s, Text: c.String(), Limit: pool})
	if err != nil {
		return "", fmt.Errorf("look up the version in force on %s: %w", Day(s.On), err)
	}
	var whole strings.Builder
	from := ""
	for _, h := range f.Allowed(s, hits) {
		if p := InForce(h); h.Article() == article && h.Doc.ID != src.DocID && p.From >= src.InForce.Until {
			whole.WriteString(h.Chunk.Text)
			from = p.From
		}
	}
	if from == "" {
		return "", nil
	}
	now := wording(whole.String())
	for line := range strings.Lines(src.Text) {
		if !strings.Contains(now, wording(line)) {
			return from, nil
		}
	}
	return "", nil
}

// amendedNote is <개정 2022. 1. 11., 2024. 10. 29.>, which is no wording.
var amendedNote = regexp.MustCompile(`[<\[](?:개정|신설|전문개정|본조신설|제목개정|시행일)[^>\]]{0,400}[>\]]`)

// wording is what a text of law says: without notes on amendments and spaces.
func wording(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, amendedNote.ReplaceAllString(s, ""))
}
