// Package catalog lists the documents of an index as one person may see them:
// what there is, the versions of a work, its outline and its passages. A document
// outside the person's rights does not exist here.
package catalog

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"biseo/index"
	"biseo/korea/text"
)

// An Index is the part of [index.Index] that a catalog needs.
type Index interface {
	Docs(ctx context.Context) iter.Seq2[index.Doc, error]
	Passage(ctx context.Context, s index.Scope, chunkID string, around int) ([]index.Hit, error)
}

// A Person is whose rights count, on the day on which documents are looked at.
type Person struct {
	Groups []string    // besides "public"
	Grade  index.Grade // highest that the person may see; unset means Open
	Today  time.Time
}

// sees reports whether p may see d, in force or not.
func (p Person) sees(d index.Doc) bool {
	d.From, d.Until = time.Time{}, time.Time{}
	return index.Scope{Readers: p.Groups, Grade: p.Grade, On: p.Today}.AllowsDoc(d)
}

// scope is what p may see on a day when d is in force: today, or else the last
// such day, or the first.
func (p Person) scope(d index.Doc) index.Scope {
	on := p.Today
	if !d.Until.IsZero() && !on.Before(d.Until) {
		on = d.Until.AddDate(0, 0, -1)
	}
	if on.Before(d.From) {
		on = d.From
	}
	return index.Scope{Readers: p.Groups, Grade: p.Grade, On: on}
}

// An Entry is what is told of a document.
type Entry struct {
	ID       string   `json:"id"`
	Work     string   `json:"work" doc:"What all versions share"`
	Title    string   `json:"title"`
	Kind     string   `json:"kind"`
	Agency   string   `json:"agency,omitempty"`
	URL      string   `json:"url,omitempty"`
	File     string   `json:"file,omitempty" doc:"Name of the file that it was read from"`
	Gist     string   `json:"gist,omitempty" doc:"문서요지"`
	Keywords []string `json:"keywords,omitempty" doc:"키워드"`
	Grade    string   `json:"grade" enum:"open,sensitive,classified"`
	From     string   `json:"from,omitempty" doc:"In force from this day; left out: unbounded"`
	Until    string   `json:"until,omitempty" doc:"In force until the day before this one"`
	Dated    string   `json:"dated,omitempty" doc:"The day that the document bears"`
	State    string   `json:"state" enum:"in_force,past,future" doc:"Today"`
	Near     string   `json:"near,omitempty" doc:"ID of a newer document that says nearly the same"`
}

func (p Person) entry(d index.Doc) Entry {
	e := Entry{ID: d.ID, Work: d.Work, Title: d.Title, Kind: d.Kind, Agency: d.Agency, URL: d.URL, Gist: d.Gist, Keywords: d.Keywords,
		Grade: d.Grade.String(), From: day(d.From), Until: day(d.Until), Dated: day(d.Dated), State: "in_force"}
	if d.Source != "" {
		e.File = path.Base(d.Source)
	}
	if d.Grade == 0 {
		e.Grade = index.Classified.String()
	}
	switch {
	case p.Today.Before(d.From):
		e.State = "future"
	case !d.Until.IsZero() && !p.Today.Before(d.Until):
		e.State = "past"
	}
	return e
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// A Filter says which documents are wanted. Its zero value wants all.
type Filter struct {
	Kinds, Agencies []string
	Grades, States  []string                      // as an Entry has them
	Title           string                        // its words, in any order, without regard to spaces
	Since           time.Time                     // came into force, are dated or were read on this day or later
	Read            func(source string) time.Time // when a source was last read; nil: not known
}

func (f Filter) wants(d index.Doc, today time.Time) bool {
	if len(f.Kinds) > 0 && !slices.Contains(f.Kinds, d.Kind) || len(f.Agencies) > 0 && !slices.Contains(f.Agencies, d.Agency) {
		return false
	}
	title := fold(d.Title)
	for _, word := range strings.Fields(f.Title) {
		if !strings.Contains(title, fold(word)) {
			return false
		}
	}
	if f.Since.IsZero() {
		return true
	}
	for _, t := range []time.Time{d.From, d.Until, d.Dated} { // what was repealed has changed, too
		if !t.Before(f.Since) && !t.After(today) {
			return true
		}
	}
	return f.Read != nil && !f.Read(d.Source).Before(f.Since)
}

func fold(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(text.Normalize(s)), ""))
}

// A Page is some documents in ID order.
type Page struct {
	Documents []Entry `json:"documents" nullable:"false"`
	Next      string  `json:"next,omitempty" doc:"Cursor of the next page; left out on the last"`
}

// ErrCursor reports a cursor that no page was returned with.
var ErrCursor = errors.New("catalog: unknown cursor")

// cursorMark begins a cursor, before the ID of the last document that was told: it
// may have gone since.
const cursorMark = "after "

// List returns at most limit documents that p may see, behind the cursor after.
func List(ctx context.Context, x Index, p Person, f Filter, after string, limit int) (Page, error) {
	b, err := base64.RawURLEncoding.DecodeString(after)
	from, ours := strings.CutPrefix(string(b), cursorMark)
	if err != nil || after != "" && !ours {
		return Page{}, ErrCursor
	}
	page := Page{Documents: []Entry{}}
	for d, err := range x.Docs(ctx) {
		if err != nil {
			return Page{}, fmt.Errorf("list documents: %w", err)
		}
		if d.ID <= from && after != "" || !p.sees(d) || !f.wants(d, p.Today) {
			continue
		}
		e := p.entry(d)
		if len(f.Grades) > 0 && !slices.Contains(f.Grades, e.Grade) || len(f.States) > 0 && !slices.Contains(f.States, e.State) {
			continue
		}
		if len(page.Documents) == limit {
			page.Next = base64.RawURLEncoding.EncodeToString([]byte(cursorMark + page.Documents[limit-1].ID))
			break
		}
		page.Documents = append(page.Documents, e)
	}
	return page, nil
}

