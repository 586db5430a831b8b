package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/assistant/state"
	"biseo/deploy/sample"
	"biseo/index"
	"biseo/index/local"
	"biseo/ingest"
	"biseo/ingest/extract"
	"biseo/korea/privacy"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// october is a day on which the sample agency works.
var october = time.Date(2026, 10, 20, 3, 0, 0, 0, time.UTC)

// A desk is the whole service over the sample agency, with a model or none, as one
// official uses it. Who that is and what the model does may change under way.
type desk struct {
	url string

	mu     sync.Mutex
	caller Caller
	model  llm.Generator // nil: the model does not answer
}

func (d *desk) be(c Caller) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.caller = c
}

func (d *desk) Model() string { return "truthful" }

func (d *desk) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	d.mu.Lock()
	g := d.model
	d.mu.Unlock()
	if g == nil {
		return nil, errors.New("connection refused")
	}
	return g.Generate(ctx, req, emit)
}

// kim may do what an official may.
var kim = Caller{Principal: assistant.Principal{ID: "user:kim", Groups: []string{"staff"}, Grade: index.Open}, Via: "session", Name: "김주무",
	Permissions: []Permission{Read, Ask, Draft}}

// openDesk reads the sample agency into an index of its own. change may add to the
// options; a nil model is none.
func openDesk(t *testing.T, model llm.Generator, change func(*Options)) *desk {
	t.Helper()
	files := t.TempDir()
	if err := sample.Copy(files); err != nil {
		t.Fatal(err)
	}
	x, err := local.Open(t.Context(), t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	lg := slog.New(slog.DiscardHandler)
	mask := func(s string, contacts bool) string {
		spans := privacy.Find(s)
		if contacts {
			spans = privacy.WithoutContacts(s, spans)
		}
		return privacy.Mask(s, spans)
	}
	now := func() time.Time { return october }
	if _, err := ingest.Sync(t.Context(), lg, x, nil, ingest.Source{Paths: []string{files}, Read: extract.Read, Mask: mask, Now: now}); err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	d := &desk{caller: kim, model: model}
	ao := assistant.Options{Now: now}
	o := Options{Version: "test", Now: now, Examples: sample.Questions(), State: store, Library: x, Limits: Limits{AllAnswers: 100},
		Identify: func(*http.Request) (Caller, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.caller, nil
		}}
	if model != nil {
		ao.Generator = d
		o.Status = func(context.Context) (Status, error) { return Status{Model: d.Model()}, nil }
	}
	if change != nil {
		change(&o)
	}
	h, err := New(lg, assistant.New(lg, x, ao), o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	d.url = srv.URL
	return d
}

// An axe checks what is on the page for accessibility; without axe-core it only
// takes pictures.
type axe struct {
	c      *chrome
	script string
}

func newAxe(t *testing.T, c *chrome) axe {
	t.Helper()
	b, err := os.ReadFile("testdata/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Run("accessibility", func(t *testing.T) { t.Skip("needs axe-core: npm ci in assistant/web/testdata") })
	}
	return axe{c, string(b)}
}

// check fails the test for each violation in each theme, and takes a picture.
func (a axe) check(view string, themes ...string) {
	a.c.t.Helper()
	if len(themes) == 0 {
		themes = []string{"light", "dark", "contrast"}
	}
	for _, theme := range themes {
		a.c.eval(nil, `document.documentElement.dataset.theme = '`+theme+`'`)
		if a.script != "" {
			if a.c.text(`typeof axe`) == "undefined" {
				a.c.eval(nil, a.script+";0")
			}
			var found []string
			a.c.eval(&found, `axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], rules: {'target-size': {enabled: true}, 'label-content-name-mismatch': {enabled: true}}})
				.then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.html.slice(0, 120) + ' ' + n.failureSummary.slice(0, 300))))`)
			for _, f := range found {
				a.c.t.Errorf("%s, %s: %s", view, theme, f)
			}
		}
		a.c.shoot(view + "-" + theme)
	}
	a.c.eval(nil, `document.documentElement.dataset.theme = 'light'`)
	if got := a.c.text(`[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`); got != "" {
		a.c.t.Errorf("%s: IDs that stand twice: %s", view, got)
	}
}

// clean fails the test for everything that went wrong on the page.
func (c *chrome) clean(origin string, but ...string) {
	c.t.Helper()
next:
	for _, s := range c.complaints(origin) {
		for _, b := range but {
			if strings.Contains(s, b) {
				continue next
			}
		}
		c.t.Error(s)
	}
}

// press presses the first button or link of that text, by its key.
func (c *chrome) press(words string) {
	c.t.Helper()
	c.wait(`[...document.querySelectorAll('button, a, summary')].some(b => b.checkVisibility() && b.textContent.trim() === '` + words + `' && b.getAttribute('aria-disabled') !== 'true')`)
	c.eval(nil, `[...document.querySelectorAll('button, a, summary')].find(b => b.checkVisibility() && b.textContent.trim() === '`+words+`' && b.getAttribute('aria-disabled') !== 'true').focus()`)
	c.key("Enter", 13, "\r")
}

// ask types a question into the field and sends it.
func (c *chrome) ask(question string) {
	c.t.Helper()
	c.eval(nil, `document.querySelector('#question').focus()`)
	c.typeText(question)
	c.key("Enter", 13, "\r")
}

const outcome = `[...document.querySelectorAll('.outcome')].at(-1)?.dataset.kind`

// A question, what follows from it, and what is kept of both, without a model.
func TestPageConversation(t *testing.T) {
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, nil, nil)
	c.size(1440, 900)
	c.open(d.url + "/")
	c.wait(`document.querySelectorAll('#example-list button').length === 6`)
	a.check("desk-start")
	if got, want := c.text(`[...document.querySelectorAll('#tasks a')].filter(a => a.checkVisibility()).map(a => a.textContent)`), "질문,검색,요약,보고서,민원 답변,초안,문서"; got != want {
		t.Errorf("tasks of an official: got %s, want %s", got, want)
	}
	c.ask("불법 주정차 단속 유예시간은 몇 분인가요?")
	c.wait(outcome + ` === 'extractive'`)
	c.wait(`location.search.startsWith('?c=')`)
	a.check("desk-extract")
	c.ask("주행형 단속은 몇 분인가요?")
	c.wait(`document.querySelectorAll('.work').length === 2 && ` + outcome + ` === 'extractive'`)
	if got, want := c.text(`[...document.querySelectorAll('.question')].map(h => h.tagName + ' ' + h.textContent)`), "H1 불법 주정차 단속 유예시간은 몇 분인가요?,H2 주행형 단속은 몇 분인가요?"; got != want {
		t.Errorf("conversation: got %s, want %s", got, want)
	}
	a.check("desk-follow-up")

	// It is still there after loading the page again.
	address := c.text(`location.href`)
	c.open(d.url + "/search")
	c.open(address)
	c.wait(`document.querySelectorAll('.work').length === 2 && document.querySelectorAll('.outcome[data-kind=extractive]').length === 2`)
	if got, want := c.text(`[...document.querySelectorAll('#recent-list a')].map(a => a.textContent + a.getAttribute('aria-current'))`), "불법 주정차 단속 유예시간은 몇 분인가요?page"; got != want {
		t.Errorf("recent work: got %s, want %s", got, want)
	}

	// From a chip by keys: the source, what the reader thinks of the sentence, and back.
	c.eval(nil, `document.querySelector('.answer .chip').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.id === 'source-title' && document.querySelector('#source mark')`)
	c.press("의견 보내기")
	c.wait(`document.activeElement.value === 'right'`)
	c.key("ArrowDown", 40, "")
	c.key("Tab", 9, "")
	c.typeText("유예시간은 5분입니다.")
	a.check("desk-feedback")
	c.key("Tab", 9, "")
	c.key("Tab", 9, "")
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelector('.toast')?.textContent === '의견을 보냈습니다. 고맙습니다.'`)

	// As a draft.
	c.press("초안으로 저장")
	c.wait(`location.pathname === '/drafts' && new URLSearchParams(location.search).get('id')`)
	c.eval(nil, `history.back()`)
	c.wait(`document.querySelectorAll('.work').length === 2`)

	// Nothing found, and what to do about it.
	c.press("새 작업")
	c.ask("zyxwvut qqqq")
	c.wait(outcome + ` === 'no_source'`)
	a.check("desk-nothing", "light")

	// Deleted for good.
	c.eval(nil, `[...document.querySelectorAll('#recent-list li')].find(l => l.textContent.includes('유예')).querySelector('button').click()`)
	c.wait(`document.activeElement.textContent === '취소'`)
	a.check("desk-delete", "light", "dark")
	c.key("Tab", 9, "")
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('#recent-list a').length === 1`)

	// The session ends: the page says so, keeps the text, and goes on after a login.
	c.eval(nil, `document.querySelector('#question').focus()`)
	c.typeText("여비는 얼마인가요?")
	d.be(Caller{})
	c.key("Enter", 13, "\r")
	c.wait(outcome + ` === 'error' && !document.querySelector('#expired').hidden`)
	a.check("desk-expired")
	if got, want := c.text(`document.querySelector('#question').value`), "여비는 얼마인가요?"; got != want {
		t.Errorf("text after the session ended: got %q, want %q", got, want)
	}
	d.be(kim)
	c.eval(nil, `dispatchEvent(new Event('focus'))`)
	c.wait(`document.querySelector('#expired').hidden`)
	c.press("다시 시도")
	c.wait(`['extractive', 'no_source'].includes(` + outcome + `) && document.querySelector('#question').value === ''`)
	c.clean(d.url, "401", "DOCTYPE")
}

