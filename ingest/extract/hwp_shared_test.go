package extract

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
)

// letters is what of a text is compared: no spaces, no marks between cells.
func letters(s string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '|' {
			return -1
		}
		return r
	}, norm.NFC.String(strings.Map(blocks.CleanRune, s))))
}

// inOrder is the length of the longest common subsequence of a and b: how many
// characters both have in the same order. It is the greedy algorithm of Myers,
// "An O(ND) Difference Algorithm and Its Variations" (1986), given up, with 0,
// where they differ in more than 20,000 characters.
func inOrder(a, b []rune) int {
	const most = 20000
	n, m := len(a), len(b)
	limit := min(n+m, most)
	v := make([]int, 2*limit+2)
	for d := 0; d <= limit; d++ {
		for k := -d; k <= d; k += 2 {
			var x int
			if at := limit + k; k == -d || k != d && v[at-1] < v[at+1] {
				x = v[at+1]
			} else {
				x = v[at-1] + 1
			}
			for x < n && x-k < m && x-k >= 0 && a[x] == b[x-k] {
				x++
			}
			if v[limit+k] = x; x >= n && x-k >= m {
				return (n + m - d) / 2
			}
		}
	}
	return 0
}

// A fidelity sums up how many of the reference's characters, or cells, were read.
type fidelity struct{ compared, found, all int }

func (f *fidelity) add(found, all int) {
	f.compared++
	f.found += found
	f.all += all
}

// check fails if the share found is below least.
func (f fidelity) check(t *testing.T, what string, least float64) {
	t.Helper()
	share := float64(f.found) / float64(max(f.all, 1))
	t.Logf("%s: %d compared, %.5f of %d", what, f.compared, share, f.all)
	if share < least || f.all == 0 {
		t.Errorf("%s: %.5f, want %g", what, share, least)
	}
}

// sectionText is the text of the hp:t elements of a HWPX file in the order of its
// XML, found without the reader under test: all but headers, footers, comments,
// memos and deleted text.
func sectionText(t *testing.T, path string) string {
	t.Helper()
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out strings.Builder
	for n := 0; ; n++ {
		f, err := r.Open(fmt.Sprintf("Contents/section%d.xml", n))
		if err != nil {
			return out.String()
		}
		d := xml.NewDecoder(f)
		var open []string
		hidden, deleted := 0, false
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", filepath.Base(path), err)
			}
			switch k := token.(type) {
			case xml.StartElement:
				open = append(open, k.Name.Local)
				switch k.Name.Local {
				case "header", "footer", "hiddenComment", "fieldBegin":
					hidden++
				case "deleteBegin":
					deleted = true
				case "deleteEnd":
					deleted = false
				}
			case xml.EndElement:
				open = open[:len(open)-1]
				switch k.Name.Local {
				case "header", "footer", "hiddenComment", "fieldBegin":
					hidden--
				}
			case xml.CharData:
				if len(open) > 0 && open[len(open)-1] == "t" && hidden == 0 && !deleted {
					out.Write(k)
				}
			}
		}
		f.Close()
	}
}

