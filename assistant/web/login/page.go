package login

import (
	"html/template"
	"net/http"
)

// A page is what a person sees of logging in and out.
type page struct {
	Title, Text string
	Link, Label string
	Logout      bool   // offer the two ways to log out
	Provider    string // where to log out of the provider, too; "" if unknown
	Number      string // of the request, for who looks into it
}

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="ko">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} - 비서</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/biseo.css">
<script src="/page/display.js"></script>
</head>
<body>
<header class="top"><a class="brand" href="/"><svg class="logo" aria-hidden="true"><use href="/page/icon.svg#logo"></use></svg><span>비서</span></a></header>
<main class="alone">
  <h1>{{.Title}}</h1>
  <p>{{.Text}}</p>
{{- if .Logout}}
  <form method="post" action="/logout"><p class="actions"><button>이 브라우저에서 로그아웃</button> <button name="everywhere" value="1">모든 곳에서 로그아웃</button></p></form>
{{- end}}
{{- if .Link}}
  <p class="actions"><a href="{{.Link}}">{{.Label}}</a></p>
{{- end}}
{{- if .Provider}}
  <p class="actions"><a href="{{.Provider}}" rel="noreferrer">통합로그인에서도 로그아웃</a></p>
{{- end}}
{{- if .Number}}
  <p>문의 번호: {{.Number}}</p>
{{- end}}
</main>
</body>
</html>
`))

func (l *Login) show(w http.ResponseWriter, status int, p page) {
	if status >= http.StatusBadRequest {
		p.Number = w.Header().Get("X-Request-Id")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := pageTemplate.Execute(w, p); err != nil {
		l.lg.Info("page not sent", "err", err)
	}
}

func (l *Login) again(w http.ResponseWriter, status int, text string) {
	l.show(w, status, page{Title: "로그인하지 못했습니다", Text: text, Link: "/login", Label: "다시 로그인"})
}

// unavailable says that the provider does not answer: nothing here is wrong.
func (l *Login) unavailable(w http.ResponseWriter, step string, err error) {
	l.lg.Error("identity provider", "id", w.Header().Get("X-Request-Id"), "step", step, "err", err)
	w.Header().Set("Retry-After", "30")
	l.show(w, http.StatusServiceUnavailable, page{Title: "통합로그인 서버가 답하지 않습니다",
		Text: "로그인을 맡은 통합로그인 서버에 닿지 못했습니다. 이미 로그인한 사람은 그대로 쓸 수 있습니다. 잠시 뒤 다시 시도하고, 계속되면 관리자에게 알려 주세요.", Link: "/login", Label: "다시 로그인"})
}

// broken says that a session or its record could not be kept.
func (l *Login) broken(w http.ResponseWriter, err error) {
	l.lg.Error("login", "id", w.Header().Get("X-Request-Id"), "err", err)
	w.Header().Set("Retry-After", "30")
	l.show(w, http.StatusServiceUnavailable, page{Title: "처리하지 못했습니다",
		Text: "로그인 기록을 남기지 못해 멈추었습니다. 잠시 뒤 다시 시도하고, 계속되면 관리자에게 알려 주세요.", Link: "/login", Label: "다시 로그인"})
}