// The same desk with a model, and when it does not answer, at a narrow width.
func TestPageModel(t *testing.T) {
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, llmtest.Truthful{}, nil)
	c.size(1280, 900)
	c.open(d.url + "/")
	c.ask("시민회관 회의실 사용료는 얼마인가요?")
	c.wait(outcome + ` === 'answered' || ` + outcome + ` === 'partial'`)
	c.wait(`document.querySelector('#source mark')`)
	a.check("model-answer")

	// Light goes both ways: from the sentence to its evidence, and back from the panel.
	c.eval(nil, `document.querySelector('.answer .s').dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))`)
	if got := c.text(`document.querySelectorAll('.s.lit').length > 0 && document.querySelectorAll('.used li.lit').length > 0`); got != "true" {
		t.Error("a sentence that is pointed at does not light its evidence")
	}
	c.eval(nil, `document.querySelector('.work').dispatchEvent(new PointerEvent('pointerleave')); document.querySelector('#source').dispatchEvent(new PointerEvent('pointerenter'))`)
	if got := c.text(`document.querySelectorAll('.s.lit').length > 0`); got != "true" {
		t.Error("the source that is pointed at does not light its sentences")
	}

	d.mu.Lock()
	d.model = nil
	d.mu.Unlock()
	c.size(360, 740)
	c.ask("100리터 봉투는 언제까지 쓸 수 있나요?")
	c.wait(`document.querySelectorAll('.work').length === 2 && ` + outcome + ` === 'extractive'`)
	a.check("model-down", "light", "dark")

	// The menu, by keys.
	c.open(d.url + "/search")
	c.eval(nil, `document.querySelector('#menu').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelector('#tasks').checkVisibility()`)
	a.check("menu", "light", "contrast")
	c.key("Escape", 27, "")
	c.wait(`!document.querySelector('#tasks').checkVisibility() && document.activeElement.id === 'menu'`)
	c.eval(nil, `document.querySelector('#who summary').click()`)
	if got := c.text(`document.querySelector('#who-about').textContent`); !strings.Contains(got, "staff") {
		t.Errorf("rights of the reader: got %s", got)
	}
	a.check("who", "dark")
	c.clean(d.url)
}