// Count returns how many documents p may see, and of which kinds, in order.
func Count(ctx context.Context, x Index, p Person) (n int, kinds []string, err error) {
	seen := map[string]bool{}
	for d, err := range x.Docs(ctx) {
		if err != nil {
			return 0, nil, fmt.Errorf("count documents: %w", err)
		}
		if !p.sees(d) {
			continue
		}
		n++
		if !seen[d.Kind] {
			seen[d.Kind] = true
			kinds = append(kinds, d.Kind)
		}
	}
	slices.Sort(kinds)
	return n, kinds, nil
}

// Find returns a document that p may see, or [index.ErrNotFound].
func Find(ctx context.Context, x Index, p Person, id string) (index.Doc, error) {
	for d, err := range x.Docs(ctx) {
		if err != nil {
			return index.Doc{}, fmt.Errorf("find document: %w", err)
		}
		if d.ID == id && p.sees(d) {
			return d, nil
		}
	}
	return index.Doc{}, index.ErrNotFound
}

// A Details is a document with its other versions and its outline.
type Details struct {
	Entry
	Near     string    `json:"near,omitempty" doc:"ID of a newer document that says nearly the same"`
	Readers  []string  `json:"readers,omitempty" doc:"Groups that may read it; told to who may change documents"`
	Versions []Entry   `json:"versions" nullable:"false" doc:"All versions of the work that the caller may see, the newest first, this one included"`
	Outline  []Heading `json:"outline" nullable:"false" doc:"Headings in order, at most 2,000"`
}

// A Heading is where something begins in a document.
type Heading struct {
	Path    []string `json:"path" nullable:"false" doc:"Enclosing headings, the outermost first"`
	Cite    string   `json:"cite"`
	ChunkID string   `json:"chunk_id" doc:"The first passage below it"`
	Page    int      `json:"page" doc:"From 1; 0 where the format has no pages"`
}

const (
	maxOutline = 2000
	maxSeek    = 50 // chunks looked at until the first one in force
)

// Describe returns what is known of a document that p may see.
func Describe(ctx context.Context, x Index, p Person, id string) (*Details, error) {
	d, err := Find(ctx, x, p, id)
	if err != nil {
		return nil, err
	}
	out := &Details{Entry: p.entry(d), Versions: []Entry{}, Outline: []Heading{}}
	for v, err := range x.Docs(ctx) {
		if err != nil {
			return nil, fmt.Errorf("describe document: %w", err)
		}
		if v.ID == d.Near && p.sees(v) {
			out.Near = v.ID
		}
		if v.Work == d.Work && p.sees(v) {
			out.Versions = append(out.Versions, p.entry(v))
		}
	}
	slices.SortStableFunc(out.Versions, func(a, b Entry) int { return strings.Compare(b.From, a.From) })
	hits, err := first(ctx, x, p.scope(d), d.ID, math.MaxInt32)
	if err != nil && !errors.Is(err, index.ErrNotFound) {
		return nil, fmt.Errorf("describe document: %w", err)
	}
	var last []string
	for _, h := range hits {
		if len(out.Outline) == maxOutline {
			break
		}
		if c := h.Chunk; len(out.Outline) == 0 || !slices.Equal(c.Path, last) {
			out.Outline = append(out.Outline, Heading{append([]string{}, c.Path...), c.Cite, c.ID, c.Page})
			last = c.Path
		}
	}
	return out, nil
}

// Passages returns at most limit passages of a document in order, behind the chunk
// after, from the first where it is "", and the chunk to go on behind; "" at the end.
func Passages(ctx context.Context, x Index, p Person, id, after string, limit int) (d index.Doc, hits []index.Hit, on time.Time, next string, err error) {
	if d, err = Find(ctx, x, p, id); err != nil {
		return d, nil, on, "", err
	}
	s := p.scope(d)
	if after == "" {
		hits, err = first(ctx, x, s, d.ID, limit)
	} else {
		hits, err = x.Passage(ctx, s, after, limit+1)
	}
	if err != nil {
		return d, nil, on, "", fmt.Errorf("passages: %w", err)
	}
	if after != "" {
		i := slices.IndexFunc(hits, func(h index.Hit) bool { return h.Chunk.ID == after && h.Doc.ID == id })
		if i < 0 {
			return d, nil, on, "", index.ErrNotFound
		}
		hits = hits[i+1:]
	}
	hits = slices.DeleteFunc(hits, func(h index.Hit) bool { return !s.Allows(h.Doc, h.Chunk) })
	if len(hits) > limit {
		hits = hits[:limit]
		next = hits[limit-1].Chunk.ID
	}
	return d, hits, s.On, next, nil
}

// first is the beginning of a document: its first chunk in force and around more.
func first(ctx context.Context, x Index, s index.Scope, docID string, around int) ([]index.Hit, error) {
	for i := range maxSeek {
		hits, err := x.Passage(ctx, s, index.ChunkID(docID, i), around)
		if !errors.Is(err, index.ErrNotFound) {
			return slices.DeleteFunc(hits, func(h index.Hit) bool { return !s.Allows(h.Doc, h.Chunk) }), err
		}
	}
	return nil, index.ErrNotFound
}
