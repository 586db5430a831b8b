package law

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// corpus reads the Markdown files of shared/data/laws-kr/admin-subset: title and text.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "laws-kr", "admin-subset")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("needs ../shared/data/laws-kr")
	}
	texts := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(b)) {
			if title, ok := strings.CutPrefix(line, "제목: "); ok {
				texts[strings.Trim(strings.TrimSpace(title), `'"`)] = string(b)
				break
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestCorpusHeadings(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^##### (제\d+조(?:의\d+)?)`)
	n := 0
	for title, text := range corpus(t) {
		for _, m := range heading.FindAllStringSubmatch(text, -1) {
			n++
			want := "「" + title + "」 " + m[1]
			for _, written := range []string{want, title + " " + m[1]} {
				c, err := Parse(written)
				if err != nil {
					// without brackets only a title of known shape is found whole
					if written == want {
						t.Error(err)
					}
					continue
				}
				if written == want && (c.String() != want || c.Law != title || c.Article.N == 0) {
					t.Errorf("%s parses as %+v", want, c)
				}
			}
		}
	}
	if n < 5000 {
		t.Errorf("only %d headings", n)
	}
	t.Logf("%d headings", n)
}

// TestCorpusBracketed compares Find with a plain count of 「…」 제N조.
func TestCorpusBracketed(t *testing.T) {
	plain := regexp.MustCompile(`「([^「」]{1,100})」\s?(제\d+조(?:의\d+)?(?:제\d+항)?(?:제\d+호(?:의\d+)?)?(?:[가-하]목)?)`)
	total, same, bare, bareSame := 0, 0, 0, 0
	for _, text := range corpus(t) {
		found := map[int]Found{}
		for _, f := range Find(text) {
			found[f.ByteStart] = f
		}
		for _, m := range plain.FindAllStringSubmatchIndex(text, -1) {
			total++
			name, unit := text[m[2]:m[3]], text[m[4]:m[5]]
			f, ok := found[m[0]]
			switch {
			case !ok:
				t.Logf("missed: %s", text[m[0]:m[1]])
			case f.Law != strings.Join(strings.Fields(name), " ") || f.units() != unit && !strings.HasPrefix(f.units(), unit):
				t.Logf("%s found as %s", text[m[0]:m[1]], f)
			default:
				same++
			}
			// the same without brackets, after a word of running text
			bare++
			if fs := Find("신청인은 " + name + " " + unit); len(fs) > 0 && fs[len(fs)-1].Law == f.Law {
				bareSame++
			}
		}
	}
	t.Logf("in 「」: %d of %d found with the same name and unit (%.2f%%)", same, total, 100*float64(same)/float64(total))
	t.Logf("the same names without brackets: %d of %d whole (%.2f%%)", bareSame, bare, 100*float64(bareSame)/float64(bare))
	if total < 5000 || float64(same) < 0.999*float64(total) {
		t.Errorf("found %d of %d", same, total)
	}
	if float64(bareSame) < 0.85*float64(bare) {
		t.Errorf("without brackets found %d of %d", bareSame, bare)
	}
}

// TestCorpusResolve resolves every citation in the decrees and rules.
func TestCorpusResolve(t *testing.T) {
	total, resolved := 0, 0
	for title, text := range corpus(t) {
		for _, f := range Resolve(text, Find(text), Citation{Law: title}) {
			total++
			if f.Law != "" && f.Back == "" {
				resolved++
			} else if total%500 == 0 {
				t.Logf("%s: unresolved %s", title, f)
			}
		}
	}
	t.Logf("%d of %d resolved to a law (%.2f%%)", resolved, total, 100*float64(resolved)/float64(total))
	if float64(resolved) < 0.98*float64(total) {
		t.Errorf("resolved %d of %d", resolved, total)
	}
}

func BenchmarkFind(b *testing.B) {
	text := corpus(b)["민원 처리에 관한 법률 시행령"]
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Find(text)
	}
}
