package assistant

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"biseo/index"
)

// kinds of the folders of the sample agency.
var kinds = map[string]string{"계획": "plan", "보고": "report", "조례": "ordinance", "규칙": "rule", "훈령예규": "directive", "지침": "guide", "민원답변": "reply", "보도자료": "press"}

var rule = regexp.MustCompile(`(?m)^\|?[-|: ]+\|?$\n`)

// sampleShelf is the sample agency as a shelf, cut at its headings: what ingest
// makes of it, nearly.
func sampleShelf(t testing.TB) shelf {
	t.Helper()
	var s shelf
	root := filepath.Join("..", "deploy", "sample", "src")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		kind := kinds[strings.Split(filepath.ToSlash(rel), "/")[0]]
		d, body := front(string(b))
		d.ID, d.Work, d.Kind, d.Agency = rel, rel, kind, "가온시"
		d.Readers, d.Grade = []string{index.Public}, index.Open
		s.chunks = append(s.chunks, chunksOf(d, body)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// front reads title, gist and keywords of a document's front matter.
func front(s string) (d index.Doc, body string) {
	head, body, _ := strings.Cut(strings.TrimPrefix(s, "---\n"), "---\n")
	for line := range strings.Lines(head) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch v = strings.TrimSpace(v); k {
		case "title":
			d.Title = v
		case "gist":
			d.Gist = v
		case "keywords":
			for w := range strings.SplitSeq(strings.Trim(v, "[]"), ",") {
				d.Keywords = append(d.Keywords, strings.TrimSpace(w))
			}
		}
	}
	return d, body
}

// chunksOf cuts a document at its headings of the second level.
func chunksOf(d index.Doc, body string) []index.Hit {
	body = rule.ReplaceAllString(strings.ReplaceAll(body, "**", ""), "")
	var out []index.Hit
	var path []string
	for i, part := range strings.Split("\n"+body, "\n##") {
		text := strings.TrimSpace(strings.TrimLeft(part, "#"))
		if i > 0 {
			head, rest, _ := strings.Cut(text, "\n")
			path, text = []string{head}, strings.TrimSpace(rest)
		}
		var lines []string
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if !strings.HasPrefix(line, "# ") {
				lines = append(lines, strings.TrimSpace(strings.Trim(line, "|")))
			}
		}
		if text = strings.TrimSpace(strings.Join(lines, "\n")); text == "" {
			continue
		}
		c := chunk(d, index.ChunkID(d.ID, len(out)), "", text)
		c.Chunk.Path = path
		if d.Kind == "ordinance" && len(path) > 0 {
			c.Chunk.Cite = "「" + d.Title + "」 " + path[0]
		}
		out = append(out, c)
	}
	return out
}
