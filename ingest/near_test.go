package ingest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"biseo/ingest"
)

// A report of 60 different words and the figures of one month.
func monthly(month int, amount string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "2026년 %d월 지급 계획\n\n", month)
	for i := range 60 {
		fmt.Fprintf(&b, "%s%s 대상자 %d명에게 %s원을 지급한다.\n", string(rune('가'+i*28)), string(rune('나'+i*28)), month*100+i, amount)
	}
	return b.String()
}

func letter(day, text string) string {
	return "가온시\n수신  내부결재\n(경유)\n제목  지급\n" + strings.ReplaceAll(text, "지급", "교부") + "끝.\n주무관 | 한별온 | 과장 | 차오름\n협조자 | \n시행 | 안전과-1 | ( | " + day + " | )\n전화 | 055-000-1000 | / | 공개\n"
}

func TestAlike(t *testing.T) {
	a, b := ingest.Sketch(monthly(3, "5,000")), ingest.Sketch(monthly(4, "6,100"))
	if got := ingest.Alike(a, b); got != 1 {
		t.Errorf("two months are alike by %v, want 1", got)
	}
	other := strings.NewReplacer("지급", "회수", "대상자", "채무자").Replace(monthly(3, "5,000"))
	if got := ingest.Alike(a, ingest.Sketch(other)); got > 0.3 {
		t.Errorf("another text is alike by %v", got)
	}
	if got := ingest.Alike(a, nil); got != 0 {
		t.Errorf("without a sketch: %v", got)
	}
	if ingest.Sketch("짧은 글은 견주지 않는다.") != nil {
		t.Error("a short text has a sketch")
	}
}

// Each month points to the newest that its readers may see as well.
func TestSyncNear(t *testing.T) {
	w := newWorld(t, "")
	for month := 1; month <= 4; month++ {
		w.write(fmt.Sprintf("%d월.md", month), fmt.Sprintf("---\nfrom: 2026-%02d-01\n---\n%s", month, monthly(month, "5,000")))
	}
	w.write("판/가.md", "---\nid: 계획@1\nwork: 계획\nfrom: 2020-01-01\n---\n"+strings.ReplaceAll(monthly(5, "1"), "대상자", "납부자"))
	w.write("판/나.md", "---\nid: 계획@2\nwork: 계획\nfrom: 2021-01-01\n---\n"+strings.ReplaceAll(monthly(6, "1"), "대상자", "납부자"))
	w.write("감사/biseo-folder.yaml", "readers: [감사과]\n")
	w.write("감사/5월.md", "---\nfrom: 2026-05-01\n---\n"+monthly(5, "5,000"))
	near := func() string {
		var s []string
		for _, d := range w.docs() {
			s = append(s, filepath.Base(d.ID)+">"+filepath.Base("/"+d.Near))
		}
		return strings.Join(s, " ")
	}
	if _, err := w.try(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := near(), "계획@1>/ 계획@2>/ 1월.md>4월.md 2월.md>4월.md 3월.md>4월.md 4월.md>/ 5월.md>/"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// A letter counts from the day of its 시행.
	w.write("공문/3월.txt", letter("2026. 3. 2.", monthly(3, "9")))
	w.write("공문/10월.txt", letter("2026. 10. 2.", monthly(10, "9")))
	if _, err := w.try(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.doc("문서/공문/3월.txt").Near; got != "문서/공문/10월.txt" {
		t.Errorf("the letter of March points to %q: %v", got, w.doc("문서/공문/10월.txt").Dated)
	}
	w.remove("공문")
	w.sync(ingest.Report{Removed: 2, Unchanged: 7})
	w.remove("4월.md")
	w.sync(ingest.Report{Removed: 1, Described: 3, Unchanged: 6}) // 3월 has none now, 1월 and 2월 have it
	if got, want := near(), "계획@1>/ 계획@2>/ 1월.md>3월.md 2월.md>3월.md 3월.md>/ 5월.md>/"; got != want {
		t.Errorf("after removal\ngot  %s\nwant %s", got, want)
	}
}

// TestNearSeoul measures on documents of which many are one template. Two are
// held for the same if their titles are without figures.
func TestNearSeoul(t *testing.T) {
	dir := sharedData(t, "seoul-youth-allowance-hwpx")
	data, err := os.ReadFile(filepath.Join(dir, "documents.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	type doc struct {
		id, title string
		sketch    []byte
	}
	var docs []doc
	for line := range strings.Lines(string(data)) {
		var d struct {
			ID    string
			Title string
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(d.ID)+".txt"))
		if err != nil {
			continue
		}
		title := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == ' ' {
				return -1
			}
			return r
		}, d.Title)
		docs = append(docs, doc{d.ID, title, ingest.Sketch(string(text))})
	}
	var right, wrong, missed int
	for i, a := range docs {
		for _, b := range docs[:i] {
			alike := ingest.Alike(a.sketch, b.sketch)
			near, same := alike >= 0.8, a.title == b.title
			switch {
			case near && same:
				right++
			case near:
				wrong++
				t.Logf("alike by %.2f: %s %s", alike, b.id, a.id)
			case same:
				missed++
				t.Logf("only alike by %.2f: %s %s", alike, b.id, a.id)
			}
		}
	}
	if right < 3 || wrong > 0 || missed > 0 {
		t.Errorf("%d pairs right, %d wrong, %d missed; want 3, 0, 0", right, wrong, missed)
	}
	t.Logf("%d documents, %d pairs right, %d not of one title, %d of one title not alike", len(docs), right, wrong, missed)
}
