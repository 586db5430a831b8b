package web

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// november is today in these tests: the agency's clauses have ceased to be in force.
var november = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

func agencyOptions() Options {
	return Options{Version: "test", Now: func() time.Time { return november }, Examples: []string{"주차요금은 얼마입니까?", "정기권은 언제부터 팝니까?"},
		Status: func(context.Context) (Status, error) {
			return Status{Documents: 2, Kinds: []string{"ordinance"}}, nil
		}}
}

const copied = `주차요금은 얼마입니까? 감면도 알려 주세요

소형 승용차의 1시간 요금은 1,200원입니다.(「가온시 주차장 조례」 제5조) 정기권은 한 달에 60,000원이며 장애인 차량은 절반을 줄입니다.(「가온시 주차장 조례」 제6조, 「가온시 주차장 조례」 제5조)
- 가산금은 요금의 5배입니다. [근거 확인 필요]
- [작성 필요: 담당자 연락처]  끝.

출처
- 「가온시 주차장 조례」 제5조(2026. 1. 1. 시행)
- 「가온시 주차장 조례」 제6조(2026. 1. 1. 시행)

기준일 2026. 9. 1.(화) / AI 초안 - 담당자 확인 필요
`

func TestPage(t *testing.T) {
	c := startChrome(t)
	h, err := New(slog.New(slog.DiscardHandler), &fake{}, agencyOptions())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	accessible := newAxe(t, c).check

	c.size(1280, 900)
	c.open(srv.URL + "/")
	accessible("start", "light", "dark", "contrast")

	// The skip links move the focus and nothing else.
	c.eval(nil, `document.querySelector('#skip-field').click()`)
	if got, want := c.text(`document.activeElement.id + location.pathname + location.hash`), "question/"; got != want {
		t.Errorf("skip link: got %q, want %q", got, want)
	}

	// Ask with the keyboard; the example only fills the field.
	c.eval(nil, `document.querySelector('#example-list button').click()`)
	if got, want := c.text(`document.activeElement.id + ':' + document.activeElement.value`), "question:주차요금은 얼마입니까?"; got != want {
		t.Fatalf("after the example: got %q, want %q", got, want)
	}
	c.typeText(" 감면도 알려 주세요")
	c.eval(nil, `document.querySelector('#ask-on').value = '2026.9.1'`)
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelector('.outcome')?.dataset.kind === 'partial'`)

	got := map[string]string{
		"title":     c.text(`document.title`),
		"address":   c.text(`location.pathname + location.search`),
		"h1":        c.text(`document.querySelector('#work h1').textContent`),
		"focus":     c.text(`document.activeElement.tagName`),
		"outcome":   c.text(`document.querySelector('.outcome p').textContent`),
		"scope":     c.text(`document.querySelector('.scope').textContent`),
		"chips":     c.text(`[...document.querySelectorAll('.answer .chip')].map(c => c.firstChild.textContent).join(' ')`),
		"chip name": c.text(`document.querySelector('.answer .chip').textContent`),
		"states":    c.text(`[...document.querySelectorAll('.answer .s')].map(s => s.className).join(', ')`),
		"tab stops": c.text(`document.querySelectorAll('.answer .chip[tabindex="0"]').length`),
		"items":     c.text(`document.querySelectorAll('.answer ul > li').length`),
		"label":     c.text(`document.querySelector('.heading').innerText.replace(/\s+/g, ' ')`),
		"used":      c.text(`document.querySelectorAll('.used li').length`),
		"field":     c.text(`document.querySelector('#question-label').textContent + document.querySelector('#question').value`),
		"panel":     c.text(`document.querySelector('#side #source-title').textContent`),
		"mark":      c.text(`document.querySelector('#side mark').textContent`),
	}
	want := map[string]string{
		"title": "대화 1 - 질문 - 비서", "address": "/?n=1", "h1": "주차요금은 얼마입니까? 감면도 알려 주세요", "focus": "H1",
		"outcome": "일부 답변: 확인 필요 1건, 작성 필요 1건이 있습니다.", "scope": "기준일 2026. 9. 1.(화), 문서 종류: 전체",
		"chips": "1 2 1", "chip name": "1 번 근거: 「가온시 주차장 조례」 제5조", "states": "s verified, s verified, s unverified, s gap", "tab stops": "1", "items": "2",
		"label": "답변 AI 초안 - 담당자 확인 필요", "used": "2", "field": "이어서 질문하기 (필수)",
		"panel": "근거 1 ● 현행", "mark": "소형 승용차의 1시간 요금은 1,200원으로 한다.",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("answer (-want +got):\n%s", d)
	}
	c.wait(`document.querySelector('#status').textContent.startsWith('일부 답변')`)
	if got, want := c.text(`document.querySelector('#side .pager').textContent`), "1/2‹›"; got != want {
		t.Errorf("pages of the panel: got %q, want %q", got, want)
	}
	accessible("answer", "light", "dark", "contrast")
	c.size(1440, 900)
	c.shoot("wide")
	if got, want := c.text(`[...document.querySelectorAll('.recent *')].filter(e => e.getBoundingClientRect().right > 248).length`), "0"; got != want {
		t.Errorf("elements of the recent work outside their column: got %s, want %s", got, want)
	}
	c.size(1280, 900)

	// A copy for a document: citations in words, no numbers of chips.
	c.eval(nil, `navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve() }`)
	c.eval(nil, `[...document.querySelectorAll('.work > .actions button')].find(b => b.textContent === '공문 형식으로 복사').click()`)
	c.wait(`window.copied`)
	if d := cmp.Diff(copied, c.text(`window.copied`)); d != "" {
		t.Errorf("copy (-want +got):\n%s", d)
	}

	// From a chip to its source by keys, and back.
	c.eval(nil, `document.querySelectorAll('.answer .chip')[0].focus()`)
	c.key("ArrowRight", 39, "")
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.id === 'source-title'`)
	if got, want := c.text(`document.querySelector('#source mark').textContent`), "정기권은 한 달에 60,000원으로 하며"; got != want {
		t.Errorf("mark: got %q, want %q", got, want)
	}
	if got := c.text(`document.querySelector('#source').innerText`); !strings.Contains(got, "기준일에는 현행이지만 2026. 10. 1.에 바뀌었습니다.") {
		t.Errorf("the source does not say that it changed since:\n%s", got)
	}
	if got, want := c.text(`(a => a.textContent + ' ' + a.href + ' ' + a.rel)(document.querySelector('#source a'))`), "원문 열기(새 창) https://gaon.example/parking noopener noreferrer"; got != want {
		t.Errorf("original: got %q, want %q", got, want)
	}
	c.key("Escape", 27, "")
	c.wait(`document.activeElement === document.querySelectorAll('.answer .chip')[1]`)
	if got := c.text(`document.querySelectorAll('.s.lit').length + ' ' + [...document.querySelectorAll('.used li.lit')].map(l => l.dataset.n)`); got != "1 1,2" && got != "1 2,1" {
		t.Errorf("a focused chip lights its sentence and sources 1 and 2, got %q", got)
	}

	// The clause after it is not evidence, and nothing in it is marked.
	c.wait(`[...document.querySelectorAll('#source button')].some(b => b.textContent === '다음 조문' && b.getAttribute('aria-disabled') === 'false')`)
	c.eval(nil, `[...document.querySelectorAll('#source button')].find(b => b.textContent === '다음 조문').click()`)
	c.wait(`document.querySelector('#source .cite').textContent.endsWith('제7조')`)
	if got, want := c.text(`document.querySelector('#source-title').textContent + document.querySelectorAll('#source mark').length`), "앞뒤 조문 ● 현행0"; got != want {
		t.Errorf("neighbour: got %q, want %q", got, want)
	}

	c.eval(nil, `document.querySelector('.new-task').click()`)
	c.wait(`!document.querySelector('#ask-intro').hidden`)
	c.eval(nil, `(q => { q.value = '가산금'; q.focus() })(document.querySelector('#question'))`)
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('#recent-list a').length === 2 && document.querySelector('.outcome')?.dataset.kind === 'partial'`)
	if got, want := c.text(`[...document.querySelectorAll('#recent-list a')].map(a => a.textContent).join(', ')`), "가산금, 주차요금은 얼마입니까? 감면도 알려 주세요"; got != want {
		t.Errorf("recent work: got %q, want %q", got, want)
	}
	c.eval(nil, `history.back()`)
	c.wait(`location.search === '' && !document.querySelector('#ask-intro').hidden`)
	c.eval(nil, `history.back()`)
	c.wait(`document.querySelector('#work h1')?.textContent.startsWith('주차요금')`)

	// The end of an answer lays it out anew; who reads along by keys stays in place.
	c.eval(nil, `document.querySelector('.new-task').click()`)
	c.eval(nil, `(q => { q.value = '천천히'; q.focus() })(document.querySelector('#question'))`)
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('.answer .chip').length === 3 && document.querySelector('.outcome').dataset.kind === 'working'`)
	c.eval(nil, `document.querySelectorAll('.answer .chip')[1].focus()`)
	c.wait(`document.querySelector('.outcome').dataset.kind === 'partial'`)
	if got, want := c.text(`[...document.querySelectorAll('.answer .chip')].indexOf(document.activeElement) + ' ' + document.querySelectorAll('.answer li').length`), "1 2"; got != want {
		t.Errorf("focused chip and items after the end: got %q, want %q", got, want)
	}

	// Search.
	c.eval(nil, `document.querySelector('.tasks a[href="/search"]').click()`)
	c.wait(`location.pathname === '/search' && document.title === '검색 - 비서'`)
	c.eval(nil, `document.querySelector('#query').focus()`)
	c.typeText("정기권")
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('.hits > li').length === 3`)
	if got, want := c.text(`document.querySelector('.hits .state').textContent`), "◐ 연혁"; got != want {
		t.Errorf("badge today: got %q, want %q", got, want)
	}
	c.eval(nil, `document.querySelectorAll('.hits h3 button')[1].click()`)
	c.wait(`document.querySelector('#source-title').textContent.startsWith('결과 2')`)
	accessible("search", "light", "dark", "contrast")

	// A stop keeps what is verified and says so.
	c.eval(nil, `document.querySelector('.tasks a').click()`)
	c.eval(nil, `(q => { q.value = '끝없는 답변'; q.focus() })(document.querySelector('#question'))`)
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('.answer .s').length === 1`)
	if got, want := c.text(`document.querySelector('.pending').textContent + document.querySelector('#ask-form .primary').getAttribute('aria-disabled')`), "다음 문장의 근거를 확인하는 중true"; got != want {
		t.Errorf("under way: got %q, want %q", got, want)
	}
	c.eval(nil, `document.querySelector('.outcome button').click()`)
	c.wait(`document.querySelector('.outcome').dataset.kind === 'stopped'`)
	if got, want := c.text(`document.querySelector('.outcome').textContent`), "중지했습니다: 여기까지는 근거를 확인한 문장입니다.다시 시도"; got != want {
		t.Errorf("stopped: got %q, want %q", got, want)
	}
	c.eval(nil, `document.querySelector('.tasks a[href="/search"]').click()`)

	// What the reader typed stays where it is when the input is wrong.
	c.eval(nil, `document.querySelector('#search-on').value = '2026-02-30'`)
	c.eval(nil, `document.querySelector('#query').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.id === 'search-on'`)
	if got, want := c.text(`document.querySelector('#query-error').textContent + document.querySelector('#query').value`), "날짜를 2026. 10. 2. 형식으로 입력해 주세요.정기권"; got != want {
		t.Errorf("wrong date: got %q, want %q", got, want)
	}

	// Narrow: the source is a dialog, nothing is wider than the screen, also at 150 %.
	c.size(360, 740)
	c.open(srv.URL + "/")
	accessible("narrow-start", "light")
	c.eval(nil, `document.querySelector('#example-list button').click()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelector('.outcome')?.dataset.kind === 'partial'`)
	accessible("narrow-answer", "dark")
	c.eval(nil, `document.querySelector('.answer .chip').click()`)
	c.wait(`document.querySelector('#source-dialog').open && document.activeElement.id === 'source-title'`)
	accessible("narrow-source", "light")
	c.key("Escape", 27, "")
	c.wait(`!document.querySelector('#source-dialog').open && document.activeElement.classList.contains('chip')`)
	for _, size := range []string{"100", "150"} {
		c.eval(nil, `document.documentElement.dataset.size = '`+size+`'`)
		if got := c.text(`[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth && !e.closest('.vh, .skips')).map(e => e.tagName + '.' + e.className)`); got != "" {
			t.Errorf("at %s %%: wider than the screen: %s", size, got)
		}
		c.shoot("narrow-" + size)
	}

	// Settings: the theme changes at once and is still there after loading again.
	c.eval(nil, `document.querySelector('#open-display').click()`)
	c.wait(`document.querySelector('#display').open`)
	accessible("settings", "contrast")
	c.eval(nil, `document.querySelector('[name=theme][value=dark]').click()`)
	if got, want := c.text(`document.documentElement.dataset.theme`), "dark"; got != want {
		t.Errorf("theme chosen: got %q, want %q", got, want)
	}
	c.open(srv.URL + "/?lang=en")
	if got, want := c.text(`document.documentElement.dataset.theme + getComputedStyle(document.body).backgroundColor`), "darkrgb(19, 20, 22)"; got != want {
		t.Errorf("theme: got %q, want %q", got, want)
	}
	if got, want := c.text(`document.documentElement.lang + document.querySelector('#ask-form .primary').textContent + document.title`), "enSendAsk - Biseo"; got != want {
		t.Errorf("English: got %q, want %q", got, want)
	}
	if got, want := c.text(`[...document.querySelectorAll('[data-t]')].map(e => e.textContent).filter(s => /[가-힣]/.test(s))`), "Words, a sentence, or a citation such as 민원처리법 제19조."; got != want {
		t.Errorf("Korean in the English interface: got %q, want only %q", got, want)
	}

	// The service goes away while an answer is asked for.
	c.eval(nil, `document.querySelector('#question').value = '남는 글'`)
	srv.CloseClientConnections()
	srv.Listener.Close()
	c.eval(nil, `document.querySelector('#ask-form .primary').click()`)
	c.wait(`document.querySelector('.outcome')?.dataset.kind === 'error' && !document.querySelector('#offline').hidden`)
	if got, want := c.text(`document.querySelector('#question').value`), "남는 글"; got != want {
		t.Errorf("typed text: got %q, want %q", got, want)
	}

	for _, s := range c.complaints(srv.URL) {
		if !strings.Contains(s, "ERR_CONNECTION_REFUSED") { // the service that went away
			t.Error(s)
		}
	}
}

