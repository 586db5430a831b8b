package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant"
	"biseo/index"
	"biseo/index/local"
	"biseo/ingest"
	"biseo/ingest/extract"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// lee may do everything.
var lee = Caller{Principal: assistant.Principal{ID: "user:lee", Groups: []string{"staff"}, Grade: index.Sensitive}, Via: "session", Name: "이팀장",
	Permissions: []Permission{Read, Ask, Draft, Documents, Admin}}

// A shelfIngester brings uploads into the index of a desk, as cmd/biseo does.
type shelfIngester struct {
	dir    string
	x      index.Index
	failed []ingest.FileState
}

func (g *shelfIngester) Add(ctx context.Context, in Intake, tell func(ingest.Progress)) (ingest.Report, error) {
	report := ingest.Report{}
	for _, path := range in.Paths {
		d, err := extract.Read(ctx, path)
		if err != nil {
			var why *ingest.FileError
			if !errors.As(err, &why) {
				return report, err
			}
			report.Failed = append(report.Failed, ingest.Failure{Path: filepath.Base(path), Reason: why.Reason, Next: why.Next})
			g.failed = append(g.failed, ingest.FileState{File: path, Path: filepath.Base(path), State: "failed", Reason: why.Reason, Next: why.Next, Time: october})
			continue
		}
		d.Meta.Readers, d.Meta.Grade, d.Meta.Source = in.Readers, in.Grade, filepath.Join(g.dir, filepath.Base(path))
		b, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(d.Meta.Source, b, 0o600)
		}
		if d.Meta.ID == "" {
			d.Meta.ID = "uploads/" + filepath.Base(path)
		}
		if d.Meta.Work == "" {
			d.Meta.Work = d.Meta.ID
		}
		chunks := ingest.Split(d, ingest.SplitOptions{})
		if err = errors.Join(err, g.x.Replace(ctx, d.Meta, chunks)); err != nil {
			return report, err
		}
		report.Added++
	}
	return report, nil
}

func (g *shelfIngester) Again(context.Context, index.Doc, func(ingest.Progress)) (ingest.Report, error) {
	return ingest.Report{Changed: 1}, nil
}

func (g *shelfIngester) Remove(ctx context.Context, d index.Doc, _ func(ingest.Progress)) (ingest.Report, error) {
	return ingest.Report{Removed: 1}, g.x.Remove(ctx, d.ID)
}

func (g *shelfIngester) Uploaded(d index.Doc) bool { return strings.HasPrefix(d.Source, g.dir) }

func (g *shelfIngester) Original(_ context.Context, d index.Doc) (*os.File, error) {
	return os.Open(d.Source)
}

func (g *shelfIngester) Read(ctx context.Context, path string) (*ingest.Document, error) {
	return extract.Read(ctx, path)
}

func (g *shelfIngester) Files(context.Context) ([]ingest.FileState, error) { return g.failed, nil }

// withUploads lets the official of a desk manage documents.
func withUploads(t *testing.T) func(*Options) {
	return func(o *Options) {
		x, ok := o.Library.(*local.Index)
		if !ok {
			t.Fatalf("the library is a %T", o.Library)
		}
		o.Ingest, o.Spool = &shelfIngester{dir: t.TempDir(), x: x}, t.TempDir()
		o.Templates = []Template{{"검토보고", "사안의 현황과 법적 근거를 검토하고 의견을 올리는 보고서"}, {"현황보고", "업무의 현재 상태를 알리는 보고서"}}
	}
}

// fill puts text into the field with that label, as typing does.
func (c *chrome) fill(label, text string) {
	c.t.Helper()
	c.wait(`[...document.querySelectorAll('main label')].some(l => l.checkVisibility() && l.textContent.trim() === '` + label + `')`)
	c.eval(nil, `(l => { const f = document.getElementById(l.htmlFor); f.focus(); f.select?.() })([...document.querySelectorAll('main label')].find(l => l.checkVisibility() && l.textContent.trim() === '`+label+`'))`)
	if text == "" {
		return
	}
	c.typeText(text)
	c.eval(nil, `document.activeElement.dispatchEvent(new Event('change'))`)
}

