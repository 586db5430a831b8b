package eval

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"biseo/ingest"
	"biseo/ingest/extract"
	"biseo/ingest/extract/blocks"
)

// A TextMatch compares a text with its reference, white space and the bars
// between table cells aside.
type TextMatch struct {
	Characters int     `json:"characters"` // of the reference, in code points
	Recall     float64 `json:"recall"`     // of its characters, in their order: longest common subsequence
	Precision  float64 `json:"precision"`  // of the text's characters, likewise
	AnyOrder   float64 `json:"any_order"`  // recall whatever the order: what is missing here was lost, not moved
}

// MatchText compares got with want. Recall of an empty reference and precision
// of an empty text are 1.
func MatchText(got, want string) TextMatch {
	g, w := bare(got), bare(want)
	common := subsequence(g, w)
	count := map[rune]int{}
	for _, r := range g {
		count[r]++
	}
	found := 0
	for _, r := range w {
		if count[r]--; count[r] >= 0 {
			found++
		}
	}
	return TextMatch{len(w), share(common, len(w)), share(common, len(g)), share(found, len(w))}
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// bare is what is compared of a text.
func bare(s string) []rune {
	var out []rune
	for _, r := range blocks.Clean(s) {
		if r != '|' && !unicode.IsSpace(r) {
			out = append(out, r)
		}
	}
	return out
}

// MatchCells compares the table cells of two readings of one document: how many
// of want's cells that are not empty stand in got with the same text, row, column
// and spans, in the same order, and how many there are.
func MatchCells(got, want *ingest.Document) (right, all int) {
	w := cellsOf(want)
	return subsequence(cellsOf(got), w), len(w)
}

func cellsOf(d *ingest.Document) []ingest.Cell {
	var out []ingest.Cell
	for _, b := range d.Blocks {
		for _, row := range b.Cells {
			for _, c := range row {
				if c.Text = string(bare(c.Text)); c.Text != "" {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// subsequence is the length of the longest common subsequence of a and b, by the
// bit-parallel algorithm of Hyyrö (2004): a bit of state for each element of a,
// which is cleared where the length grows.
func subsequence[T comparable](a, b []T) int {
	same := 0
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b, same = a[1:], b[1:], same+1
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b, same = a[:len(a)-1], b[:len(b)-1], same+1
	}
	type word struct {
		at   int
		mask uint64
	}
	matches := map[T][]word{} // where an element stands in a, as bits
	for i, x := range a {
		m := matches[x]
		if len(m) == 0 || m[len(m)-1].at != i/64 {
			m = append(m, word{at: i / 64})
		}
		m[len(m)-1].mask |= 1 << (i % 64)
		matches[x] = m
	}
	state := make([]uint64, (len(a)+63)/64)
	for i := range state {
		state[i] = ^uint64(0)
	}
	for _, y := range b {
		m := matches[y]
		var carry uint64
		for i := 0; len(m) > 0 || carry > 0; i++ {
			if carry == 0 {
				i = m[0].at
			}
			if i >= len(state) {
				break
			}
			var mask uint64
			if len(m) > 0 && m[0].at == i {
				mask, m = m[0].mask, m[1:]
			}
			var sum uint64
			sum, carry = bits.Add64(state[i], state[i]&mask, carry)
			state[i] = sum | state[i]&^mask
		}
	}
	for i := range len(a) {
		if state[i/64]>>(i%64)&1 == 0 {
			same++
		}
	}
	return same
}

// FidelityOptions say how [Fidelity] reads.
type FidelityOptions struct {
	Read    func(ctx context.Context, path string) (*ingest.Document, error) // safe for concurrent use
	Workers int                                                              // files read at a time; 0 means 1
}

// A FidelityReport is what [Fidelity] found. Totals weigh by characters and by
// cells, the last of them is over all formats.
type FidelityReport struct {
	Files   []FidelityFile  `json:"files"`
	Twins   []FidelityTwin  `json:"twins"`
	Totals  []FidelityTotal `json:"totals"`
	Seconds float64         `json:"seconds"` // to read all files, without the comparison
}

// A FidelityFile is one document.
type FidelityFile struct {
	Path      string     `json:"path"` // relative to the folder
	Format    string     `json:"format"`
	Reference string     `json:"reference,omitempty"` // relative, or pdftotext; "" if there is none
	Text      *TextMatch `json:"text,omitempty"`
	Cells     int        `json:"cells,omitempty"` // of a reference that has tables
	CellsOK   int        `json:"cells_ok,omitempty"`
	Pages     int        `json:"pages,omitempty"`
	Seconds   float64    `json:"seconds"`
	Warnings  int        `json:"warnings,omitempty"`
	Error     string     `json:"error,omitempty"`
}

// A FidelityTwin compares two formats of the same document.
type FidelityTwin struct {
	Path    string  `json:"path"`
	Other   string  `json:"other"`
	Alike   float64 `json:"alike"` // characters in common, in order, twice, by the characters of both
	Cells   int     `json:"cells"` // of Other
	CellsOK int     `json:"cells_ok"`
}

// A FidelityTotal sums up one format.
type FidelityTotal struct {
	Format     string  `json:"format"`
	Documents  int     `json:"documents"`
	Failed     int     `json:"failed"`
	Compared   int     `json:"compared"`
	Characters int     `json:"characters"`
	Recall     float64 `json:"recall"`
	Precision  float64 `json:"precision"`
	AnyOrder   float64 `json:"any_order"`
	Worst      float64 `json:"worst"` // recall of the worst file
	Cells      int     `json:"cells"`
	CellsOK    int     `json:"cells_ok"`
	Pages      int     `json:"pages"`
}

// Fidelity reads every document below dir and compares it with a reference text
// beside it, which for a.hwp is the first of a.hwp.ref.txt, a.ref.txt,
// text/a.txt, text/a.md, a.txt, a.md, golden-md/a.md (golden-md/a.hwpx.md for
// a.hwpx) and pandoc's a_accept.native or a.native; for a PDF without any, what
// pdftotext says, where that is installed. Cells are compared with a Markdown
// reference. Files of the same stem in two formats are compared with each other.
func Fidelity(ctx context.Context, dir string, opt FidelityOptions) (*FidelityReport, error) {
	paths, err := documentsBelow(dir)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: no document in it (HWP, HWPX, PDF, DOCX, XLSX, PPTX, HTML, CSV, ZIP)", dir)
	}
	r := &FidelityReport{Files: make([]FidelityFile, len(paths)), Twins: []FidelityTwin{}}
	docs := make([]*ingest.Document, len(paths))
	begun := time.Now()
	var wg sync.WaitGroup
	next := make(chan int)
	for range max(opt.Workers, 1) {
		wg.Go(func() {
			for i := range next {
				f := FidelityFile{Path: relative(dir, paths[i]), Format: format(paths[i])}
				begun := time.Now()
				d, err := opt.Read(ctx, paths[i])
				f.Seconds = time.Since(begun).Seconds()
				if err != nil {
					f.Error = err.Error()
				} else {
					f.Pages, f.Warnings, docs[i] = d.Pages, len(d.Warnings), d
				}
				r.Files[i] = f
			}
		})
	}
	for i := range paths {
		next <- i
	}
	close(next)
	wg.Wait()
	r.Seconds = time.Since(begun).Seconds()
	for i := range r.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if docs[i] == nil {
			continue
		}
		if err := r.Files[i].compare(ctx, dir, paths[i], docs[i], opt.Read); err != nil {
			return nil, err
		}
	}
	r.twins(dir, paths, docs)
	r.total()
	return r, nil
}

func relative(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

func format(path string) string { return strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".") }

func documentsBelow(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir+string(filepath.Separator), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			switch format(path) {
			case "hwp", "hwpx", "hml", "pdf", "docx", "doc", "xlsx", "xls", "pptx", "ppt", "html", "htm", "csv", "tsv", "zip", "odt", "rtf":
				paths = append(paths, filepath.Clean(path))
			}
		}
		return err
	})
	return paths, err
}

