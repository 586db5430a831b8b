package web

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"testing"
)

// The viewer shows every operation, loads nothing from elsewhere, and breaks no
// rule of the content security policy.
func TestDocs(t *testing.T) {
	c := startChrome(t)
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, agencyOptions())
	h, err := s.handler()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	c.size(1280, 900)
	c.open(srv.URL + "/docs#report")
	c.wait(`document.querySelector('section')`)
	var got struct{ Operations, Links, Examples, Fields int }
	c.eval(&got, `({operations: document.querySelectorAll('section').length, links: document.querySelectorAll('#list a').length,
		examples: document.querySelectorAll('pre').length, fields: document.querySelectorAll('#report table tr').length})`)
	operations := 0
	for _, ops := range describedOperations(t, s.spec) {
		operations += len(ops)
	}
	if got.Operations != operations || got.Links != operations || got.Examples != operations || got.Fields < 10 {
		t.Errorf("got %+v, want %d operations", got, operations)
	}
	if text := c.text(`document.querySelector('#answer pre').textContent`); text == "" || !containsAll(text, "/v1/answers", "민원 처리기간은", "Authorization: Bearer") {
		t.Errorf("example: %s", text)
	}
	var opened int
	c.eval(&opened, `(() => { for (const d of document.querySelectorAll('#answer details')) d.open = true })(), new Promise(done => setTimeout(() => done(document.querySelectorAll('#answer details table').length), 200))`)
	if opened < 2 {
		t.Errorf("opened: %d tables of responses", opened)
	}
	c.shoot("docs")
	c.eval(nil, `document.documentElement.dataset.theme = 'dark'; 0`)
	c.shoot("docs-dark")
	c.size(360, 800)
	c.shoot("docs-360")
	var wide bool
	c.eval(&wide, `document.documentElement.scrollWidth > 360`)
	if wide {
		t.Error("the page is wider than 360 px")
	}
	axe, err := os.ReadFile("testdata/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Run("accessibility", func(t *testing.T) { t.Skip("needs axe-core: npm ci in assistant/web/testdata") })
	} else {
		c.eval(nil, string(axe)+";0")
		for _, theme := range []string{"light", "dark", "contrast"} {
			c.eval(nil, `document.documentElement.dataset.theme = '`+theme+`'; 0`)
			var found []string
			// One operation stands for all: they are of one making, and the whole takes minutes.
			c.eval(&found, `axe.run({include: ['header', '.api-list', 'h1', '#report']}, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))`)
			for _, v := range found {
				t.Errorf("%s: %s", theme, v)
			}
		}
	}
	for _, bad := range c.complaints(srv.URL) {
		t.Error(bad)
	}
}
