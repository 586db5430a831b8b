package xmlzip

import (
	"strings"
	"testing"
)

func TestEachElement(t *testing.T) {
	read := func(s string) string {
		var out strings.Builder
		var show func(e *Element)
		show = func(e *Element) {
			out.WriteString("<" + e.Name + "=" + e.Get("v") + ">" + e.Text)
			for _, k := range e.Kids {
				show(k)
			}
			out.WriteString("/")
		}
		if err := Each([]byte(s), "", func(e *Element) error { show(e); return nil }); err != nil {
			return "error: " + err.Error()
		}
		return out.String()
	}
	for _, tt := range []struct{ xml, want string }{
		{"\ufeff<?xml version='1.0'?>\n<a:b x:v='1'>t<!-- <c> --><c v = \"&lt;&#44032;&#xac01;\" /></a:b>", "<b=1><=>t/<c=<가각>//"},
		{`<a v="/>">x&amp;y<![CDATA[<z>&]]></a>`, "<a=/>><=>x&y/<=><z>&//"},
		{`<a w="v" v="2"/>`, "<a=2>/"},
		{"<a></b>", "error: not well-formed"},
		{"<a>", "error: not well-formed"},
		{"<a><b></a>", "error: not well-formed"},
		{"</a>", "error: not well-formed"},
		{"<a v=1/>", "error: not well-formed"},
		{"<a v='1/>", "error: not well-formed"},
		{"<>x</>", "error: not well-formed"},
		{"<a>&unknown;</a>", "error: not well-formed"},
		{"<a>&#x110000;</a>", "error: not well-formed"},
		{"<a>&#xd800;</a>", "<a=><=>\ufffd//"},
		{"<a>\xff</a>", "error: not well-formed"},
		{"<a><!-- </a>", "error: not well-formed"},
		{"<a><![CDATA[ </a>", "error: not well-formed"},
		{`<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>`, "error: " + ErrDTD.Error()},
		{strings.Repeat("<a>", maxDepth+1), "error: " + ErrDepth.Error()},
	} {
		if got := read(tt.xml); got != tt.want && (!strings.HasPrefix(tt.want, "error") || !strings.HasPrefix(got, tt.want)) {
			t.Errorf("%.60s: %s, want %s", tt.xml, got, tt.want)
		}
	}
}