// TestSharedHWPXInOrder compares with the order of the XML and, line by line, with
// the reference texts, which put the objects of a paragraph behind its text. Lines
// not found hold equations, or numbers of captions that the reference leaves out.
func TestSharedHWPXInOrder(t *testing.T) {
	for _, set := range []struct{ name, dir string }{
		{"Seoul set", shared(t, "seoul-youth-allowance-hwpx")}, {"hwpjs", shared(t, "parser", "hwpjs")}, {"kordoc", shared(t, "parser", "kordoc")},
	} {
		var inXML, inLines fidelity
		for _, path := range files(t, set.dir, ".hwpx") {
			name := filepath.Base(path)
			if strings.Contains(name, "password") && !strings.Contains(name, "nopassword") || name == "dummy.hwpx" {
				continue // locked; no real document
			}
			got := letters(mustRead(t, path).Text)
			want := letters(sectionText(t, path))
			n := inOrder(got, want)
			inXML.add(n, len(want))
			if n < len(want) {
				t.Logf("%s: %d of %d characters", name, n, len(want))
			}
			reference, err := os.ReadFile(path + ".ref.txt")
			if err != nil {
				reference, err = os.ReadFile(strings.TrimSuffix(path, ".hwpx") + ".txt")
			}
			if err != nil || name == "headerfooter.hwpx" { // nearly all of it header and footer
				continue
			}
			text := string(got)
			for line := range strings.SplitSeq(string(reference), "\n") {
				want := string(letters(line))
				size := utf8.RuneCountInString(want)
				before, after, ok := strings.Cut(text, want)
				if !ok {
					inLines.add(0, size)
					t.Logf("%s: no line of %d characters", name, size)
					continue
				}
				inLines.add(size, size)
				text = before + "\x00" + after // found once
			}
		}
		inXML.check(t, set.name+", characters in the order of the XML", 0.999)
		inLines.check(t, set.name+", characters of whole lines of the reference", 0.96)
	}
}

// runningHeads counts the characters of references that are headers and footers
// of pages, which are no body.
var runningHeads = map[string]int{"distribution.hwp": 32, "headerfooter.hwp": 33}

func TestSharedHWPInOrder(t *testing.T) {
	var f fidelity
	for _, dir := range []string{"hwplib", "hwpjs", "langchain-kr"} {
		for _, path := range files(t, shared(t, "parser", dir), ".hwp") {
			reference, err := os.ReadFile(path + ".ref.txt")
			if err != nil {
				continue
			}
			name := filepath.Base(path)
			want := letters(string(reference))
			n, all := inOrder(letters(mustRead(t, path).Text), want), len(want)-runningHeads[name]
			f.add(n, all)
			if n < all {
				t.Logf("%s: %d of %d characters", name, n, all)
			}
		}
	}
	f.check(t, "HWP, characters in order", 0.995)
}

// TestSharedTwins reads the same documents in both formats.
func TestSharedTwins(t *testing.T) {
	var alike, cells fidelity
	for _, path := range files(t, shared(t, "parser", "hwpjs"), ".hwp") {
		if _, err := os.Stat(path + "x"); err != nil || strings.Contains(path, "password") {
			continue
		}
		a, b := mustRead(t, path), mustRead(t, path+"x")
		if diff := cmp.Diff(outline(a), outline(b)); diff != "" {
			t.Errorf("%s: blocks (-HWP +HWPX):\n%s", filepath.Base(path), diff)
		}
		x, y := letters(a.Text), letters(b.Text)
		n := inOrder(x, y)
		alike.add(n, max(len(x), len(y)))
		if n < max(len(x), len(y)) {
			t.Logf("%s: %d of %d and %d characters", filepath.Base(path), n, len(x), len(y))
		}
		p, q := cellsOf(a), cellsOf(b)
		same := 0
		for i := range min(len(p), len(q)) {
			if p[i] == q[i] {
				same++
			}
		}
		cells.add(same, max(len(p), len(q)))
		if same < max(len(p), len(q)) {
			t.Logf("%s: %d of %d and %d cells", filepath.Base(path), same, len(p), len(q))
		}
	}
	alike.check(t, "twins, characters alike", 0.99)
	cells.check(t, "twins, cells with the same place and text", 0.98)
}

func TestSharedHWPML(t *testing.T) {
	path := shared(t, "parser", "hwpjs", "aligns.hml")
	a, b := mustRead(t, path), mustRead(t, strings.TrimSuffix(path, ".hml")+".hwp")
	if a.Text != b.Text {
		t.Errorf("HWPML %q, HWP %q", a.Text, b.Text)
	}
}

// cellsOf is the cells of all tables in order, each with its place.
func cellsOf(d *ingest.Document) []ingest.Cell {
	var out []ingest.Cell
	for _, b := range d.Blocks {
		for _, row := range b.Cells {
			out = append(out, row...)
		}
	}
	return out
}
