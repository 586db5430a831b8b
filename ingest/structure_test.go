package ingest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"biseo/index"
	"biseo/ingest"
	"biseo/ingest/extract"
)

// A 공개구분 raises the grade above the folder's, and no later run lowers it.
func TestSyncRaisesGrade(t *testing.T) {
	w := newWorld(t, "")
	w.write("공문.txt", "가온시\n수신  내부결재\n(경유)\n제목  제설 장비 구매\n장비를 삽니다.  끝.\n주무관 | 한별온 | 과장 | 차오름\n협조자 | \n시행 | 안전과-1 | ( | 2026. 1. 2. | )\n전화 | 055-000-1000 | / | 비공개(5)\n")
	w.write("안내.txt", "보관대는 시청 앞에 있습니다.\n")
	grades := func() map[string]index.Grade {
		got := map[string]index.Grade{}
		for d, err := range w.index.Docs(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got[d.Title] = d.Grade
		}
		return got
	}
	rep := syncAll(w)
	if len(rep.Warnings) != 1 || !strings.Contains(rep.Warnings[0], "비공개(5)") {
		t.Errorf("warnings %q", rep.Warnings)
	}
	for range 2 {
		if got := grades(); got["제설 장비 구매"] != index.Sensitive || got["안내"] != index.Open {
			t.Errorf("grades %v", got)
		}
		syncAll(w)
	}
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [public]\ngrade: classified\n")
	syncAll(w)
	if got := grades()["제설 장비 구매"]; got != index.Classified {
		t.Errorf("after the folder became classified: %v", got)
	}
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [public]\ngrade: open\n")
	syncAll(w)
	if got := grades()["제설 장비 구매"]; got != index.Sensitive {
		t.Errorf("after the folder became open again: %v", got)
	}
}

func syncAll(w *world) ingest.Report {
	w.t.Helper()
	rep, err := w.try(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return rep
}

// Whatever stands in the shared documents, their chunks are their text, and no
// chunk is a heading without text.
func TestSplitSharedDocuments(t *testing.T) {
	root := sharedData(t, "")
	files, chunks := 0, 0
	for _, name := range []string{"seoul-youth-allowance-hwpx", "parser/kordoc", "parser/hwpjs", "parser/docx-pandoc", "busan-plans-2025/2025년_감사위원회_주요업무계획.pdf"} {
		err := filepath.WalkDir(filepath.Join(root, name), func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			d, err := extract.Read(t.Context(), path)
			if err != nil || d.Text == "" {
				return nil // what cannot be read is the readers' affair
			}
			files++
			d.Meta.ID = filepath.Base(path)
			for _, kind := range []string{d.Meta.Kind, "reply", "directive"} {
				d.Meta.Kind = kind
				d.Fields = ingest.ReadFields(d)
				var whole strings.Builder
				at := 0
				for i, c := range ingest.Split(d, ingest.SplitOptions{}) {
					if c.Start != at || strings.TrimSpace(c.Text) == "" || c.Cite == "" {
						t.Errorf("%s: chunk %d: start %d, want %d; cite %q, text %.40q", path, i, c.Start, at, c.Cite, c.Text)
					}
					at += utf8.RuneCountInString(c.Text)
					whole.WriteString(c.Text)
					chunks++
				}
				if whole.String() != d.Text {
					t.Errorf("%s as %q: chunks do not concatenate to the text", path, kind)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files, %d chunks", files, chunks)
}

// Administrative rules, put together from their paragraphs, are cut at their
// articles and cited by them.
func TestSplitAdministrativeRules(t *testing.T) {
	f, err := os.Open(filepath.Join(sharedData(t, "admrules-kca-fund"), "articles.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type article struct {
		rule, chapter, name, text string
		n, branch                 int
	}
	var all []article
	seen := map[string]bool{}
	for in := json.NewDecoder(f); in.More(); {
		var a struct {
			ID   string `json:"law_id"` // rule_chapter_article item, or rule_부칙_article
			Text string `json:"text"`
		}
		if err := in.Decode(&a); err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(a.ID, "_")
		name, _, _ := strings.Cut(parts[len(parts)-1], " ")
		x := article{rule: parts[0], name: name, text: a.Text}
		if len(parts) > 2 {
			x.chapter = parts[1]
		}
		if x.chapter == "부칙" {
			x.name, x.n = "부칙 "+name, 1000
		}
		var n int
		fmt.Sscanf(name, "제%d조의%d", &n, &x.branch)
		x.n += n
		if key := x.rule + x.name; !seen[key] && strings.HasPrefix(a.Text, name) {
			seen[key] = true
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, func(a, b article) int {
		return cmp.Or(strings.Compare(a.rule, b.rule), a.n-b.n, a.branch-b.branch)
	})
	texts, articles := map[string]string{}, map[string][]string{}
	chapter := ""
	for _, a := range all {
		if at := a.rule + a.chapter; at != chapter && a.chapter != "" {
			texts[a.rule] += strings.TrimSpace(a.chapter+map[bool]string{false: " 총칙"}[a.chapter == "부칙"]) + "\n"
			chapter = at
		}
		texts[a.rule] += a.text + "\n"
		articles[a.rule] = append(articles[a.rule], a.name)
	}
	total, found := 0, 0
	for name, text := range texts {
		d := &ingest.Document{Meta: index.Doc{ID: name, Title: name, Kind: "directive"}, Text: text}
		cited := map[string]bool{}
		for _, c := range ingest.Split(d, ingest.SplitOptions{}) {
			rest := strings.TrimPrefix(c.Cite, "「"+name+"」 ")
			if m := articleOf.FindString(rest); m != "" {
				cited[m] = true
			}
		}
		for _, a := range articles[name] {
			total++
			if cited[a] {
				found++
			} else {
				t.Logf("%s: %s is not cited", name, a)
			}
		}
	}
	if len(texts) != 9 || total < 180 || found < total*98/100 {
		t.Errorf("%d of %d articles of %d rules are chunks of their own", found, total, len(texts))
	}
}

var articleOf = regexp.MustCompile(`^(?:부칙 )?제\d+조(?:의\d+)?`)