// What the asker may see and the model may not is not answered.
func TestPageBlockedGrade(t *testing.T) {
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, llmtest.Truthful{}, nil)
	auditor := kim
	auditor.Groups, auditor.Grade = []string{"audit"}, index.Classified
	d.be(auditor)
	c.size(1280, 900)
	c.open(d.url + "/")
	c.ask("2026년 종합감사 감사반은 몇 명인가요?")
	c.wait(outcome + ` === 'extractive'`)
	if got, want := c.text(`document.querySelector('.outcome').textContent`), "발췌 답변: 근거의 보안등급이 모델에 허용된 등급보다 높습니다. 문서의 문장을 그대로 보여 드립니다."; got != want {
		t.Errorf("outcome: got %q, want %q", got, want)
	}
	a.check("blocked", "light")
	c.clean(d.url)
}

// Search: restricted, opened, cited; over the sample agency.
func TestPageSearch(t *testing.T) {
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, nil, nil)
	c.size(1440, 900)
	c.open(d.url + "/search")
	c.wait(`document.querySelector('#search-kind').options.length > 3`)
	c.eval(nil, `document.querySelector('#query').focus()`)
	c.typeText("주차요금 감면")
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('.hits > li').length > 5`)
	c.eval(nil, `document.querySelector('.hits h3 button').focus()`)
	c.key("Enter", 13, "\r")
	c.wait(`document.activeElement.id === 'source-title'`)
	a.check("desk-search")
	c.eval(nil, `navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve() }`)
	c.press("인용 복사")
	c.wait(`window.copied`)
	if got, want := c.text(`window.copied`), c.text(`document.querySelector('.hits h3').textContent`); got != want || !strings.HasPrefix(got, "「다자녀 주차요금 감면 기준 변경 문의에 대한 답변」(2026. 8. 7.) ") {
		t.Errorf("citation: got %q, want %q", got, want)
	}
	if got := c.text(`document.querySelectorAll('.hits > li').length < 20 && document.querySelectorAll('.hits details').length > 0`); got != "true" {
		t.Error("passages of the same place are not one result")
	}
	c.eval(nil, `(s => { s.value = 'ordinance'; s.dispatchEvent(new Event('change')) })(document.querySelector('#search-kind'))`)
	c.press("찾기")
	c.wait(`[...document.querySelectorAll('.hits > li > p:nth-child(2)')].every(p => p.textContent.includes('조례'))`)
	// The kind is chosen the next time, too; what was searched for is not kept.
	c.open(d.url + "/search")
	c.wait(`document.querySelector('#search-kind').value === 'ordinance'`)
	if got := c.text(`document.querySelector('#query').value + JSON.stringify(localStorage)`); strings.Contains(got, "감면") {
		t.Errorf("the browser keeps what was searched for: %s", got)
	}
	c.size(360, 740)
	c.eval(nil, `document.querySelector('#query').focus()`)
	c.typeText("주차요금 감면")
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('.hits > li').length > 2`)
	a.check("narrow-search", "light")
	c.clean(d.url)
}

