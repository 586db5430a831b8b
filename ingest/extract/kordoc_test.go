package extract

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
)

// kordocRead is the text of files as npm kordoc reads them, or why it does not.
func kordocRead(t *testing.T, paths []string) (text, refused map[string]string) {
	t.Helper()
	dir := filepath.Join("testdata", "kordoc")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "kordoc")); err != nil {
		t.Skip("needs kordoc: npm ci --prefix ingest/extract/testdata/kordoc")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("needs node: install Node.js 20, then npm ci --prefix ingest/extract/testdata/kordoc")
	}
	cmd := exec.Command(node, "read.mjs")
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	cmd.Stderr = os.Stderr
	begun := time.Now()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run kordoc: %v", err)
	}
	t.Logf("kordoc: %d files in %v, start of node included", len(paths), time.Since(begun).Round(time.Millisecond))
	text, refused = map[string]string{}, map[string]string{}
	for lines := json.NewDecoder(strings.NewReader(string(out))); lines.More(); {
		var r struct{ File, Error, Text string }
		if err := lines.Decode(&r); err != nil {
			t.Fatal(err)
		}
		if r.Error != "" {
			refused[r.File] = r.Error
		} else {
			text[r.File] = r.Text
		}
	}
	return text, refused
}

// unmarked is text of kordoc without its Markdown: underline, strike-out, the
// targets of links. Its equations are LaTeX, ours the script of the document, so
// that neither is compared.
func unmarked(s string) string {
	s = reMarkdownLink.ReplaceAllString(s, "$1")
	s = reLatex.ReplaceAllString(s, "")
	return strings.NewReplacer("<u>", "", "</u>", "", "~~", "").Replace(s)
}

var (
	reMarkdownLink = regexp.MustCompile(`\[([^\]\n]*)\]\([^)\n]*\)`)
	reLatex        = regexp.MustCompile(`\$[^$\n]+\$`)
)

// kordocMore lists the characters that kordoc has and the reader has not, and why.
var kordocMore = map[string]struct {
	characters int
	why        string
}{
	"headerfooter.hwp":            {33, "headers and footers are no body"},
	"headerfooter.hwpx":           {32, "headers and footers are no body"},
	"distribution.hwp":            {17, "the header, once"},
	"머리글꼬리글.hwp":                  {3, "the header"},
	"HWP5-nopassword-123456.hwpx": {6, "the header"},
	"footnote-endnote.hwp":        {10, "numbers where notes are anchored, semicolons between notes"},
	"footnote-endnote.hwpx":       {2, "semicolons between notes"},
	"각주미주.hwp":                    {11, "numbers where notes are anchored, semicolons between notes"},
	"outline.hwp":                 {3, "levels 8 to 10 of its outline have no number: so also the HWPX of it, in kordoc too"},
	"sample-5017.hwp":             {1, "the file numbers its table 3; kordoc counts anew"},
}

// TestKordoc compares with kordoc 4.14.1, an independent reader, on the same files
// in one run. Where both have the same characters in another order, kordoc has put
// a paragraph's table or box behind its text; we keep the order of the file.
// Where we have more, kordoc leaves out the numbers of captions and notes in HWPX,
// bullets or whole equations.
func TestKordoc(t *testing.T) {
	paths := files(t, shared(t, "seoul-youth-allowance-hwpx"), ".hwpx")
	for _, dir := range []string{"hwpjs", "hwplib", "kordoc", "langchain-kr"} {
		for _, path := range files(t, shared(t, "parser", dir), "") {
			if ext := filepath.Ext(path); ext == ".hwp" || ext == ".hwpx" {
				paths = append(paths, path)
			}
		}
	}
	text, refused := kordocRead(t, paths)
	var same, order fidelity
	for _, path := range paths {
		name := filepath.Base(path)
		d, err := Read(t.Context(), path)
		if (err != nil) != (refused[path] != "") {
			t.Errorf("%s: error %v, of kordoc %q", name, err, refused[path])
		}
		if err != nil {
			continue
		}
		ours := []rune(norm.NFKC.String(string(letters(d.Text)))) // Ⅰ is I in kordoc
		theirs := []rune(norm.NFKC.String(string(letters(unmarked(text[path])))))
		count := map[rune]int{}
		for _, r := range ours {
			count[r]++
		}
		var missing []rune
		for _, r := range theirs {
			if count[r]--; count[r] < 0 {
				missing = append(missing, r)
			}
		}
		n := inOrder(ours, theirs)
		same.add(len(theirs)-len(missing), len(theirs))
		order.add(n, len(theirs))
		if n < len(theirs) || len(ours) > len(theirs) {
			t.Logf("%s: ours %d, kordoc %d, in the same order %d; kordoc only %q", name, len(ours), len(theirs), n, string(missing))
		}
		if len(missing) > kordocMore[name].characters {
			t.Errorf("%s: %d characters of kordoc are missing: %q", name, len(missing), string(missing))
		}
	}
	same.check(t, "characters of kordoc that we have", 0.998)
	order.check(t, "characters of kordoc in our order", 0.98)
}
