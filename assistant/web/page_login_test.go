package web

import (
	"regexp"
	"testing"
	"time"
)

// A login that is about to end says so in time, and a button puts the end off; one that
// ends in any case, or has ended, says how to log in again. What was typed stays.
func TestPageLoginEnds(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, nil, nil)
	is := func(idle, left time.Duration) {
		who := kim
		who.Idle, who.Expires = idle, october.Add(left)
		d.be(who)
	}
	typed := func(when string) {
		t.Helper()
		if got, want := c.text(labelled("민원 내용 (필수)")+`.value`), "남는 글입니다."; got != want {
			t.Errorf("%s: text got %q, want %q", when, got, want)
		}
	}
	says := regexp.MustCompile(`^로그인이 \d\d:\d\d에 끝납니다\.$`)
	c.size(1280, 900)

	is(29*time.Minute, 10*time.Hour)
	c.walk(d, "/reply")
	if got := c.text(`[...document.querySelectorAll('.notice')].some(n => n.checkVisibility())`); got != "false" {
		t.Error("a login that goes on is said to end")
	}

	is(4*time.Minute, 10*time.Hour)
	c.walk(d, "/reply")
	c.fill("민원 내용 (필수)", "남는 글입니다.")
	c.wait(`document.querySelector('#ending').checkVisibility()`)
	if got := c.text(`document.querySelector('#ending-word').textContent`); !says.MatchString(got) {
		t.Errorf("about to end: got %q", got)
	}
	c.wait(`document.querySelector('#alert').textContent === document.querySelector('#ending-word').textContent`)
	a.check("login-ending")
	is(29*time.Minute, 10*time.Hour)
	c.eval(nil, labelled("민원 내용 (필수)")+`.focus()`)
	c.eval(nil, `document.querySelector('#extend').focus()`)
	c.enter()
	c.wait(`!document.querySelector('#ending').checkVisibility() && document.querySelector('.toast')?.textContent === '로그인을 연장했습니다.'`)
	if got := c.text(`document.activeElement === ` + labelled("민원 내용 (필수)")); got != "true" {
		t.Errorf("the focus does not go back to the field: at %s", c.text(`document.activeElement.outerHTML.slice(0, 100)`))
	}
	typed("put off")

	// Its last minutes: no button helps.
	is(4*time.Minute, 10*time.Hour)
	c.walk(d, "/reply")
	c.fill("민원 내용 (필수)", "남는 글입니다.")
	c.wait(`document.querySelector('#ending').checkVisibility()`)
	is(29*time.Minute, 3*time.Minute)
	c.eval(nil, `document.querySelector('#extend').focus()`)
	c.enter()
	c.wait(`!document.querySelector('#ending').checkVisibility() && document.activeElement.id === 'login'`)
	if got := c.text(`document.querySelector('#expired-word').textContent`); !says.MatchString(got) {
		t.Errorf("about to end in any case: got %q", got)
	}
	a.check("login-last", "light")
	c.size(360, 740)
	c.fits("login")
	c.size(1280, 900)
	is(29*time.Minute, 10*time.Hour)
	c.eval(nil, `dispatchEvent(new Event('focus'))`) // back from logging in again
	c.wait(`!document.querySelector('#expired').checkVisibility()`)
	typed("logged in again")

	// Over while nobody does anything: the page does not ask, which would keep the login.
	is(2*time.Second, 10*time.Hour)
	c.walk(d, "/reply")
	c.fill("민원 내용 (필수)", "남는 글입니다.")
	c.wait(`document.querySelector('#expired-word').textContent === '로그인이 만료되었습니다.' && !document.querySelector('#ending').checkVisibility()`)
	d.be(Caller{})
	c.eval(nil, `dispatchEvent(new Event('focus'))`)
	typed("over")
	c.clean(d.url, "401")
}