// How an answer may end, each in plain words; personal data is masked and sent again.
func TestPageOutcomes(t *testing.T) {
	f := &fake{}
	f.answer = func(_ context.Context, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
		a := &assistant.Answer{Task: "answer", Question: req.Question, On: "2026-09-01", Mode: assistant.Words, Blocks: []assistant.Block{}, Sources: []ground.Source{}, Warnings: []assistant.Warning{}}
		switch {
		case strings.Contains(req.Question, "010-1234-5678"):
			a.Outcome = assistant.BlockedPersonalData
		case strings.Contains(req.Question, "등급"):
			a.Outcome = assistant.BlockedGrade
		case strings.Contains(req.Question, "날씨"):
			a.Outcome = assistant.OutOfScope
		default:
			a.Outcome = assistant.NoSource
			a.Sources = agency
		}
		return a, emit(assistant.Event{Status: "searching"})
	}
	h, err := New(slog.New(slog.DiscardHandler), f, agencyOptions())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	c := startChrome(t)
	a := newAxe(t, c)
	c.size(1024, 900)
	for _, tt := range []struct{ question, kind, says string }{
		{"등급이 높은 것", "blocked_grade", "답변 없음: 현재 권한과 모델의 보안등급으로는 답변할 수 없습니다. 담당 부서에 문의해 주세요."},
		{"오늘 날씨", "out_of_scope", "답변 없음: 행정 업무와 관련 없는 질문으로 보입니다. 질문을 바꿔 주세요."},
		{"없는 것", "no_source", "답변 없음: 검색 범위에서 근거를 찾지 못했습니다.기준일 바꾸기검색에서 찾아보기"},
		{"제 번호는 010-1234-5678입니다", "blocked_personal_data", "처리하지 않음: 개인정보가 있습니다. 가린 뒤 보내 주세요.가리고 보내기"},
	} {
		c.open(srv.URL + "/")
		c.ask(tt.question)
		c.wait(outcome + ` === '` + tt.kind + `'`)
		if got := c.text(`document.querySelector('.outcome').textContent`); got != tt.says {
			t.Errorf("%s: got %q, want %q", tt.question, got, tt.says)
		}
		a.check("outcome-"+tt.kind, "light")
	}
	c.press("가리고 보내기")
	c.wait(outcome + ` === 'no_source'`)
	if got := c.text(`document.querySelector('.question').textContent`); strings.Contains(got, "1234") || !strings.Contains(got, "*") {
		t.Errorf("masked question: got %q", got)
	}
	if got, want := c.text(`document.querySelector('.work .used').previousSibling.textContent`), "비슷한 문서(근거 아님)"; got != want {
		t.Errorf("near misses: got %q, want %q", got, want)
	}
	c.clean(srv.URL)
}

