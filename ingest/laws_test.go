package ingest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/ingest"
	"biseo/ingest/extract"
	"biseo/korea/law"
)

// sharedData is a folder of the data beside the repository; the test is skipped without it.
func sharedData(t testing.TB, name string) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs ../shared/data/%s", name)
	}
	return path
}

func markdownFiles(t testing.TB, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" && filepath.Base(path) != "README.md" {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files below %s: %v", len(files), root, err)
	}
	return files
}

var (
	articleLine = regexp.MustCompile(`(?m)^##### (제(\d+)조(의\d+)?)(?: (\(.*\)))?`)
	articleName = regexp.MustCompile(`^ 제\d+조(의\d+)?`)
)

// Every 조 of every law has chunks of its own, cited and placed as the file says.
func TestSplitRealLaws(t *testing.T) {
	files := append(markdownFiles(t, sharedData(t, "laws-kr/admin-subset")), markdownFiles(t, sharedData(t, "laws-kr/history"))...)
	var articles, chunks, branches, addenda int
	for _, path := range files {
		d, err := extract.Read(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		body, _, _ := bytes.Cut(source, []byte("\n## 부칙"))
		var want []string
		headings := map[string]bool{} // of 장, 절 and 조, as they stand in the file
		for line := range strings.Lines(string(body)) {
			if strings.HasPrefix(line, "#") {
				headings[strings.TrimSpace(strings.TrimLeft(line, "#"))] = true
			}
		}
		for _, m := range articleLine.FindAllSubmatch(body, -1) {
			want = append(want, string(m[1]))
			articles++
			if len(m[3]) > 0 {
				branches++
			}
		}
		got := ingest.Split(d, ingest.SplitOptions{})
		chunks += len(got)
		var whole strings.Builder
		var cited []string
		for _, c := range got {
			whole.WriteString(c.Text)
			if cite, err := law.Parse(c.Cite); !strings.Contains(c.Cite, "까지") && (err != nil || cite.String() != c.Cite) {
				t.Errorf("%s: %s is no citation: %v", path, c.Cite, err)
			}
			rest, ok := strings.CutPrefix(c.Cite, "「"+d.Meta.Title+"」")
			if !ok {
				t.Errorf("%s: cited as %s", path, c.Cite)
			}
			if strings.Contains(rest, "부칙") {
				addenda++
				continue
			}
			name := strings.TrimSpace(articleName.FindString(rest))
			if name == "" {
				if articleLine.MatchString("##### " + c.Text) {
					t.Errorf("%s: %s holds a 조: %.60q", path, c.Cite, c.Text)
				}
				continue
			}
			if !strings.HasPrefix(c.Path[len(c.Path)-1], name) {
				t.Errorf("%s: %s stands under %q", path, c.Cite, c.Path)
			}
			if len(cited) == 0 || cited[len(cited)-1] != name {
				cited = append(cited, name)
			}
			// The only heading of a 조 in the chunk is its own, and 장 and 절 stand before it.
			var heads []string
			for line := range strings.Lines(c.Text) {
				line = strings.TrimSpace(line)
				if !headings[line] {
					continue
				}
				if m := articleLine.FindStringSubmatch("##### " + line); m != nil {
					heads = append(heads, m[1])
				} else if len(heads) > 0 {
					t.Errorf("%s: %s ends with the heading %q", path, c.Cite, line)
				}
			}
			if len(heads) > 1 || len(heads) == 1 && heads[0] != name {
				t.Errorf("%s: %s holds %q", path, c.Cite, heads)
			}
		}
		if whole.String() != d.Text {
			t.Errorf("%s: chunks do not concatenate to the text", path)
		}
		if diff := cmp.Diff(want, cited); diff != "" {
			t.Errorf("%s: 조 of the file and of its chunks (-want +got):\n%s", path, diff)
		}
	}
	t.Logf("%d files, %d 조 (%d with a branch number), %d chunks of which %d of 부칙", len(files), articles, branches, chunks, addenda)
}

func BenchmarkSplitRealLaws(b *testing.B) {
	var docs []*ingest.Document
	var size int64
	for _, path := range markdownFiles(b, sharedData(b, "laws-kr/admin-subset")) {
		d, err := extract.Read(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		docs = append(docs, d)
		size += int64(len(d.Text))
	}
	b.SetBytes(size)
	for b.Loop() {
		for _, d := range docs {
			ingest.Split(d, ingest.SplitOptions{})
		}
	}
}
