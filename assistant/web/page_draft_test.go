package web

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"biseo/index/local"
	"biseo/ingest"
)

// newReply makes a draft of a reply for the official of the desk, with a table, with
// a date that is not written as the rules want, and with personal data.
const newReply = `(async () => {
	const send = async (method, path, body, headers = {}) => (await fetch(path, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...headers } })).json()
	const { draft } = await send('POST', '/v1/replies', { text: '다자녀 가정은 공영주차장 요금을 얼마나 감면받나요?', received: '2026-10-02 09:00', kind: '질의', save: true })
	const { answer } = await (await fetch('/v1/drafts/' + draft.id)).json()
	const said = text => ({ text, cites: [], status: 'edited' })
	answer.blocks.push(
		{ kind: 'paragraph', level: 1, sentences: [said('신청인 이모형(010-0000-1014)의 문의입니다.')] },
		{ kind: 'paragraph', level: 1, sentences: [said('2026.10.2. 접수한 민원입니다.')] },
		{ kind: 'table', level: 1, sentences: [], rows: [['구분', '감면율'], ['둘째', '50퍼센트']].map(r => r.map(said)) })
	await send('PUT', '/v1/drafts/' + draft.id, { answer }, { 'If-Match': '"1"' })
	return draft.id
})()`

// A draft is worked on: cells of a table, a suggestion taken over, personal data
// shown on demand, and a session that ends in the middle of it.
func TestPageDraft(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, nil, withUploads(t))
	c.size(1280, 900)
	c.open(d.url + "/")
	var id string
	c.eval(&id, newReply)
	c.open(d.url + "/drafts?id=" + id)
	c.wait(`document.querySelector('.doc table') && document.querySelector('.doc').innerText.includes('개인정보 가림')`)
	doc := func() string { return c.text(`document.querySelector('.doc').innerText`) }

	// A suggestion is taken over by one key, which goes on to what is left.
	c.press("다시 확인")
	c.wait(`document.querySelector('[data-part=changes]') && document.querySelector('.hints li .fix')`)
	before := c.text(`document.querySelectorAll('.hints li').length`)
	fix := `[...document.querySelectorAll('.hints li')].find(l => l.textContent.includes('2026. 10. 2.')).querySelector('.actions button:not(.link)')`
	if got, want := c.text(fix+`.textContent`), "고치기"; got != want {
		t.Errorf("button of a suggestion: got %q, want %q", got, want)
	}
	c.eval(nil, fix+`.focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('.hints li').length < ` + before)
	if got := doc(); !strings.Contains(got, "2026. 10. 2. 접수한") {
		t.Errorf("after the suggestion: got\n%s", got)
	}
	if got := c.text(`document.activeElement.closest('[data-part=review]') ? 'review' : document.activeElement.outerHTML`); got != "review" {
		t.Errorf("focus after the suggestion: got %s", got)
	}

	// Personal data: masked, not to be edited unseen, shown when asked for.
	if got := doc(); strings.Contains(got, "010-0000-1014") {
		t.Errorf("personal data is shown unasked:\n%s", got)
	}
	masked := `[...document.querySelectorAll('.doc .block')].find(b => b.textContent.includes('신청인'))`
	c.eval(nil, masked+`.querySelector('.edit').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelector('#alert').textContent.includes('[개인정보 보기]를 누른 뒤') && document.activeElement.textContent === '개인정보 보기'`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.getAttribute('aria-pressed') === 'true'`)
	if got := doc(); !strings.Contains(got, "신청인 이모형(010-0000-1014)의 문의입니다.") {
		t.Errorf("personal data is not shown when asked for:\n%s", got)
	}
	a.check("draft-revealed", "light")
	c.eval(nil, `document.querySelector('.tasks a[href="/drafts"]').click()`)
	c.wait(`document.querySelector('.drafts a')`)
	a.check("drafts")
	c.eval(nil, `history.back()`)
	c.wait(`document.querySelector('.doc')`)
	if got := doc(); strings.Contains(got, "010-0000-1014") {
		t.Errorf("personal data is still shown after leaving:\n%s", got)
	}

	// The cells of a table; a row more and a row less.
	table := `document.querySelector('.doc .block.table')`
	c.eval(nil, table+`.querySelector('.edit').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(table + `.querySelectorAll('textarea').length === 4`)
	a.check("draft-table", "light", "dark", "contrast")
	for range 3 {
		c.key("Tab", 9, "")
	}
	c.key("End", 35, "")
	c.typeText(" 이상")
	c.press("행 추가")
	c.wait(table + `.querySelectorAll('textarea').length === 6`)
	c.press("마치기")
	c.wait(`document.activeElement.matches('.block.table .edit')`)
	if got, want := c.text(`[...document.querySelectorAll('.doc table :is(th, td)')].map(x => x.querySelector('.s-text').textContent).join('|')`), "구분|감면율|둘째|50퍼센트 이상|-|-"; got != want {
		t.Errorf("cells: got %s, want %s", got, want)
	}
	c.size(360, 740)
	c.fits("table")
	c.size(1280, 900)

	// The session ends while a paragraph is being written: the page says so, nothing
	// is lost, and the same key saves it after the login.
	c.eval(nil, `[...document.querySelectorAll('.doc .block')].find(b => b.textContent.includes('접수한')).querySelector('.edit').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.tagName === 'TEXTAREA'`)
	c.key("End", 35, "")
	c.typeText(" 남는 글입니다.")
	d.be(Caller{})
	c.press("저장")
	c.wait(`!document.querySelector('#expired').hidden && document.querySelector('.outcome[data-kind=error]')`)
	a.check("draft-expired")
	if got := doc(); !strings.Contains(got, "남는 글입니다.") || !strings.Contains(got, "50퍼센트 이상") {
		t.Errorf("after the session ended: got\n%s", got)
	}
	if got, want := c.text(`document.querySelector('.draft-head .hint').textContent.split(', ')[1]`), "저장하지 않은 변경 있음"; got != want {
		t.Errorf("state after the session ended: got %q, want %q", got, want)
	}
	d.be(kim)
	c.eval(nil, `dispatchEvent(new Event('focus'))`)
	c.wait(`document.querySelector('#expired').hidden`)
	c.press("저장")
	c.wait(`document.querySelector('.draft-head .hint').textContent.startsWith('버전 3')`)
	c.open(d.url + "/drafts?id=" + id)
	c.wait(`document.querySelector('.doc table')`)
	if got := doc(); !strings.Contains(got, "남는 글입니다.") || !strings.Contains(got, "50퍼센트 이상") {
		t.Errorf("saved: got\n%s", got)
	}
	c.clean(d.url, "401")
}

