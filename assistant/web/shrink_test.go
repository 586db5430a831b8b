package web

import "testing"

func TestShrink(t *testing.T) {
	tests := []struct{ name, file, in, want string }{
		{"comments and indentation", "a.js", "// says what\nconst a = 1 // one\n  f(a)\n", "const a=1\nf(a)\n"},
		{"a line that goes on", "a.js", "f(\n  a,\n  { b: 1 },\n)\n  .then(c)\n", "f(a,{b:1},).then(c)\n"},
		{"a line that may end", "a.js", "a\n[b] = c\nd\n(e)", "a\n[b]=c\nd\n(e)\n"},
		{"a comment in a line", "a.js", "try { f() } catch { /* it's none */ }", "try{f()}catch{}\n"},
		{"strings", "a.js", `f('a  // b', "it's  {", '\'  ')`, `f('a  // b',"it's  {",'\'  ')` + "\n"},
		{"templates", "a.js", "f(`a  ${ b('}', `c  ${ d }`) }  // e` + g)", "f(`a  ${ b('}', `c  ${ d }`) }  // e`+g)\n"},
		{"regular expressions", "a.js", `x = /[/ ]  "\//g.test(y) && a / b / c`, `x=/[/ ]  "\//g.test(y)&&a/b/c` + "\n"},
		{"words", "a.js", "return await x in y, 정의 : 위임", "return await x in y,정의:위임\n"},
		{"signs", "a.js", "a + +b - -c + -d", "a+ +b- -c+-d\n"},
		{"a method of all", "a.js", "get x() { return 1 }\nset x(v) { }", "get x(){return 1}\nset x(v){}\n"},
		{"style", "a.css", "/* a */\n.b > .c:is(d, e) :f { g: 1px; h: calc(1% + 2px); }\n@media (i: j) { k::l { content: \"! \"; } }\n", ".b>.c:is(d,e) :f{g:1px;h:calc(1% + 2px)}@media (i:j){k::l{content:\"! \"}}"},
		{"page", "a.html", "<p>\n  <b>a</b>\n\n  <i>b</i>\n</p>\n", "<p>\n<b>a</b>\n<i>b</i>\n</p>\n"},
	}
	for _, tt := range tests {
		if got := shrink(tt.file, tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
