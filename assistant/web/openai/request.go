package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/index"
)

const (
	maxBody     = 1 << 20 // bytes; what stands before the handler may allow less
	maxMessages = 1000
	maxQuestion = 2000 // code points of an earlier question that is still read
	maxEarlier  = 10
	maxList     = 50 // names in a list of the settings
)

// A request is the body of a chat completion. What is not listed here, such as
// temperature, max_tokens or seed, is accepted and has no effect: how Biseo writes
// is set by the agency.
type request struct {
	Model          string          `json:"model"`
	Messages       []message       `json:"messages"`
	Stream         bool            `json:"stream"`
	StreamOptions  *streamOptions  `json:"stream_options"`
	N              *int            `json:"n"`
	ResponseFormat *responseFormat `json:"response_format"`
	Tools          json.RawMessage `json:"tools"`
	Functions      json.RawMessage `json:"functions"`
	Modalities     []string        `json:"modalities"`
	Audio          json.RawMessage `json:"audio"`
	Logprobs       bool            `json:"logprobs"`
	Biseo          json.RawMessage `json:"biseo"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type responseFormat struct {
	Type string `json:"type"`
}

type message struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"` // a string or parts
	text    string
}

// Settings are the member biseo of a request. A setting that its model does not
// know is refused: a date or a restriction that is passed over would be worse.
type Settings struct {
	On       string   `json:"on"`       // day whose law applies, 2006-01-02; "" is today in Korea. Not of biseo-reply, where it is the day of receipt
	Kinds    []string `json:"kinds"`    // kinds of document, such as law, ordinance; not of biseo-summary
	Agencies []string `json:"agencies"` // not of biseo-summary
	Docs     []string `json:"docs"`     // document IDs; of biseo-summary the documents to sum up; not of biseo-reply

	Length   string `json:"length"` // of biseo-summary: line, brief, page
	Prose    bool   `json:"prose"`
	Audience string `json:"audience"`

	Template string `json:"template"` // of biseo-report
	Notes    string `json:"notes"`

	Received string  `json:"received"` // of biseo-reply: 2006-01-02 15:04 in Korea, or RFC 3339; "" is now
	Kind     string  `json:"kind"`
	Period   string  `json:"period"`
	Extend   string  `json:"extend"`
	Number   string  `json:"number"`
	Decision string  `json:"decision"`
	Remedy   string  `json:"remedy"`
	Handler  Handler `json:"handler"`
}

// A Handler is the official whom a reply names: see [assistant.Handler].
type Handler struct {
	Agency     string `json:"agency"`
	Department string `json:"department"`
	Name       string `json:"name"`
	Phone      string `json:"phone"`
}

// known are the settings of each task.
var known = map[string][]string{
	"answer":  {"on", "kinds", "agencies", "docs"},
	"summary": {"on", "docs", "length", "prose", "audience"},
	"report":  {"on", "kinds", "agencies", "docs", "template", "notes"},
	"reply":   {"kinds", "agencies", "received", "kind", "period", "extend", "number", "decision", "remedy", "handler"},
}

func bad(code, param, format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, code: code, param: param, message: fmt.Sprintf(format, args...)}
}

// read reads the body of a request.
func read(w http.ResponseWriter, r *http.Request) (*request, *apiError) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return nil, &apiError{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", message: "Content-Type: application/json으로 보내 주세요."}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &apiError{status: http.StatusRequestEntityTooLarge, code: "body_too_large", message: fmt.Sprintf("본문은 %d KB까지 보낼 수 있습니다. 내용을 줄여 주세요.", maxBody>>10)}
	case err != nil:
		return nil, bad("bad_json", "", "본문을 끝까지 읽지 못했습니다. 다시 보내 주세요.")
	}
	return parse(body)
}

// parse reads a body and refuses what Biseo cannot do as asked.
func parse(body []byte) (*request, *apiError) {
	var req request
	if err := decode(body, &req, false); err != nil {
		return nil, err
	}
	switch {
	case req.Model == "":
		return nil, bad("missing_required_parameter", "model", "어느 모델인지 model에 적어 주세요.")
	case len(req.Messages) == 0:
		return nil, bad("missing_required_parameter", "messages", "물을 내용을 messages에 role이 user인 메시지로 적어 주세요.")
	case len(req.Messages) > maxMessages:
		return nil, bad("invalid_value", "messages", "메시지는 %d개까지 보낼 수 있으니 오래된 것을 빼 주세요.", maxMessages)
	case given(req.Tools):
		return nil, bad("unsupported_parameter", "tools", "비서는 도구(tools)를 부르지 않으니 빼 주세요. 도구가 필요하면 /mcp를 써 주세요.")
	case given(req.Functions):
		return nil, bad("unsupported_parameter", "functions", "비서는 함수(functions)를 부르지 않으니 빼 주세요.")
	case req.N != nil && *req.N != 1:
		return nil, bad("unsupported_value", "n", "답은 하나만 만드니 n을 1로 적거나 빼 주세요.")
	case req.ResponseFormat != nil && req.ResponseFormat.Type != "text":
		return nil, bad("unsupported_value", "response_format", "답은 글로만 하니 response_format을 text로 적거나 빼 주세요. JSON이 필요하면 /v1/answers를 써 주세요.")
	case slices.ContainsFunc(req.Modalities, func(s string) bool { return s != "text" }) || given(req.Audio):
		return nil, bad("unsupported_value", "modalities", "답은 글로만 하니 modalities와 audio를 빼 주세요.")
	case req.Logprobs:
		return nil, bad("unsupported_parameter", "logprobs", "낱말의 확률은 알 수 없으니 logprobs를 빼 주세요.")
	case req.StreamOptions != nil && !req.Stream:
		return nil, bad("invalid_value", "stream_options", "stream_options는 stream이 true일 때만 쓸 수 있으니 빼 주세요.")
	}
	for i := range req.Messages {
		if err := req.Messages[i].read(i); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(req.Messages, func(m message) bool { return m.Role == "user" }) {
		return nil, bad("invalid_value", "messages", "물을 내용을 role이 user인 메시지로 적어 주세요.")
	}
	return &req, nil
}

// decode reads JSON that must be whole and alone, strictly where unknown members
// are an error.
func decode(b []byte, v any, strict bool) *apiError {
	if !utf8.Valid(b) {
		return bad("bad_json", "", "글자가 깨져 있으니 UTF-8로 다시 보내 주세요.")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if strict {
		d.DisallowUnknownFields()
	}
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return bad("bad_json", "", "본문에 JSON 객체 하나만 보내 주세요.")
	}
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) && t.Field != "" {
		return bad("invalid_type", t.Field, "%s의 값이 정해진 형식과 다르니 고쳐 주세요.", t.Field)
	}
	return bad("bad_json", "", "본문을 JSON으로 읽을 수 없습니다. UTF-8로 쓴 JSON 객체를 보내 주세요.")
}