// Sequences of keys as browsers and input methods give them: c starts a
// composition, e ends it with the text after it, I is Enter while composing, E is
// Enter, S is Shift+Enter, u releases the key, w waits.
func TestEnter(t *testing.T) {
	c := startChrome(t)
	h, err := New(slog.New(slog.DiscardHandler), &fake{}, agencyOptions())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	c.open(srv.URL + "/")
	tests := []struct {
		name, keys string
		sent       string
	}{
		{"no composition", "E u w", "1"},
		{"key held down", "E E E u w", "1"},
		{"twice", "E u w E u w", "2"},
		{"new line", "S u w", "0"},
		{"composition ends, no second key event (macOS)", "c I e요 u w", "1"},
		{"the key is released before", "c I u e요 w", "0"},
		{"composition ends, then Enter (Windows)", "c I e요 E u w", "1"},
		{"composition ends by itself, then Enter", "c e요 w E u w", "1"},
		{"Enter picks a symbol", "c I e※ u w", "0"},
		{"Enter picks Hanja", "c I e要 u w", "0"},
		{"and the next Enter sends", "c I e要 u w E u w", "1"},
	}
	for _, tt := range tests {
		got := c.text(`(await (async keys => {
			const {onEnter} = await import('/page/compose.js')
			const field = document.createElement('textarea')
			let sent = 0
			onEnter(field, () => sent++)
			const key = (type, o) => field.dispatchEvent(new KeyboardEvent(type, {key: 'Enter', code: 'Enter', cancelable: true, ...o}))
			for (const k of keys.split(' ')) {
				if (k === 'c') field.dispatchEvent(new CompositionEvent('compositionstart'))
				if (k[0] === 'e') field.dispatchEvent(new CompositionEvent('compositionend', {data: k.slice(1)}))
				if (k === 'I') key('keydown', {isComposing: true, keyCode: 229})
				if (k === 'E') key('keydown', {})
				if (k === 'S') key('keydown', {shiftKey: true})
				if (k === 'u') key('keyup', {})
				if (k === 'w') await new Promise(done => setTimeout(done, 5))
			}
			return sent
		})('` + tt.keys + `'))`)
		if got != tt.sent {
			t.Errorf("%s (%s): sent %s times, want %s", tt.name, tt.keys, got, tt.sent)
		}
	}
}