// textOf is the text of a document or of all documents of an archive.
func textOf(d *ingest.Document) string {
	s := d.Text
	for _, p := range d.Parts {
		if p.Document != nil {
			s += p.Document.Text
		}
	}
	return s
}

func (f *FidelityFile) compare(ctx context.Context, dir, path string, d *ingest.Document, read func(context.Context, string) (*ingest.Document, error)) error {
	folder, base := filepath.Split(path)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	golden := stem
	if f.Format == "hwpx" {
		golden = base
	}
	golden = filepath.Join(folder, "golden-md", golden+".md")
	var want string
	for _, ref := range []string{
		path + ".ref.txt", filepath.Join(folder, stem+".ref.txt"), filepath.Join(folder, "text", stem+".txt"), filepath.Join(folder, "text", stem+".md"),
		filepath.Join(folder, stem+".txt"), filepath.Join(folder, stem+".md"), golden,
		filepath.Join(folder, stem+"_accept.native"), filepath.Join(folder, stem+".native"),
	} {
		if _, err := os.Stat(ref); err != nil {
			continue
		}
		switch format(ref) {
		case "md":
			reference, err := read(ctx, ref)
			if err != nil {
				return fmt.Errorf("read reference: %w", err)
			}
			want = reference.Text
		default:
			s, err := os.ReadFile(ref)
			if err != nil {
				return fmt.Errorf("read reference: %w", err)
			}
			if want = string(s); len(strings.TrimSpace(want)) > 0 && format(ref) == "txt" {
				if want, err = extract.ReadText(ref); err != nil {
					return fmt.Errorf("read reference %s: %w", ref, err)
				}
			}
			if format(ref) == "native" {
				want = PandocText(want)
			}
		}
		f.Reference = relative(dir, ref)
		break
	}
	if f.Reference == "" && f.Format == "pdf" {
		if s, err := exec.CommandContext(ctx, "pdftotext", "-enc", "UTF-8", path, "-").Output(); err == nil {
			want, f.Reference = string(s), "pdftotext"
		} else if !errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("pdftotext %s: %w", path, err)
		}
	}
	if f.Reference != "" {
		m := MatchText(textOf(d), want)
		f.Text = &m
	}
	if format(f.Reference) == "md" {
		golden = filepath.Join(dir, f.Reference)
	}
	if reference, err := read(ctx, golden); err == nil {
		f.CellsOK, f.Cells = MatchCells(d, reference)
	}
	return nil
}

