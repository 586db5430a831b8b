package web

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// tab presses Tab and fails the test if the focus is not where a reader sees it, goes
// back in the order of the page, or has no outline.
func (c *chrome) tab() {
	c.t.Helper()
	c.eval(nil, `window.was = document.activeElement`)
	c.key("Tab", 9, "")
	if wrong := c.text(`(() => {
		const e = document.activeElement
		if (e === document.body) return '' // round the page
		const name = e.outerHTML.slice(0, 120)
		if (was !== document.body && was.isConnected && !(was.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING) && !e.closest('dialog, .skips')) return 'goes back: ' + name
		const r = e.getBoundingClientRect(), x = r.x + Math.min(r.width, innerWidth) / 2, y = Math.min(Math.max(r.y + r.height / 2, 0), innerHeight - 1)
		const top = document.elementFromPoint(x, y)
		if (r.bottom < 0 || r.top > innerHeight || !(top && (e.contains(top) || top.contains(e)))) return 'not to be seen: ' + name
		const s = getComputedStyle(e)
		return e.matches(':focus-visible') && s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 3 ? '' : 'no outline: ' + name
	})()`); wrong != "" {
		c.t.Errorf("focus %s", wrong)
	}
}

// to presses Tab until the element has the focus.
func (c *chrome) to(js string) {
	c.t.Helper()
	for range 150 {
		if c.text(`document.activeElement === `+js) == "true" {
			return
		}
		c.tab()
	}
	c.t.Fatalf("Tab does not reach %s", js)
}

func (c *chrome) enter()  { c.key("Enter", 13, "\r") }
func (c *chrome) escape() { c.key("Escape", 27, "") }

// labelled is the field with that label, called the button, link or summary of that text.
func labelled(words string) string {
	return `[...document.querySelectorAll('main label')].find(l => l.checkVisibility() && l.textContent.trim() === '` + words + `')?.control`
}

func called(words string) string { return named + words + `')` }

// round fails the test if Tab does not come round the page.
func (c *chrome) round() {
	c.t.Helper()
	for range 200 {
		c.tab()
		if c.text(`document.activeElement === document.body`) == "true" {
			return
		}
	}
	c.t.Errorf("Tab never leaves the page: a trap near %s", c.text(`document.activeElement.outerHTML.slice(0, 120)`))
}