func TestPageFiles(t *testing.T) {
	total := 0 // bytes as they are sent, before compression
	ids := map[string]bool{}
	var texts strings.Builder // of all files but the dictionary
	err := fs.WalkDir(pageFiles, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := pageFiles.ReadFile(name)
		if err != nil {
			return err
		}
		total += len(shrink(name, string(b)))
		s := string(b)
		for _, bad := range []string{" style=", "<style", "onclick=", "innerHTML", "insertAdjacentHTML", "eval(", "http://", "https://", "mousedown", "pointerdown", "@keyframes"} {
			if strings.Contains(strings.ReplaceAll(s, "http://www.w3.org/2000/svg", ""), bad) {
				t.Errorf("%s holds %s", name, bad)
			}
		}
		if name == "page/index.html" {
			for _, m := range regexp.MustCompile(`\bid="([^"]+)"`).FindAllStringSubmatch(s, -1) {
				if ids[m[1]] {
					t.Errorf("id %s stands twice", m[1])
				}
				ids[m[1]] = true
			}
		}
		if name != "page/en.txt" && name != "page/404.html" {
			texts.WriteString(s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", total)
	if total > 200_000 {
		t.Errorf("the page is %d bytes, at most 200,000", total)
	}
	dictionary, err := pageFiles.ReadFile("page/en.txt")
	if err != nil {
		t.Fatal(err)
	}
	english := map[string]string{} // by key: the Korean that it stands for, once it is found
	for line := range strings.Lines(string(dictionary)) {
		key, _, _ := strings.Cut(line, "=")
		if _, twice := english[key]; twice {
			t.Errorf("English: %q stands twice", key)
		}
		english[key] = ""
	}
	content := []string{"원문 발췌", "AI 초안", " - 담당자 확인 필요", " [근거 확인 필요]", "출처\n", "한국어", "검토보고", "법정"} // belongs to documents, or names itself
	for _, m := range regexp.MustCompile(`'([^'\n]*[가-힣]{2}[^'\n]*)'|data-t(?: [^>]*)?>([^<]*[가-힣][^<]*)<`).FindAllStringSubmatch(texts.String(), -1) {
		ko := m[1] + m[2]
		key := ko
		if _, ok := english[key]; !ok && len([]rune(ko)) > 9 {
			key = string([]rune(ko)[:9])
		}
		switch found, ok := english[key]; {
		case !ok && !slices.Contains(content, ko):
			t.Errorf("no English for %q", ko)
		case ok && found != "" && found != ko:
			t.Errorf("English: %q stands for %q and for %q", key, found, ko)
		case ok:
			english[key] = ko
		}
	}
	for key, ko := range english {
		if ko == "" && !strings.Contains(texts.String(), "'"+key) && !strings.Contains(texts.String(), `"`+key) {
			t.Errorf("English: %q is used nowhere", key)
		}
	}
}
