package eval

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/ingest"
	"biseo/ingest/extract"
)

func TestMatchText(t *testing.T) {
	for name, tt := range map[string]struct {
		got, want string
		match     TextMatch
	}{
		"same":       {"가나 다\n라", "가나다라", TextMatch{4, 1, 1, 1}},
		"lost":       {"가나", "가나다라", TextMatch{4, .5, 1, .5}},
		"added":      {"가나다라마바사아", "가나다라", TextMatch{4, 1, .5, 1}},
		"moved":      {"다라가나", "가나다라", TextMatch{4, .5, .5, 1}},
		"replaced":   {"가나X라", "가나다라", TextMatch{4, .75, .75, .75}},
		"doubled":    {"가가나나", "가나", TextMatch{2, 1, .5, 1}},
		"cells":      {"가 | 나", "가\n나", TextMatch{2, 1, 1, 1}},
		"decomposed": {"\u1100\u1161", "가", TextMatch{1, 1, 1, 1}},
		"no text":    {"", "가나", TextMatch{2, 0, 1, 0}},
		"no want":    {"가나", "", TextMatch{0, 1, 0, 1}},
		"neither":    {"", "", TextMatch{0, 1, 1, 1}},
	} {
		if diff := cmp.Diff(tt.match, MatchText(tt.got, tt.want)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The fast algorithm agrees with the textbook's, also across its words of 64 bits.
func TestSubsequence(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		a, b := make([]int, rnd.IntN(300)), make([]int, rnd.IntN(300))
		letters := 1 + rnd.IntN(30)
		for i := range a {
			a[i] = rnd.IntN(letters)
		}
		for i := range b {
			b[i] = rnd.IntN(letters)
		}
		last := make([]int, len(b)+1)
		for _, x := range a {
			row := make([]int, len(b)+1)
			for j, y := range b {
				if row[j+1] = max(row[j], last[j+1]); x == y {
					row[j+1] = last[j] + 1
				}
			}
			last = row
		}
		if got, want := subsequence(a, b), last[len(b)]; got != want {
			t.Fatalf("%d and %d elements of %d letters: got %d, want %d", len(a), len(b), letters, got, want)
		}
	}
}

func TestMatchCells(t *testing.T) {
	table := func(cells ...ingest.Cell) *ingest.Document {
		return &ingest.Document{Blocks: []ingest.Block{{Kind: ingest.Table, Cells: [][]ingest.Cell{cells}}}}
	}
	cell := func(s string, row, col, rows, cols int) ingest.Cell {
		return ingest.Cell{Text: s, Row: row, Col: col, RowSpan: rows, ColSpan: cols}
	}
	want := table(cell("가", 0, 0, 1, 2), cell("나 다", 1, 0, 1, 1), cell("", 1, 1, 1, 1), cell("라", 2, 0, 1, 1))
	for name, tt := range map[string]struct {
		got   *ingest.Document
		right int
	}{
		"same":        {table(cell("가", 0, 0, 1, 2), cell("나\n다", 1, 0, 1, 1), cell("라", 2, 0, 1, 1)), 3},
		"span lost":   {table(cell("가", 0, 0, 1, 1), cell("나 다", 1, 0, 1, 1), cell("라", 2, 0, 1, 1)), 2},
		"row shifted": {table(cell("가", 0, 0, 1, 2), cell("나 다", 1, 0, 1, 1), cell("라", 3, 0, 1, 1)), 2},
		"no table":    {table(), 0},
	} {
		if right, all := MatchCells(tt.got, want); right != tt.right || all != 3 {
			t.Errorf("%s: %d of %d, want %d of 3", name, right, all, tt.right)
		}
	}
}

func TestPandocText(t *testing.T) {
	native := `Pandoc (Meta {unMeta = fromList []})
[Header 1 ("a-\"b",["x"],[("k","(v")]) [Str "\44032\&1",Space,Str "\"q\""]
,Para [Link ("",[],[]) [Str "link"] ("http://no","title"),Code ("",["c"],[]) "x y",Note [Plain [Str "n"]]]
,CodeBlock ("",[],[]) "a\nb",RawBlock (Format "html") "<no>"]`
	if got, want := strings.Join(strings.Fields(PandocText(native)), " "), `가1 "q" linkx y n a b`; !strings.Contains(got, `가1 "q"`) || !strings.Contains(got, "linkx y") || strings.Contains(got, "no") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFidelity(t *testing.T) {
	dir := t.TempDir()
	for name, s := range map[string]string{
		"a.csv": "가,나\n다,라\n", "a.csv.ref.txt": "가\n나\n다\n마\n",
		"b.html": "<html><p>가나다라", "text/b.txt": "가나다라마바사아",
		"c.html": "<html><table><tr><td>가<td>나<tr><td>다<td>라</table>", "c.md": "| 가 | 나 |\n|---|---|\n| 다 | 마 |\n",
		"d.pdf": "%PDF-broken", "e.html": "<html>기준 없음", "note.txt": "not a document",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Fidelity(t.Context(), dir, FidelityOptions{Read: extract.Read, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range r.Files {
		f := &r.Files[i]
		if f.Seconds <= 0 {
			t.Errorf("%s took no time", f.Path)
		}
		f.Seconds = 0
		got = append(got, f.Path+" "+f.Reference)
	}
	want := []string{"a.csv a.csv.ref.txt", "b.html text/b.txt", "c.html c.md", "d.pdf ", "e.html "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if m := r.Files[0].Text; m == nil || m.Recall != .75 {
		t.Errorf("a.csv: %+v", m)
	}
	if f := r.Files[2]; f.Cells != 4 || f.CellsOK != 3 {
		t.Errorf("c.html: %d of %d cells", f.CellsOK, f.Cells)
	}
	if f := r.Files[3]; f.Error == "" {
		t.Error("d.pdf was read")
	}
	wantTotal := FidelityTotal{Format: "all", Documents: 5, Failed: 1, Compared: 3, Characters: 16, Recall: 10. / 16, Precision: (4*.75 + 8 + 4*.75) / 16, AnyOrder: 10. / 16, Worst: .5, Cells: 4, CellsOK: 3}
	if diff := cmp.Diff(wantTotal, r.Totals[len(r.Totals)-1]); diff != "" {
		t.Errorf("total (-want +got):\n%s", diff)
	}
	if _, err := Fidelity(t.Context(), t.TempDir(), FidelityOptions{Read: extract.Read}); err == nil {
		t.Error("an empty folder gave a report")
	}
}

// The twin of a document is compared by characters and by cells.
func TestFidelityTwins(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.hwp", "a.docx", "a.hwpx", "b.hwp"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(_ context.Context, path string) (*ingest.Document, error) {
		switch filepath.Base(path) {
		case "a.hwpx":
			return &ingest.Document{Text: "가나다라"}, nil
		case "a.hwp":
			return &ingest.Document{Text: "가나다"}, nil
		}
		return nil, errors.New("unreadable")
	}
	r, err := Fidelity(t.Context(), dir, FidelityOptions{Read: read})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]FidelityTwin{{Path: "a.hwp", Other: "a.hwpx", Alike: 6. / 7}}, r.Twins); diff != "" {
		t.Errorf("twins (-want +got):\n%s", diff)
	}
}