// A stuckIngester reads files called 느린… until it is stopped.
type stuckIngester struct{ *shelfIngester }

func (g stuckIngester) Add(ctx context.Context, in Intake, tell func(ingest.Progress)) (ingest.Report, error) {
	if strings.Contains(in.Paths[0], "느린") {
		tell(ingest.Progress{Done: 1, Total: 3, Chunks: 7})
		<-ctx.Done()
		return ingest.Report{}, ctx.Err()
	}
	return g.shelfIngester.Add(ctx, in, tell)
}

// drop drops files onto an element, as from a folder.
func (c *chrome) drop(element string, files ...string) {
	c.t.Helper()
	var at struct{ X, Y float64 }
	c.eval(&at, `(e => { e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect(); return { X: r.x + r.width / 2, Y: r.y + r.height / 2 } })(`+element+`)`)
	for _, what := range []string{"dragEnter", "dragOver", "drop"} {
		c.call("Input.dispatchDragEvent", map[string]any{"type": what, "x": at.X, "y": at.Y, "data": map[string]any{"items": []any{}, "files": files, "dragOperationsMask": 1}}, nil)
	}
}

// saves keeps what the page hands to the browser as a download in window.saved.
const saves = `(click => {
	URL.createObjectURL = b => { b.text().then(s => { window.saved = s }); return 'about:blank' }
	HTMLAnchorElement.prototype.click = function() { if (this.download) window.savedAs = this.download; else click.call(this) }
})(HTMLAnchorElement.prototype.click)`

