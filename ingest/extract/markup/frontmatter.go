package markup

import (
	"net/url"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"biseo/index"
	"biseo/ingest/extract/blocks"
)

// cutFrontMatter splits the YAML between two lines of "---" off the top of s.
func cutFrontMatter(s string) (front, body string) {
	rest, ok := strings.CutPrefix(s, "---\n")
	if !ok {
		return "", s
	}
	if front, body, ok = strings.Cut("\n"+rest, "\n---\n"); !ok {
		if front, ok = strings.CutSuffix("\n"+rest, "\n---"); !ok {
			return "", s
		}
	}
	return front, body
}

// frontMatter reads top-level keys as the text that stands in the file: an
// unquoted 001359 keeps its zeros and a date stays as written.
func frontMatter(front string) (map[string][]string, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(front), &n); err != nil {
		return nil, err
	}
	m := map[string][]string{}
	if len(n.Content) == 0 || n.Content[0].Kind != yaml.MappingNode {
		return m, nil
	}
	pairs := n.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		k, v := strings.TrimSpace(pairs[i].Value), pairs[i+1]
		values := v.Content
		if v.Kind == yaml.ScalarNode {
			values = []*yaml.Node{v}
		}
		for _, e := range values {
			if s := blocks.OneLine(e.Value); e.Kind == yaml.ScalarNode && e.Tag != "!!null" && s != "" {
				m[k] = append(m[k], s)
			}
		}
	}
	return m, nil
}

// describe fills meta from the front matter of a law (keys of legalize-kr) or
// from general keys, in English or Korean. Where both stand, general keys win.
func describe(meta *index.Doc, m map[string][]string) (warnings []string) {
	get := func(keys ...string) string {
		for _, k := range keys {
			if v := m[k]; len(v) > 0 {
				return strings.Join(v, ", ")
			}
		}
		return ""
	}
	date := func(keys ...string) time.Time {
		s := get(keys...)
		t, ok := blocks.ParseDate(s)
		if s != "" && !ok {
			warnings = append(warnings, "날짜 “"+blocks.Clip(s, 40)+"”을(를) 읽지 못했습니다("+keys[len(keys)-1]+").")
		}
		return t
	}
	if law := get("법령ID"); law != "" {
		meta.Work = "law/" + law
		meta.ID = meta.Work
		if mst := get("법령MST"); mst != "" {
			meta.ID += "@" + mst
		}
	}
	if id := get("id", "ID"); id != "" {
		meta.ID = blocks.Clip(id, maxID)
	}
	if work := get("work"); work != "" {
		meta.Work = blocks.Clip(work, maxID)
	}
	meta.Title = get("title", "제목")
	meta.Kind = documentKind(get("kind", "종류", "문서종류", "법령구분"))
	meta.Agency = get("agency", "기관", "소관부처")
	if meta.URL = get("url", "출처"); meta.URL != "" && !isWebAddress(meta.URL) {
		warnings = append(warnings, "원문 주소가 http나 https로 시작하지 않아 쓰지 않습니다("+blocks.Clip(meta.URL, 40)+").")
		meta.URL = ""
	}
	meta.Gist = get("gist", "문서요지")
	meta.Keywords = blocks.Keywords(m["keywords"])
	if meta.Keywords == nil {
		meta.Keywords = blocks.Keywords(m["키워드"])
	}
	meta.From = date("from", "시행일", "시행일자")
	meta.Ends = date("until", "폐지일")
	if !meta.Ends.IsZero() && !meta.From.Before(meta.Ends) {
		warnings = append(warnings, "폐지일이 시행일보다 늦지 않아 어느 날에도 찾을 수 없습니다.")
	}
	return warnings
}

// maxID bounds the names that a document gives itself, in code points.
const maxID = 200

// isWebAddress reports whether a page may link to s: a script is no address.
func isWebAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// documentKind is the Kind of index.Doc for a Korean name of one. Names that it
// does not know stay as they are, in lower case.
func documentKind(s string) string {
	switch s {
	case "":
		return ""
	case "법률", "헌법", "법":
		return "law"
	case "대통령령", "시행령", "각령", "대통령긴급명령":
		return "decree"
	case "총리령", "규칙", "시행규칙":
		return "rule"
	case "조례":
		return "ordinance"
	case "훈령", "예규", "고시", "지침", "규정":
		return "directive"
	case "계획", "계획서":
		return "plan"
	case "보고", "보고서":
		return "report"
	case "회신", "답변", "민원답변":
		return "reply"
	case "안내", "안내서", "편람":
		return "guide"
	case "보도자료":
		return "press"
	case "기타":
		return "other"
	}
	for suffix, kind := range map[string]string{"부령": "rule", "원령": "rule", "규칙": "rule", "법률": "law", "법령": "law"} {
		if strings.HasSuffix(s, suffix) { // 행정안전부령; 군정법률 and other old names
			return kind
		}
	}
	return strings.ToLower(s)
}
