package ground

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

var root = filepath.Join("..", "..")

// shared is a folder of the shared data; the test is skipped where it is absent.
func shared(t testing.TB, name string) string {
	path := filepath.Join(root, "..", "shared", "data", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skip("needs ../shared/data/" + name)
	}
	return path
}

var (
	titleLine  = regexp.MustCompile(`(?m)^(?:제목|title):\s*(.+)$`)
	kindLine   = regexp.MustCompile(`(?m)^kind:\s*(.+)$`)
	fromLine   = regexp.MustCompile(`(?m)^from:\s*(.+)$`)
	articleTop = regexp.MustCompile(`(?m)^#####\s+(제\d+조(?:의\d+)?)(.*)$`)
	sectionTop = regexp.MustCompile(`(?m)^#{1,4}\s.*$`)
	escape     = regexp.MustCompile(`\\([!-/:-@\[-` + "`" + `{-~])`)
	rule       = regexp.MustCompile(`^\|?[\s|:-]+\|?$`)
)

// documents are the passages of the Markdown and text files below dir, a
// passage for each article, or for each section of what has none. Numbers are 0.
func documents(t testing.TB, dir string) []Source {
	var out []Source
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if ext := filepath.Ext(name); err != nil || ext != ".md" && ext != ".txt" {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		out = append(out, read(strings.TrimPrefix(filepath.ToSlash(name), filepath.ToSlash(dir)), string(b))...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// read cuts one document into passages of 20 to 1,500 code points.
func read(id, doc string) []Source {
	doc = strings.ReplaceAll(doc, "\r\n", "\n")
	head, body, ok := strings.Cut(strings.TrimPrefix(doc, "---\n"), "\n---\n")
	if !ok {
		head, body = "", doc
	}
	field := func(re *regexp.Regexp) string {
		if m := re.FindStringSubmatch(head); m != nil {
			return strings.Trim(strings.TrimSpace(m[1]), `'"`)
		}
		return ""
	}
	title, kind := field(titleLine), field(kindLine)
	if title == "" {
		title, _, _ = strings.Cut(strings.TrimSpace(body), "\n")
	}
	body = escape.ReplaceAllString(strings.ReplaceAll(body, "**", ""), "$1")
	if i := strings.Index(body, "\n## 부칙"); i >= 0 {
		body = body[:i]
	}
	var lines []string
	for _, l := range strings.Split(body, "\n") {
		if bare := strings.TrimSpace(l); strings.HasPrefix(bare, "|") {
			if rule.MatchString(bare) {
				continue
			}
			l = strings.Trim(bare, "| ")
		}
		lines = append(lines, l)
	}
	body = strings.Join(lines, "\n")

	cuts := append(articleTop.FindAllStringIndex(body, -1), sectionTop.FindAllStringIndex(body, -1)...)
	slices.SortFunc(cuts, func(a, b []int) int { return a[0] - b[0] })
	var out []Source
	for i := range len(cuts) + 1 {
		start, end := 0, len(body)
		if i > 0 {
			start = cuts[i-1][0]
		}
		if i < len(cuts) {
			end = cuts[i][0]
		}
		text := strings.TrimSpace(body[start:end])
		if n := utf8.RuneCountInString(text); n < 60 || n > 1500 {
			continue
		}
		s := Source{N: 1, DocID: id, Title: title, Kind: kind, InForce: InForce{From: field(fromLine)}}
		if m := articleTop.FindStringSubmatch(text); m != nil {
			s.Cite = "「" + title + "」 " + m[1]
		} else if first, _, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(first, "#") {
			s.Path = []string{strings.TrimLeft(first, "# ")}
		}
		s.Text = strings.TrimSpace(strings.TrimPrefix(text, "#####"))
		out = append(out, s)
	}
	return out
}

// laws are the articles of the administrative laws in the shared data.
func laws(t testing.TB) []Source {
	all := documents(t, shared(t, "laws-kr/admin-subset"))
	return slices.DeleteFunc(all, func(s Source) bool { return s.Cite == "" })
}

// agency are the documents of the sample agency that are written as text.
func agency(t testing.TB) []Source {
	dir := filepath.Join(root, "deploy", "sample")
	return append(documents(t, filepath.Join(dir, "files")), documents(t, filepath.Join(dir, "src"))...)
}