// fits fails the test for what is wider than the screen.
func (c *chrome) fits(view string) {
	c.t.Helper()
	if got := c.text(`[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest('.vh, .skips, .scroll')).slice(0, 5).map(e => e.tagName + '.' + e.className)`); got != "" {
		c.t.Errorf("%s at 360 px: wider than the screen: %s", view, got)
	}
}

// walk opens the form of a task.
func (c *chrome) walk(d *desk, view string) {
	c.t.Helper()
	c.open(d.url + view)
	c.wait(`document.querySelector('#view-other form') || document.querySelector('#view-other .rows')`)
}

// tabTo presses Tab until the element is focused.
func (c *chrome) tabTo(js string) {
	c.t.Helper()
	for range 200 {
		if c.text(`document.activeElement === `+js) == "true" {
			return
		}
		c.key("Tab", 9, "")
	}
	c.t.Fatalf("Tab does not reach %s; at %s", js, c.text(`document.activeElement.outerHTML.slice(0, 200)`))
}

const named = `[...document.querySelectorAll('button, a, summary')].find(b => b.checkVisibility() && b.textContent.trim() === '`

// A complaint from its text to the letter, by keyboard alone, without a model.
func TestWorkReply(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, nil, withUploads(t))
	c.size(1440, 900)
	c.walk(d, "/reply")
	a.check("work-reply")
	field := `[...document.querySelectorAll('label')].find(l => l.textContent === '민원 내용 (필수)').control`
	complaint, err := os.ReadFile(filepath.Join("..", "..", "deploy", "sample", "complaint.txt"))
	if err != nil {
		t.Fatal(err)
	}
	c.eval(nil, `document.querySelector('#view-other .examples button').click()`)
	if got, want := c.text(field+`.value`), strings.TrimSpace(string(complaint)); got != want {
		t.Errorf("example: got %q, want %q", got, want)
	}
	for _, text := range []string{"주차 요금", "\xc1\xd6\xc2\xf7 \xbf\xe4\xb1\xdd"} { // UTF-8 and EUC-KR
		c.eval(nil, field+`.value = ''`)
		c.file(`document.querySelector('#view-other [type=file]')`, upload(t, "민원.txt", text))
		c.wait(field + `.value === '주차 요금'`)
	}
	c.eval(nil, field+`.value = ''; scrollTo(0, 0)`)
	c.tabTo(`[...document.querySelectorAll('label')].find(l => l.textContent === '민원 내용 (필수)').control`)
	c.typeText("안녕하세요. 새봄구에 사는 이모형(010-0000-1014)입니다.\n다자녀 가정은 공영주차장 요금을 얼마나 감면받나요?\n담당자 휴가로 민원 처리 기간을 연장할 수 있나요?")
	c.fill("접수일 (필수)", "2026-10-02")
	c.fill("민원 종류", "")
	for range 2 {
		c.key("ArrowDown", 40, "")
	}
	c.wait(`document.querySelector('.task .due-date')?.textContent === '2026. 10. 14.(수)'`) // before any draft
	a.check("work-reply-due", "light")
	c.tabTo(named + `초안 만들기')`)
	c.key("Enter", 13, "\r")
	c.wait(outcome + ` === 'extractive'`)
	if got := c.text(`document.querySelector('.answer').innerText`); strings.Contains(got, "확인 필요") {
		t.Errorf("the letter's own words are shown as unverified:\n%s", got)
	}
	if got, want := c.text(`document.querySelector('.result .due-date').textContent`), "2026. 10. 14.(수)"; got != want {
		t.Errorf("due above the draft: got %q, want %q", got, want)
	}
	c.eval(nil, `scrollTo(0, 0)`)
	a.check("work-reply-done")
	c.press("초안 고치기")
	c.wait(`document.querySelectorAll('.doc .block').length > 6 && document.querySelector('[data-part=requests]')`)
	c.wait(`document.activeElement.tagName === 'H1'`)
	a.check("work-draft")
	got := map[string]string{
		"due":      c.text(`document.querySelector('.due-date').textContent`),
		"counted":  c.text(`document.querySelector('.due details').open && document.querySelector('.due details').innerText.includes('제19조제2항')`),
		"requests": c.text(`[...document.querySelectorAll('[data-part=requests] .word')].map(w => w.textContent)`),
		"similar":  c.text(`document.querySelectorAll('[data-part=similar] li').length > 0`),
		"marks":    c.text(`[...document.querySelectorAll('.mark-of')].map(m => m.textContent).slice(0, 5)`),
		"label":    c.text(`document.querySelector('.doc .label').textContent`),
		"primary":  c.text(`[...document.querySelectorAll('#view-other .primary')].length`),
	}
	want := map[string]string{"due": "2026. 10. 14.(수)", "counted": "true", "requests": "답변 있음,답변 있음", "similar": "true", "marks": "1.,2.,3.,가.,1)",
		"label": "AI 초안 - 담당자 확인 필요", "primary": "1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("draft (-want +got):\n%s", d)
	}

	// From a request to its paragraph, and from a chip to its source and back.
	c.tabTo(`document.querySelector('[data-part=requests] button.link')`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.closest('.found-here')?.querySelector('.mark-of').textContent === '1)'`)
	c.eval(nil, `document.querySelector('.doc .chip').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.id === 'source-title' && document.querySelector('.source-slot mark')`)
	a.check("work-draft-source")
	c.key("Escape", 27, "")
	c.wait(`document.activeElement.classList.contains('chip')`)

	// A paragraph is edited, checked, and wrong.
	c.eval(nil, `document.querySelectorAll('.doc .edit')[4].focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.tagName === 'TEXTAREA'`)
	c.eval(nil, `document.activeElement.setSelectionRange(0, 0)`)
	c.typeText("감면율은 77%입니다. ")
	a.check("work-draft-edit")
	c.key("Escape", 27, "")
	c.wait(`document.activeElement.classList.contains('edit') && document.querySelector('.s.edited')`)
	c.press("다시 확인")
	c.wait(`document.querySelector('[data-part=changes]')`)
	if got := c.text(`document.querySelector('[data-part=changes]').innerText`); !strings.Contains(got, "새 문장 → 확인 필요") || !strings.Contains(got, "77") {
		t.Errorf("what changed: got %s", got)
	}
	c.eval(nil, `scrollTo(0, 0)`)
	a.check("work-draft-checked", "light")

	// Somebody else saves first: both are kept, and compared.
	c.eval(nil, `(async () => {
		const at = '/v1/drafts/' + new URLSearchParams(location.search).get('id')
		const { answer } = await (await fetch(at)).json()
		answer.title = '다른 창의 제목'
		await fetch(at, { method: 'PUT', headers: { 'Content-Type': 'application/json', 'If-Match': '"1"' }, body: JSON.stringify({ answer }) })
	})()`)
	c.press("저장")
	c.wait(`document.querySelector('.outcome')?.textContent.includes('다른 창에서 먼저 저장했습니다')`)
	c.press("버전 비교")
	c.wait(`document.querySelectorAll('.compare .changed').length >= 2`)
	a.check("work-draft-conflict")
	c.press("다음 바뀐 곳")
	c.wait(`document.activeElement.matches('.compare .changed')`)
	c.press("내 글을 새 버전으로 저장")
	c.wait(`document.querySelector('.draft-head .hint').textContent.startsWith('버전 3')`)
	c.press("버전")
	c.wait(`document.querySelectorAll('#version-from option').length === 3`)
	c.press("비교")
	c.wait(`document.querySelector('.compare ins, .compare del')`)
	a.check("work-draft-versions", "light")
	c.press("비교 닫기")

	// Undo, levels, a new paragraph by keys.
	blocks := c.text(`document.querySelectorAll('.doc .block').length`)
	c.eval(nil, `document.querySelectorAll('.doc .edit')[4].focus()`)
	c.key("Enter", 13, "\r")
	c.press("수준 올림")
	c.wait(`document.querySelectorAll('.mark-of')[4].textContent === '나.'`)
	c.press("아래에 추가")
	c.wait(`document.activeElement.tagName === 'TEXTAREA' && document.querySelectorAll('.doc .block').length == ` + blocks + ` + 1`)
	c.typeText("담당자가 아는 내용입니다.")
	c.press("담당자 입력으로 표시")
	c.wait(`document.querySelector('.doc').textContent.includes('[담당자 입력]')`)
	for range 3 {
		c.press("되돌리기")
	}
	c.wait(`document.querySelectorAll('.mark-of')[4].textContent === '1)' && document.querySelectorAll('.doc .block').length == ` + blocks)

	// Public version: no name, no number; what is personal is masked before it is asked for.
	if got := c.text(`document.querySelector('.doc').innerText`); strings.Contains(got, "010-0000-1014") {
		t.Errorf("a telephone number of the complainant is shown unmasked:\n%s", got)
	}
	c.press("공개용")
	c.wait(named + `공개용').getAttribute('aria-pressed') === 'true'`)
	c.press("비공개용")

	// Copied as official text, and as files.
	c.eval(nil, `navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve() }`)
	c.press("공문 형식으로 복사")
	c.wait(`window.copied`)
	text := c.text(`window.copied`)
	for _, part := range []string{"\n1. 안녕하십니까?", "\n  가. ", "\n    1) ", "  끝."} {
		if !strings.Contains(text, part) {
			t.Errorf("copied text lacks %q:\n%s", part, text)
		}
	}
	c.eval(nil, `HTMLAnchorElement.prototype.click = function() { window.saved = this.download }`)
	for words, ending := range map[string]string{"한글 문서(HWPX)": ".hwpx", "워드 문서(DOCX)": ".docx", "마크다운(MD)": ".md"} {
		c.eval(nil, `window.saved = ''`)
		c.press("내보내기")
		c.press(words)
		c.wait(`window.saved.endsWith('` + ending + `')`)
	}
	c.eval(nil, `window.print = () => { window.printed = true }`)
	c.press("내보내기")
	c.press("인쇄")
	c.wait(`window.printed`)
	c.call("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	if got := c.text(`[...document.querySelectorAll('.draft-bar, .edit, .aside')].filter(e => e.checkVisibility()).length + ' ' + document.querySelector('.doc').checkVisibility()`); got != "0 true" {
		t.Errorf("on paper: controls and document visible: got %s, want 0 true", got)
	}
	c.call("Emulation.setEmulatedMedia", map[string]any{"media": "", "features": []map[string]string{{"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)

	c.size(360, 740)
	c.eval(nil, `scrollTo(0, 0)`)
	c.fits("draft")
	a.check("work-draft-narrow", "light")
	c.size(1440, 900)
	c.press("삭제")
	c.wait(`document.querySelector('dialog[open]')`)
	a.check("work-draft-delete", "light")
	c.press("초안 삭제")
	c.wait(`location.search === '' && document.querySelector('.drafts')`)
	c.clean(d.url, "412")
}

// Summaries and reports, from documents and from files, without a model and with one.
func TestWorkTasks(t *testing.T) {
	t.Parallel()
	for _, model := range []llm.Generator{nil, llmtest.Truthful{}} {
		c := startChrome(t)
		a := newAxe(t, c)
		d := openDesk(t, model, withUploads(t))
		ended := outcome + ` && !['working', 'error'].includes(` + outcome + `)`
		c.size(1440, 900)
		c.walk(d, "/summary")
		a.check("work-summary")
		c.press("요약하기")
		c.wait(`document.querySelector('.task > .error').textContent === '요약할 문서나 파일을 하나 이상 골라 주세요.'`)
		c.fill("문서함에서 고르기", "겨울철")
		c.key("Enter", 13, "\r")
		c.wait(`document.querySelector('.found input')`)
		c.tabTo(`document.querySelector('.found input')`)
		c.key(" ", 32, " ")
		c.wait(`document.querySelector('.chosen li')`)
		c.tabTo(named + `요약하기')`)
		c.key("Enter", 13, "\r")
		c.wait(ended)
		if got := c.text(`document.querySelectorAll('.answer .s.verified').length`); got == "0" {
			t.Errorf("model %v: a summary without a verified sentence: %s", model, c.text(`document.querySelector('.result').innerText`))
		}
		c.wait(named + `초안 고치기')`)
		c.eval(nil, `scrollTo(0, 0)`)
		a.check("work-summary-done", "light", "dark")

		// A file of one's own. The choices of last time are there again.
		c.walk(d, "/summary")
		c.eval(nil, `document.querySelector('[value=line]').click()`)
		c.file(`document.querySelector('#view-other [type=file]')`, upload(t, "주차 안내.md", "# 주차 안내\n\n주차요금은 1시간에 1,200원입니다. 정기권은 한 달에 60,000원입니다.\n"))
		c.wait(`document.querySelector('.chosen li')?.textContent.includes('주차 안내.md')`)
		c.press("요약하기")
		c.wait(ended)
		c.walk(d, "/summary")
		if got := c.text(`document.querySelector('[value=line]').checked`); got != "true" {
			t.Error("the length chosen last time is not remembered")
		}

		c.walk(d, "/report")
		a.check("work-report", "light")
		c.eval(nil, `document.querySelector('#view-other .examples button').focus()`)
		c.key("Enter", 13, "\r")
		c.wait(`document.activeElement.value`)
		c.fill("주제 (필수)", "공영주차장 요금 감면")
		c.fill("서식", "")
		c.key("ArrowDown", 40, "")
		c.tabTo(named + `초안 만들기')`)
		c.key("Enter", 13, "\r")
		c.wait(ended)
		c.press("초안 고치기")
		c.wait(`document.querySelectorAll('.doc h2').length > 3`)
		if got := c.text(`[...document.querySelectorAll('.mark-of')].slice(0, 2).map(m => m.textContent)`); got != "Ⅰ.,ㅇ" {
			t.Errorf("marks of a report: got %s", got)
		}
		if got := c.text(`[...document.querySelectorAll('[data-part=review] .word')].some(w => w.textContent === '작성 필요')`); got != "true" {
			t.Error("the review does not name what is to be written")
		}
		a.check("work-report-draft")
		c.clean(d.url)
	}
}

// file puts files into a field, as the dialog of the system does.
func (c *chrome) file(field string, paths ...string) {
	c.t.Helper()
	var r struct{ Result struct{ ObjectID string } }
	c.call("Runtime.evaluate", map[string]any{"expression": field}, &r)
	c.call("DOM.setFileInputFiles", map[string]any{"files": paths, "objectId": r.Result.ObjectID}, nil)
}

func upload(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The library, a document, files that come in and one that cannot be read.
func TestWorkDocuments(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, nil, withUploads(t))
	d.be(lee)
	c.size(1440, 900)
	c.walk(d, "/documents")
	c.wait(`document.querySelectorAll('.library tbody tr').length === 50`)
	a.check("work-documents")
	c.press("더 보기")
	c.wait(`document.querySelectorAll('.library tbody tr').length > 80 && document.activeElement.closest('tbody')`)
	c.fill("제목의 낱말", "주차장 조례")
	c.key("Enter", 13, "\r")
	c.wait(`[...document.querySelectorAll('.library tbody th')].length < 10`)
	c.fill("바뀐 날짜 이후", "2026.7.1")
	c.key("Enter", 13, "\r")
	c.wait(`[...document.querySelectorAll('.library tbody th')].length === 2`) // without the date they are three
	c.eval(nil, `document.querySelector('.library a').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelector('.passages section') && document.querySelector('.outline li')`)
	a.check("work-document")
	c.eval(nil, `[...document.querySelectorAll('.outline button')].at(-1).focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.matches('.passages section') && document.activeElement.dataset.chunk`)
	c.size(360, 740)
	c.fits("document")
	c.shoot("work-document-narrow")
	c.open(d.url + "/documents")
	c.wait(`document.querySelector('.library tbody tr')`)
	c.fits("documents")
	a.check("work-documents-narrow", "light")
	c.size(1440, 900)

	c.press("파일 올리기")
	c.file(`document.querySelector('.upload [type=file]')`, upload(t, "a.md", "# 하나"))
	c.wait(`document.querySelector('.upload > .error').textContent.startsWith('열람 대상이 없으면')`)
	c.eval(nil, `document.querySelector('.upload [value=public]').focus()`)
	c.key(" ", 32, " ")
	c.file(`document.querySelector('.upload [type=file]')`, upload(t, "야간 당직 안내.md", "# 야간 당직 안내\n\n당직자는 22시에 순찰합니다.\n"), upload(t, "공문.hwp", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1깨진 파일"))
	c.wait(`[...document.querySelectorAll('.uploads li')].every(l => ['완료', '실패'].includes(l.dataset.state)) && document.querySelectorAll('.uploads li').length === 2`)
	if got := c.text(`document.querySelector('.uploads [data-state="실패"]').innerText`); !strings.Contains(got, "공문.hwp") || !strings.Contains(got, "손상") && !strings.Contains(got, "아닙니다") && !strings.Contains(got, "저장") {
		t.Errorf("a broken file: got %s", got)
	}
	if got, want := c.text(`document.querySelector('.upload > .hint').textContent`), "2건 중 완료 1, 일부 0, 실패 1"; got != want {
		t.Errorf("sum: got %q, want %q", got, want)
	}
	a.check("work-upload")
	c.fill("제목의 낱말", "야간 당직")
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('.library tbody tr').length === 1`)
	c.press("야간 당직 안내")
	c.press("문서 삭제")
	c.wait(`document.querySelector('dialog[open]')`)
	c.eval(nil, `document.querySelector('dialog[open] .delete').click()`)
	c.wait(`location.search === '' && document.querySelector('.library')`)

	c.open(d.url + "/admin")
	c.wait(`document.querySelectorAll('.figures').length >= 2`)
	if got := c.text(`document.querySelector('main').innerText`); !strings.Contains(got, "공문.hwp") || !strings.Contains(got, "biseo key create") || !strings.Contains(got, "단어 검색으로 동작합니다") {
		t.Errorf("administration: got\n%s", got)
	}
	a.check("work-admin")
	c.press("새로 고침")
	c.size(360, 740)
	c.fits("admin")
	a.check("work-admin-narrow", "light")
	c.clean(d.url, "/metrics", "404")
}

// What goes wrong is said, with a next step, and what was typed stays.
func TestWorkFailures(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, llmtest.Truthful{}, withUploads(t))
	c.size(1280, 900)

	d.mu.Lock()
	d.model = nil
	d.mu.Unlock()
	c.walk(d, "/report")
	c.fill("주제 (필수)", "공영주차장 요금 감면")
	c.press("초안 만들기")
	c.wait(outcome + ` === 'extractive'`)
	if got := c.text(`document.querySelector('.result .outcome').innerText`); !strings.Contains(got, "생성 모델이 응답하지 않습니다") || !strings.Contains(got, "다시 시도") {
		t.Errorf("model down: got %s", got)
	}
	a.check("work-model-down", "light")

	c.walk(d, "/reply")
	c.fill("민원 내용 (필수)", "쿼크 글루온 플라스마의 점성도는 얼마인가요?")
	c.press("초안 만들기")
	c.wait(outcome + ` && ` + outcome + ` !== 'working'`)
	a.check("work-no-source", "light")

	// The login has ended: the form keeps its text.
	c.walk(d, "/reply")
	c.fill("민원 내용 (필수)", "남는 글입니다. 알려 주세요?")
	d.be(Caller{})
	c.press("초안 만들기")
	c.wait(outcome + ` === 'error'`)
	if got := c.text(`document.querySelector('.result .outcome').innerText + [...document.querySelectorAll('label')].find(l => l.textContent === '민원 내용 (필수)').control.value`); !strings.Contains(got, "로그인이 만료되었습니다") || !strings.Contains(got, "남는 글입니다") {
		t.Errorf("login ended: got %s", got)
	}
	a.check("work-expired", "light")
	d.be(kim)
	c.press("다시 시도")
	c.wait(outcome + ` && !['error', 'working'].includes(` + outcome + `)`)

	// A file that cannot be read.
	c.walk(d, "/summary")
	c.file(`document.querySelector('#view-other [type=file]')`, upload(t, "공문.hwp", "깨진 파일"))
	c.wait(`document.querySelector('.chosen li')`)
	c.press("요약하기")
	c.wait(outcome + ` === 'error'`)
	a.check("work-broken-file", "light")
	t.Log(c.text(`document.querySelector('.result .outcome').innerText`))

	// A document that is not there, or not for this reader.
	c.open(d.url + "/documents?id=gaon%2Fnothing")
	c.wait(`document.querySelector('.outcome')?.innerText.includes('문서를 찾을 수 없습니다')`)
	c.open(d.url + "/drafts?id=nothing")
	c.wait(`document.querySelector('.outcome')?.innerText.includes('찾는 것이 없거나')`)
	c.clean(d.url, "401", "404", "415")
}

// The marks, sentences and comparisons of a draft, as pure functions.
func TestWorkLines(t *testing.T) {
	c := startChrome(t)
	d := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page/lines.js" {
			b, _ := pageFiles.ReadFile("page/lines.js")
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(b)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><p id="service">x</p>`))
	}))
	defer d.Close()
	c.open(d.URL + "/")
	tests := []struct{ name, js, want string }{
		{"marks of a letter", `l.marksOf([1, 2, 3, 3, 2, 1].map(level => ({ kind: 'item', level })), 'reply')`, "1.,가.,1),2),나.,2."},
		{"a paragraph begins anew", `l.marksOf([{ kind: 'item', level: 1 }, { kind: 'paragraph' }, { kind: 'item', level: 1 }], 'reply')`, "1.,,1."},
		{"marks of a report", `l.marksOf([['heading', 1], ['heading', 2], ['item', 1], ['item', 2], ['heading', 1]].map(([kind, level]) => ({ kind, level })), 'report')`, "Ⅰ.,□,ㅇ,-,Ⅱ."},
		{"an unchanged text", `l.resay([{ text: '가나다.', status: 'verified' }, { text: '라마.', status: 'gap' }], '가나다. 라마.').map(s => s.status)`, "verified,gap"},
		{"one sentence of three", `l.resay([{ text: '하나다.', status: 'verified' }, { text: '둘이다.', cites: [7], status: 'verified' }, { text: '셋이다.', status: 'verified' }], '하나다. 둘이 아니다. 셋이다.').map(s => s.text + s.status + (s.cites ?? ''))`, "하나다.verified,둘이 아니다.edited7,셋이다.verified"},
		{"a date is no end of a sentence", `l.resay([], '2026. 10. 2. 접수했습니다. 끝냅니다.').map(s => s.text)`, "2026. 10. 2. 접수했습니다.,끝냅니다."},
		{"an emptied text", `l.resay([{ text: '가.', status: 'gap' }], ' ').length`, "0"},
		{"words that differ", `JSON.stringify(l.compare(['가 나 다'], ['가 라 다']))`, `[[["=","가 "],["-","나 "],["+","라 "],["=","다"]]]`},
		{"a line that came", `JSON.stringify(l.compare(['가'], ['가', '나']))`, `[[["=","가"]],[["+","나"]]]`},
	}
	for _, tt := range tests {
		if got := c.text(`(await (async () => { const l = await import('/page/lines.js'); return ` + tt.js + ` })())`); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// In English no Korean is left but that of documents and of the service.
func TestWorkEnglish(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	d := openDesk(t, nil, withUploads(t))
	d.be(lee)
	for _, view := range []string{"/summary", "/report", "/reply", "/documents", "/admin", "/drafts"} {
		c.open(d.url + view + "?lang=en")
		c.wait(`document.querySelector('#view-other form, #view-other .rows, #view-other .chapter, #view-other .list, #view-other p:not(.lead)')`)
		var left []string
		c.eval(&left, `(async () => {
			await new Promise(done => setTimeout(done, 500))
			const out = [], walk = document.createTreeWalker(document.querySelector('#view-other'), NodeFilter.SHOW_TEXT)
			for (let n; (n = walk.nextNode());) if (/[가-힣]/.test(n.data) && !n.parentElement.closest('[lang=ko], option, .library td, .radios label, .found')) out.push(n.data)
			return out
		})()`)
		for _, s := range left {
			if !strings.Contains(s, "“검토 의견") && !strings.Contains(s, "such as 7일") {
				t.Errorf("%s: %q is not in English", view, s)
			}
		}
	}
	c.clean(d.url, "/metrics", "404")
}