// A connection that is cut in the middle of an answer goes on where it was: no
// sentence is missing and none stands twice.
func TestPageResume(t *testing.T) {
	cut := make(chan struct{})
	f := &fake{}
	f.answer = func(ctx context.Context, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
		a, err := (&fake{}).Answer(ctx, assistant.Principal{}, req, nil)
		if err != nil {
			return nil, err
		}
		if err := emit(assistant.Event{Sources: a.Sources}); err != nil {
			return nil, err
		}
		for i, b := range a.Blocks {
			for _, s := range b.Sentences {
				if err := emit(assistant.Event{Sentence: &s}); err != nil {
					return nil, err
				}
			}
			if i == 0 {
				<-cut
			}
		}
		return a, nil
	}
	h, err := New(slog.New(slog.DiscardHandler), f, agencyOptions())
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	c := startChrome(t)
	c.size(1024, 900)
	c.open(srv.URL + "/")
	c.ask("주차요금은?")
	c.wait(`document.querySelectorAll('.answer .s').length === 2`)
	c.eval(nil, `window.first = document.querySelector('.answer .s')`)
	srv.CloseClientConnections()
	c.wait(`/연결이 끊겼습니다|다시 연결했습니다/.test(document.querySelector('.outcome').textContent)`)
	close(cut)
	c.wait(outcome + ` === 'partial'`)
	if got, want := c.text(`document.querySelectorAll('.answer .s').length + ' ' + (window.first === document.querySelector('.answer .s'))`), "4 true"; got != want {
		t.Errorf("sentences after the cut, and the first as it was: got %s, want %s", got, want)
	}
	c.clean(srv.URL, "ERR_", "Failed to load")
}