// Every task from its address to its result with keys only: no script moves the
// focus or presses anything.
func TestPageKeyboard(t *testing.T) {
	t.Parallel()
	d := openDesk(t, nil, withUploads(t))
	d.be(lee)
	for _, tt := range []struct {
		name, view string
		do         func(c *chrome)
	}{
		{"질문", "/", func(c *chrome) {
			c.to(`document.querySelector('#question')`)
			c.typeText("불법 주정차 단속 유예시간은 몇 분인가요?")
			c.enter()
			c.wait(outcome + ` === 'extractive'`)
			if got := c.text(`document.activeElement.tagName`); got != "H1" {
				c.t.Errorf("focus after sending: got %s, want H1", got)
			}
			c.to(`document.querySelector('.answer .chip')`)
			c.enter()
			c.wait(`document.activeElement.id === 'source-title'`)
			c.escape()
			c.wait(`document.activeElement === document.querySelector('.answer .chip')`)
			c.key("End", 35, "")
			c.wait(`document.activeElement === [...document.querySelectorAll('.answer .chip')].at(-1)`)
			c.to(`document.querySelector('#question')`)
			c.typeText("주행형 단속은요?")
			c.enter()
			c.wait(`document.querySelectorAll('.outcome[data-kind=extractive]').length === 2`)
		}},
		{"검색", "/search", func(c *chrome) {
			c.to(`document.querySelector('#query')`)
			c.typeText("주차요금 감면")
			c.to(labelled("문서 종류"))
			c.key("ArrowDown", 40, "")
			c.to(called("찾기"))
			c.enter()
			c.wait(`document.querySelector('.hits h3 button')`)
			c.to(`document.querySelector('.hits h3 button')`)
			c.enter()
			c.wait(`document.activeElement.id === 'source-title'`)
			c.to(called("다음 조문"))
			c.escape()
			c.wait(`document.activeElement === document.querySelector('.hits h3 button')`)
		}},
		{"요약", "/summary", func(c *chrome) {
			c.to(labelled("문서함에서 고르기"))
			c.typeText("겨울철")
			c.enter()
			c.wait(`document.querySelector('.found input')`)
			c.to(`document.querySelector('.found input')`)
			c.key(" ", 32, " ")
			c.wait(`document.querySelector('.chosen li')`)
			c.to(`document.querySelector('[type=radio]:checked')`)
			c.key("ArrowRight", 39, "")
			c.to(called("요약하기"))
			c.enter()
			c.wait(called("초안 고치기"))
			c.to(called("초안 고치기"))
			c.enter()
			c.wait(`document.querySelector('.doc .block')`)
		}},
		{"보고서", "/report", func(c *chrome) {
			c.to(labelled("주제 (필수)"))
			c.typeText("공영주차장 요금 감면")
			c.to(labelled("서식"))
			c.key("ArrowDown", 40, "")
			c.to(called("초안 만들기"))
			c.enter()
			c.wait(called("초안 고치기"))
			c.to(called("초안 고치기"))
			c.enter()
			c.wait(`document.querySelectorAll('.doc h2').length > 3`)
			c.to(called("내보내기"))
			c.enter()
			c.to(called("마크다운(MD)"))
			c.escape()
			c.wait(`!document.querySelector('.export').open && document.activeElement.matches('.export > summary')`)
		}},
		{"민원 답변", "/reply", func(c *chrome) {
			c.to(labelled("파일에서 읽기"))
			c.choose(upload(c.t, "민원.txt", "다자녀 가정은 공영주차장 요금을 얼마나 감면받나요?"))
			c.wait(labelled("민원 내용 (필수)") + `.value.startsWith('다자녀') && document.activeElement === ` + labelled("민원 내용 (필수)"))
			c.to(labelled("민원 종류"))
			for range 2 {
				c.key("ArrowDown", 40, "")
			}
			c.wait(`document.querySelector('.task .due-date')`)
			c.to(called("초안 만들기"))
			c.enter()
			c.wait(called("초안 고치기"))
			c.to(called("초안 고치기"))
			c.enter()
			c.wait(`document.querySelector('.doc .chip')`)
			c.to(`document.querySelector('.doc .edit')`)
			c.enter()
			c.wait(`document.activeElement.tagName === 'TEXTAREA'`)
			c.key("End", 35, "")
			c.typeText(" 고맙습니다.")
			c.escape()
			c.wait(`document.activeElement === document.querySelector('.doc .edit')`)
			c.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": "s", "code": "KeyS", "windowsVirtualKeyCode": 83, "modifiers": 2}, nil)
			c.wait(`document.querySelector('.draft-head .hint').textContent.startsWith('버전 2')`)
			c.to(`document.querySelector('[data-part=requests] input')`)
			c.key(" ", 32, " ")
			c.wait(`document.activeElement.checked`)
		}},
		{"문서 올리기", "/documents", func(c *chrome) {
			c.to(called("파일 올리기"))
			c.enter()
			c.to(`document.querySelector('.upload [value=public]')`)
			c.key(" ", 32, " ")
			c.to(`document.querySelector('.upload [type=file]')`)
			c.choose(upload(c.t, "야간 당직 안내.md", "# 야간 당직 안내\n\n당직자는 22시에 순찰합니다.\n"))
			c.wait(`document.querySelector('.uploads li')?.dataset.state === '완료'`)
			c.to(labelled("제목의 낱말"))
			c.typeText("야간 당직")
			c.enter()
			c.wait(`document.querySelectorAll('.library tbody tr').length === 1`)
			c.to(`document.querySelector('.library a')`)
			c.enter()
			c.wait(`document.querySelector('.passages section')`)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := startChrome(t)
			c.size(1440, 900)
			c.open(d.url + tt.view)
			c.wait(`[...document.querySelectorAll('main form')].some(f => f.checkVisibility()) && document.querySelector('#tasks [data-view="/documents"]').checkVisibility()`)
			c.tab()
			if got, want := c.text(`document.activeElement.textContent`), "본문 바로가기"; got != want {
				t.Errorf("first stop: got %q, want %q", got, want)
			}
			c.enter()
			c.wait(`document.activeElement.id === 'main'`)
			tt.do(c)
			c.round()
			c.clean(d.url, "/metrics")
		})
	}
}