// given reports a member that is there and not empty.
func given(raw json.RawMessage) bool {
	s := strings.Join(strings.Fields(string(raw)), "")
	return s != "" && s != "null" && s != "[]" && s != "{}"
}

// read takes the text of message i.
func (m *message) read(i int) *apiError {
	param := fmt.Sprintf("messages[%d]", i)
	switch m.Role {
	case "user":
	case "system", "developer", "assistant", "tool", "function":
		return nil // not read, whatever it holds
	default:
		return bad("invalid_value", param+".role", "role은 system, developer, user, assistant, tool 가운데 하나로 적어 주세요.")
	}
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	switch raw := bytes.TrimSpace(m.Content); {
	case len(raw) > 0 && raw[0] == '"':
		if err := json.Unmarshal(raw, &m.text); err == nil {
			return nil
		}
	case len(raw) > 0 && raw[0] == '[':
		if err := json.Unmarshal(raw, &parts); err != nil {
			break
		}
		var texts []string
		for j, p := range parts {
			if p.Type != "text" {
				return bad("unsupported_value", fmt.Sprintf("%s.content[%d].type", param, j), "글(text)만 읽을 수 있으니 그림·소리·파일은 빼 주세요.")
			}
			texts = append(texts, p.Text)
		}
		m.text = strings.Join(texts, "\n")
		return nil
	}
	return bad("invalid_type", param+".content", "content를 문자열이나 text 조각의 목록으로 적어 주세요.")
}

// question is the last user message, earlier the questions before it that can be
// read as such, oldest first.
func (req *request) question() (question string, earlier []string) {
	for _, m := range req.Messages {
		if m.Role == "user" {
			earlier = append(earlier, m.text)
		}
	}
	question, earlier = earlier[len(earlier)-1], earlier[:len(earlier)-1]
	earlier = slices.DeleteFunc(earlier, func(s string) bool {
		return !ground.HasWord(s) || utf8.RuneCountInString(s) > maxQuestion || strings.ContainsRune(s, 0)
	})
	return question, earlier[max(len(earlier)-maxEarlier, 0):]
}

// settings reads the member biseo for a task.
func (req *request) settings(m model) (Settings, *apiError) {
	var set Settings
	if s := string(bytes.TrimSpace(req.Biseo)); s == "" || s == "null" {
		return set, nil
	}
	var names map[string]json.RawMessage
	if json.Unmarshal(req.Biseo, &names) != nil {
		return set, bad("invalid_type", "biseo", "biseo에는 설정을 담은 JSON 객체를 적어 주세요.")
	}
	for name := range names {
		if !slices.Contains(known[m.task], name) {
			return set, bad("unknown_parameter", "biseo", "%s에서 쓸 수 있는 설정은 %s입니다. 다른 것은 빼 주세요.", m.ID, strings.Join(known[m.task], ", "))
		}
	}
	if err := decode(req.Biseo, &set, true); err != nil {
		if err.param != "" {
			err.param = "biseo." + err.param
		}
		return set, err
	}
	for _, k := range set.Kinds {
		if !slices.Contains(index.KindNames(), k) {
			return set, bad("invalid_value", "biseo.kinds", "kinds에는 %s 가운데서 적어 주세요.", strings.Join(index.KindNames(), ", "))
		}
	}
	for name, list := range map[string][]string{"kinds": set.Kinds, "agencies": set.Agencies, "docs": set.Docs} {
		if len(list) > maxList {
			return set, bad("invalid_value", "biseo."+name, "%s에는 %d개까지 적을 수 있으니 줄여 주세요.", name, maxList)
		}
	}
	return set, nil
}

func (h Handler) handler() assistant.Handler {
	return assistant.Handler{Agency: h.Agency, Department: h.Department, Name: h.Name, Phone: h.Phone}
}