// Files are dropped and come in one by one, each with its own result; what goes in is
// found by filters, comes out as it was, and a job that is stuck is stopped.
func TestPageLibrary(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, nil, func(o *Options) {
		x, ok := o.Library.(*local.Index)
		if !ok {
			t.Fatalf("the library is a %T", o.Library)
		}
		o.Ingest, o.Spool = stuckIngester{&shelfIngester{dir: t.TempDir(), x: x}}, t.TempDir()
	})
	auditor := lee
	auditor.Groups = append(slices.Clone(lee.Groups), "audit")
	d.be(auditor)
	c.size(1280, 900)
	c.walk(d, "/documents")
	c.wait(`document.querySelector('.library tbody tr')`)

	// By grade and by state.
	choose := func(label, value string) {
		c.eval(nil, `(s => { s.value = '`+value+`' })([...document.querySelectorAll('.filter label')].find(l => l.textContent === '`+label+`').control)`)
		c.press("찾기")
	}
	column := func(n string) string {
		return `[...new Set([...document.querySelectorAll('.library td:nth-child(` + n + `)')].map(x => x.textContent))].join()`
	}
	choose("등급", "sensitive")
	c.wait(column("5") + ` === '민감'`)
	choose("등급", "")
	choose("상태", "past")
	c.wait(column("6") + ` === '◐ 연혁'`)
	c.press("지우기")
	c.wait(column("6") + `.includes('현행')`)

	c.press("파일 올리기")
	c.eval(nil, `document.querySelector('.upload [value=public]').click()`)
	c.eval(nil, `window.states = {}; new MutationObserver(() => {
		for (const l of document.querySelectorAll('.uploads li')) (states[l.querySelector('.name').textContent] ??= new Set()).add(l.querySelector('.word').textContent + (l.querySelector('progress') ? '%' : ''))
	}).observe(document.querySelector('.uploads'), { subtree: true, childList: true, attributes: true, characterData: true })`)
	guide := "# 야간 당직 안내\n\n당직자는 22시에 순찰합니다.\n"
	broken := upload(t, "공문.hwp", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1깨진 파일")
	c.drop(`document.querySelector('.upload .drop')`, upload(t, "야간 당직 안내.md", guide), broken, upload(t, "그림.exe", "MZ"))
	c.wait(`document.querySelectorAll('.uploads li').length === 3 && [...document.querySelectorAll('.uploads li')].every(l => ['완료', '실패'].includes(l.dataset.state))`)
	for name, want := range map[string][]string{"야간 당직 안내.md": {"올리는 중%", "읽는 중%", "완료"}, "공문.hwp": {"올리는 중%", "실패"}, "그림.exe": {"실패"}} {
		got := c.text(`[...states['` + name + `']].join()`)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("states of %s: got %s, want %v among them", name, got, want)
			}
		}
	}
	reason := c.text(`[...document.querySelectorAll('.uploads li')].find(l => l.textContent.includes('공문.hwp')).innerText`)
	if !strings.Contains(reason, "다시 올리기") || !strings.Contains(reason, "저장") {
		t.Errorf("a broken HWP: reason, what to do, and a button are wanted, got %s", reason)
	}
	a.check("library-dropped")
	c.size(360, 740)
	c.fits("uploads")
	c.size(1280, 900)

	// What came in goes out as it was.
	c.fill("제목의 낱말", "야간 당직")
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('.library tbody tr').length === 1`)
	c.press("야간 당직 안내")
	c.wait(`document.querySelector('.passages section')`)
	c.eval(nil, saves)
	c.press("원본 내려받기")
	c.wait(`window.saved`)
	if got, want := c.text(`savedAs + ' ' + saved`), "야간 당직 안내.md "+guide; got != want {
		t.Errorf("original: got %q, want %q", got, want)
	}

	// The same from the source panel; and a word on what was found.
	c.eval(nil, `document.querySelector('.tasks a[href="/search"]').click()`)
	c.eval(nil, `document.querySelector('#query').focus()`)
	c.typeText("당직자 22시 순찰")
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelector('.hits h3 button')?.textContent.includes('당직')`)
	c.eval(nil, `document.querySelector('.hits h3 button').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.id === 'source-title'`)
	c.eval(nil, `window.saved = ''`)
	c.press("원본 파일")
	c.wait(`window.saved`)
	c.press("의견 보내기")
	c.wait(`document.activeElement.value === 'right'`)
	c.key(" ", 32, " ")
	c.eval(nil, `document.querySelector('#feedback-comment').focus()`)
	c.typeText("순찰 시각이 맞습니다.")
	c.eval(nil, `document.querySelector('dialog[open] .primary').click()`)
	c.wait(`document.querySelector('.toast')?.textContent.startsWith('의견을 보냈습니다')`)

	// A job that is stuck, and the feedback of all, for administrators.
	c.eval(nil, `document.querySelector('.tasks a[href="/documents"]').click()`)
	c.wait(`document.querySelector('.upload')`)
	c.file(`document.querySelector('.upload [type=file]')`, upload(t, "느린 문서.md", "# 느림"))
	c.wait(`[...document.querySelectorAll('.uploads li')].at(-1)?.textContent.includes('검색 단위 7개')`)
	c.eval(nil, `document.querySelector('.tasks a[href="/admin"]').click()`)
	c.wait(`document.querySelector('.figures progress')`)
	if got := c.text(`document.querySelector('.figures progress').parentElement.textContent`); !strings.Contains(got, "1/3") {
		t.Errorf("progress of the job: got %s", got)
	}
	a.check("admin-job")
	c.press("중지")
	c.wait(`!document.querySelector('.figures progress') && document.querySelector('.figures').textContent.includes('중지했습니다')`)
	c.eval(nil, `window.saved = ''`)
	// The figures are drawn anew after the stop, which may take the focus from a key press.
	c.eval(nil, `[...document.querySelectorAll('button')].find(b => b.textContent === '의견 모두 내려받기').click()`)
	c.wait(`window.saved`)
	if got := c.text(`savedAs + ' ' + saved`); !strings.HasPrefix(got, "feedback.jsonl {") || !strings.Contains(got, "순찰 시각이 맞습니다.") || !strings.Contains(got, `"verdict":"right"`) {
		t.Errorf("feedback of all: got %s", got)
	}
	c.eval(nil, `document.querySelector('.tasks a[href="/documents"]').click()`)
	c.wait(`[...document.querySelectorAll('.uploads li')].at(-1)?.dataset.state === '실패'`)
	if _, err := os.Stat(broken); err != nil {
		t.Error(err)
	}
	c.clean(d.url, "/metrics", "404", "415", "422")
}