// choose presses the key that opens the system's dialog of files, and chooses one.
func (c *chrome) choose(file string) {
	c.t.Helper()
	c.call("Page.setInterceptFileChooserDialog", map[string]any{"enabled": true}, nil)
	c.key(" ", 32, " ")
	for range 400 {
		c.mu.Lock()
		for _, e := range c.events {
			var p struct{ BackendNodeID int }
			if e.Method == "Page.fileChooserOpened" && json.Unmarshal(e.Params, &p) == nil {
				c.mu.Unlock()
				c.call("DOM.setFileInputFiles", map[string]any{"files": []string{file}, "backendNodeId": p.BackendNodeID}, nil)
				return
			}
		}
		c.mu.Unlock()
		time.Sleep(25 * time.Millisecond)
	}
	c.t.Fatal("the key opens no dialog of files")
}

// The help lists the keys; the dialogs and the menu close by Escape and give the
// focus back; inside a dialog Tab stays.
func TestPageDialogs(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, nil, withUploads(t))
	d.be(lee)
	c.size(1280, 900)
	c.open(d.url + "/")
	c.wait(`document.querySelector('#who-name').textContent === '이팀장'`)
	for _, id := range []string{"open-display", "open-help"} {
		c.to(`document.querySelector('#` + id + `')`)
		c.enter()
		c.wait(`document.querySelector('dialog[open] h2') === document.activeElement`)
		for range 12 {
			c.key("Tab", 9, "")
			if got := c.text(`document.activeElement === document.body || !!document.activeElement.closest('dialog[open]')`); got != "true" {
				t.Fatalf("%s: Tab leaves the dialog", id)
			}
		}
		a.check(id)
		c.size(360, 740)
		c.fits(id)
		c.size(1280, 900)
		c.escape()
		c.wait(`!document.querySelector('dialog[open]') && document.activeElement.id === '` + id + `'`)
	}
	if got := c.text(`document.querySelectorAll('#help kbd').length`); len(got) < 2 {
		t.Errorf("keys in the help: got %s", got)
	}
	c.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": "/", "code": "Slash", "windowsVirtualKeyCode": 191, "modifiers": 2}, nil)
	c.wait(`document.querySelector('#help').open`)
	c.escape()

	c.size(800, 900)
	c.eval(nil, `document.querySelector('#menu').focus()`)
	c.enter()
	c.wait(`document.querySelector('#tasks').classList.contains('open')`)
	a.check("menu")
	c.escape()
	c.wait(`document.activeElement.id === 'menu' && !document.querySelector('#tasks').checkVisibility()`)

	c.call("Page.navigate", map[string]any{"url": d.url + "/nowhere"}, nil)
	c.wait(`document.querySelector('h1')?.textContent === '없는 주소입니다'`)
	a.check("nowhere")
	c.clean(d.url, "404")
}

// No view scrolls sideways at 360 px in any size of text, and none in a window of
// 1280 px that is enlarged to 400 % (320 px). The help stands last in the header.
func TestPageNarrow(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	d := openDesk(t, nil, withUploads(t))
	d.be(lee)
	for _, view := range []string{"/", "/search", "/summary", "/report", "/reply", "/drafts", "/documents", "/admin", "/nowhere"} {
		c.call("Page.navigate", map[string]any{"url": d.url + view}, nil)
		c.wait(`location.pathname === '` + view + `' && [...document.querySelectorAll('main h1')].some(h => h.checkVisibility()) && document.readyState === 'complete'`)
		if view == "/admin" || view == "/documents" {
			c.wait(`document.querySelector('main table tbody tr, main .chapter')`)
		}
		if got := c.text(`[...document.querySelectorAll('header :is(a, button, summary)')].filter(e => e.checkVisibility()).at(-1).id`); view != "/nowhere" && got != "open-help" {
			t.Errorf("%s: the last control of the header is %q, want the help", view, got)
		}
		for _, at := range []struct {
			width int
			size  string
		}{{360, "100"}, {360, "150"}, {320, "100"}} {
			c.size(at.width, 740)
			c.eval(nil, `document.documentElement.dataset.size = '`+at.size+`'`)
			if got := c.text(`document.documentElement.scrollWidth > document.documentElement.clientWidth`); got != "false" {
				t.Errorf("%s at %d px and %s %%: scrolls sideways", view, at.width, at.size)
			}
			c.fits(fmt.Sprintf("%s %d px %s %%", view, at.width, at.size))
		}
	}
	c.clean(d.url, "/metrics", "404")
}
