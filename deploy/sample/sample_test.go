package sample

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
	"gopkg.in/yaml.v3"

	"biseo/index"
)

const folderFile = "biseo-folder.yaml"

var (
	groups  = []string{"public", "staff", "audit", "hr"}
	kinds   = []string{"ordinance", "rule", "directive", "guide", "plan", "report", "press", "reply"}
	formats = []string{".md", ".html", ".txt", ".hwpx", ".docx", ".pdf"}
)

// files lists the documents and the folder files, by path below files/.
func files(t *testing.T) (docs, folders []string) {
	t.Helper()
	sub, err := fs.Sub(FS, "files")
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(sub, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil || e.IsDir():
		case path.Base(name) == folderFile:
			folders = append(folders, name)
		default:
			docs = append(docs, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return docs, folders
}

func TestDocuments(t *testing.T) {
	docs, _ := files(t)
	count := map[string]int{}
	for _, name := range docs {
		top, _, _ := strings.Cut(name, "/")
		ext := path.Ext(name)
		count[top]++
		count[ext]++
		if !slices.Contains(formats, ext) {
			t.Errorf("%s: format %s is none of %v", name, ext, formats)
		}
		if name != norm.NFC.String(name) || strings.ContainsAny(name, " _") {
			t.Errorf("%s: want a name in NFC without spaces and underscores", name)
		}
		if info, err := fs.Stat(FS, "files/"+name); err != nil || info.Size() > 150_000 {
			t.Errorf("%s: %v, want at most 150,000 bytes", name, err)
		}
	}
	if got, want := len(docs), 90; got < want {
		t.Errorf("%d documents, want at least %d", got, want)
	}
	for what, want := range map[string]int{
		"조례": 18, "규칙": 4, "훈령예규": 7, "지침": 18, "계획": 5, "보고": 5, "보도자료": 4, "민원답변": 30,
		".hwpx": (len(docs) + 2) / 3, ".docx": 4, ".pdf": 4, ".html": 3, ".txt": 2,
	} {
		if got := count[what]; got < want {
			t.Errorf("%s: %d documents, want at least %d", what, got, want)
		}
	}
}

// front is the front matter of a Markdown document.
type front struct {
	ID, Work, Title, Kind, Agency, URL, Gist string
	Keywords                                 []string
	From, Until                              string
}

func TestFrontMatter(t *testing.T) {
	docs, _ := files(t)
	ids := map[string]string{}
	versions := map[string][]string{} // work -> dates
	for _, name := range docs {
		if path.Ext(name) != ".md" {
			continue
		}
		head, _, ok := strings.Cut(strings.TrimPrefix(readText(t, name), "---\n"), "\n---\n")
		if !ok {
			t.Errorf("%s: no front matter", name)
			continue
		}
		var f front
		dec := yaml.NewDecoder(strings.NewReader(head))
		dec.KnownFields(true)
		if err := dec.Decode(&f); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if other, ok := ids[f.ID]; ok || f.ID == "" {
			t.Errorf("%s: id %q is empty or that of %s too", name, f.ID, other)
		}
		ids[f.ID] = name
		if f.Title == "" || f.Gist == "" || len(f.Keywords) == 0 || f.Agency != "가온시" || !slices.Contains(kinds, f.Kind) {
			t.Errorf("%s: front matter lacks something: %+v", name, f)
		}
		if f.From != "" {
			if _, err := time.Parse(time.DateOnly, f.From); err != nil {
				t.Errorf("%s: from: %v", name, err)
			}
		}
		if f.Work != "" {
			versions[f.Work] = append(versions[f.Work], f.From)
		}
	}
	twice := 0
	for work, dates := range versions {
		slices.Sort(dates)
		if len(slices.Compact(slices.Clone(dates))) < len(dates) {
			t.Errorf("work %s: two versions from the same day: %v", work, dates)
		}
		if len(dates) > 1 {
			twice++
		}
	}
	if twice < 5 {
		t.Errorf("%d works with two versions, want at least 5", twice)
	}
}

func TestFolders(t *testing.T) {
	docs, folders := files(t)
	for _, name := range folders {
		b, err := fs.ReadFile(FS, "files/"+name)
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Kind, Agency, Grade string
			Readers             []string
			Mask                bool
		}
		dec := yaml.NewDecoder(bytes.NewReader(b))
		dec.KnownFields(true)
		if err := dec.Decode(&f); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if g, err := index.ParseGrade(f.Grade); err != nil || g == 0 {
			t.Errorf("%s: grade %q: %v", name, f.Grade, err)
		}
		if !slices.Contains(kinds, f.Kind) || f.Agency != "가온시" || len(f.Readers) == 0 {
			t.Errorf("%s: kind, agency or readers are wrong: %+v", name, f)
		}
		for _, r := range f.Readers {
			if !slices.Contains(groups, r) {
				t.Errorf("%s: group %q is none of %v", name, r, groups)
			}
		}
		if got, want := f.Mask, f.Kind == "reply"; got != want {
			t.Errorf("%s: mask %t, want %t", name, got, want)
		}
	}
	for _, name := range docs {
		if f := path.Dir(name) + "/" + folderFile; !slices.Contains(folders, f) {
			t.Errorf("%s: no %s beside it", name, folderFile)
		}
	}
}

// invented is invented.yaml: all personal data that a document may hold.
type invented struct {
	Applicants []struct{ Name, Phone, Application, Address, Email string }
	Residents  []string `yaml:"residentNumbers"`
	Accounts   []string
	Plates     []string
	Officials  []struct{ Department, Head, Officer string }
}

var (
	phone       = regexp.MustCompile(`\b0\d{1,2}-\d{3,4}-\d{4}\b`)
	resident    = regexp.MustCompile(`\b\d{6}-\d{7}\b`)
	application = regexp.MustCompile(`\b\d[A-Z]{2}-\d{4}-\d{6}\b`)
	account     = regexp.MustCompile(`\b\d{3,6}-\d{2,6}-\d{2,6}(?:-\d{2,6})+\b`)
	plate       = regexp.MustCompile(`\b\d{2,3}[가-힣] ?\d{4}\b`)
	email       = regexp.MustCompile(`[\w.+-]+@([\w-]+(?:\.[\w-]+)+)`)
	person      = regexp.MustCompile(`(?m)(?:성명|이름|신청인|민원인|담당자|작성자)\s*[:：|]\s*([가-힣]{2,4})|([가-힣]{2,4}) (?:귀하(?:\[|$)|주무관)`)
	example     = regexp.MustCompile(`(?:^|\.)example(?:\.com|\.org|\.net)?$`)
)

func TestPersonalDataIsInvented(t *testing.T) {
	b, err := os.ReadFile("invented.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var in invented
	if err := yaml.Unmarshal(b, &in); err != nil {
		t.Fatal(err)
	}
	sheet, err := os.ReadFile("FACTS.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, n := range phone.FindAllString(string(sheet), -1) {
		known[n] = true
	}
	for _, m := range regexp.MustCompile(`팀\((\d{4})\)`).FindAllStringSubmatch(string(sheet), -1) {
		known["055-000-"+m[1]] = true
	}
	for _, a := range in.Applicants {
		for _, s := range []string{a.Name, a.Phone, a.Application} {
			known[s] = true
		}
	}
	for _, o := range in.Officials {
		known[o.Head], known[o.Officer] = true, true
	}
	for _, s := range slices.Concat(in.Residents, in.Plates) {
		known[s] = true
	}
	for _, s := range in.Accounts {
		known[account.FindString(s)] = true
	}

	docs, _ := files(t)
	for _, name := range docs {
		text := readText(t, name)
		for what, re := range map[string]*regexp.Regexp{
			"telephone number": phone, "resident number": resident, "application number": application, "account": account, "number plate": plate,
		} {
			for _, got := range re.FindAllString(text, -1) {
				if !known[got] {
					t.Errorf("%s: %s %s is not in FACTS.md or invented.yaml", name, what, got)
				}
			}
		}
		for _, m := range email.FindAllStringSubmatch(text, -1) {
			if !example.MatchString(strings.TrimRight(m[1], ".")) {
				t.Errorf("%s: e-mail %s is not of an example domain", name, m[0])
			}
		}
		if !strings.HasPrefix(name, "민원답변/") {
			continue
		}
		for _, m := range person.FindAllStringSubmatch(text, -1) {
			if who := m[1] + m[2]; !known[who] && who != "가온시" {
				t.Errorf("%s: person %q is not in invented.yaml", name, who)
			}
		}
	}
}

func TestCopy(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sample")
	if err := Copy(dir); err != nil {
		t.Fatal(err)
	}
	docs, folders := files(t)
	for _, name := range slices.Concat(docs, folders) {
		want, err := fs.ReadFile(FS, "files/"+name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v, or its bytes differ", name, err)
		}
	}

	long := time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)
	kept, changed, own := filepath.Join(dir, filepath.FromSlash(docs[0])), filepath.Join(dir, filepath.FromSlash(docs[1])), filepath.Join(dir, "own.md")
	for path, text := range map[string]string{changed: "changed", own: "own"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{kept, changed} {
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := Copy(dir); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(kept); err != nil || !info.ModTime().Equal(long) {
		t.Errorf("unchanged file was written again: %v", err)
	}
	want, _ := fs.ReadFile(FS, "files/"+docs[1])
	if got, err := os.ReadFile(changed); err != nil || !bytes.Equal(got, want) {
		t.Errorf("changed file was not put right: %v", err)
	}
	if got, err := os.ReadFile(own); err != nil || string(got) != "own" {
		t.Errorf("a file of another name was touched: %v", err)
	}
}