// twins compares files of one stem: with the first of hwpx, docx, hwp, pdf.
func (r *FidelityReport) twins(dir string, paths []string, docs []*ingest.Document) {
	formats := []string{"hwpx", "docx", "hwp", "hml", "pdf"}
	groups := map[string][]int{}
	for i, p := range paths {
		if docs[i] != nil && slices.Contains(formats, format(p)) {
			stem := strings.TrimSuffix(p, filepath.Ext(p))
			groups[stem] = append(groups[stem], i)
		}
	}
	for _, p := range paths { // in their order
		stem := strings.TrimSuffix(p, filepath.Ext(p))
		group := groups[stem]
		delete(groups, stem)
		if len(group) < 2 {
			continue
		}
		slices.SortFunc(group, func(a, b int) int {
			return slices.Index(formats, format(paths[a])) - slices.Index(formats, format(paths[b]))
		})
		for _, k := range group[1:] {
			a, b := bare(docs[k].Text), bare(docs[group[0]].Text)
			t := FidelityTwin{Path: relative(dir, paths[k]), Other: relative(dir, paths[group[0]]), Alike: share(2*subsequence(a, b), len(a)+len(b))}
			t.CellsOK, t.Cells = MatchCells(docs[k], docs[group[0]])
			r.Twins = append(r.Twins, t)
		}
	}
}

func (r *FidelityReport) total() {
	sums := map[string]*FidelityTotal{}
	names := []string{}
	for _, f := range r.Files {
		for _, name := range []string{f.Format, "all"} {
			t := sums[name]
			if t == nil {
				t = &FidelityTotal{Format: name, Worst: 1}
				sums[name] = t
				if name != "all" {
					names = append(names, name)
				}
			}
			t.Documents++
			t.Pages += f.Pages
			t.Cells += f.Cells
			t.CellsOK += f.CellsOK
			if f.Error != "" {
				t.Failed++
			}
			if m := f.Text; m != nil && m.Characters > 0 {
				n := float64(m.Characters)
				t.Compared++
				t.Characters += m.Characters
				t.Recall += m.Recall * n
				t.Precision += m.Precision * n
				t.AnyOrder += m.AnyOrder * n
				t.Worst = min(t.Worst, m.Recall)
			}
		}
	}
	slices.Sort(names)
	for _, name := range append(names, "all") {
		t := *sums[name]
		if t.Characters > 0 {
			n := float64(t.Characters)
			t.Recall, t.Precision, t.AnyOrder = t.Recall/n, t.Precision/n, t.AnyOrder/n
		}
		r.Totals = append(r.Totals, t)
	}
}
