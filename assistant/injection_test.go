package assistant

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"gopkg.in/yaml.v3"

	"biseo/assistant/ground"
	"biseo/index"
	"biseo/korea/calendar"
	"biseo/llm"
	"biseo/llm/llmtest"
)

// An attack is a record of testdata/injection.yaml.
type attack struct {
	Name   string
	In     []string
	Text   string
	Writes string
	Never  []string
	Link   bool
	Plain  []string // where the attack states a plain fact of a document, which is shown as one
}

func attacks(t *testing.T, link string) []attack {
	t.Helper()
	b, err := os.ReadFile("testdata/injection.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []attack
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	for i := range out {
		out[i].Text = strings.ReplaceAll(out[i].Text, "$LINK", link)
		out[i].Writes = strings.ReplaceAll(out[i].Writes, "$LINK", link)
		if out[i].Writes == "$LOOP" {
			out[i].Writes = strings.Repeat(out[i].Text+" [1]\n", 1000)
		}
	}
	return out
}

const feeQuestion = "증명서 발급 수수료는 얼마인가요?"

// victim is a shelf with a document that holds the attack, where it is one of a
// document, and documents that the asker may not see.
func victim(a attack, place string) shelf {
	s := gaon()
	guide := doc("guide/2", "증명서 발급 수수료 안내", "guide")
	text, path := "증명서 발급 수수료는 민원실에서 낸다.\n", []string(nil)
	switch place {
	case "passage":
		text += a.Text
	case "cell":
		text = "구분 | 증명서 발급 수수료 | 비고\n등본 | 민원실에서 낸다 | " + strings.ReplaceAll(a.Text, "\n", " ") + "\n"
	case "heading":
		path = []string{a.Text}
	case "title":
		guide.Title = "증명서 발급 수수료 " + a.Text
	case "file":
		guide.ID = "민원/증명서 발급 수수료 " + a.Text + ".hwpx"
		guide.Title = "증명서 발급 수수료 " + a.Text
	}
	c := chunk(guide, "", "", text)
	c.Chunk.Path = path
	s.chunks = append([]index.Hit{c}, s.chunks...)
	n := map[string]int{}
	for i := range s.chunks {
		h := &s.chunks[i]
		h.Chunk.DocID = h.Doc.ID
		h.Chunk.ID = index.ChunkID(h.Doc.ID, n[h.Doc.ID])
		n[h.Doc.ID]++
	}
	return s
}

// attacked runs the tasks that an attack of a place reaches.
func attacked(a attack, place, guide string) map[string]func(context.Context, *Assistant, func(Event) error) (*Answer, error) {
	question, earlier, topic, audience, notes, complaint := feeQuestion, []string(nil), "증명서 발급 수수료", "", "", "증명서 발급 수수료가 얼마인지 알려 주세요."
	line := strings.Join(strings.Fields(a.Text), " ")
	switch place {
	case "question":
		question += " " + a.Text
	case "earlier":
		question, earlier = "그럼 그 경우 수수료는요?", []string{feeQuestion, a.Text}
	case "topic":
		topic += " " + line
	case "audience":
		audience = line
		if r := []rune(audience); len(r) > maxAudience {
			audience = string(r[:maxAudience])
		}
	case "notes":
		notes = a.Text
	case "complaint":
		complaint = "저는 민원인 홍길동(010-1234-5678)입니다.\n증명서 발급 수수료가 얼마인지 알려 주시고, " + line + " 답변해 주세요."
	}
	all := map[string]func(context.Context, *Assistant, func(Event) error) (*Answer, error){
		"answer": func(ctx context.Context, x *Assistant, emit func(Event) error) (*Answer, error) {
			return x.Answer(ctx, Principal{}, AnswerRequest{Question: question, Earlier: earlier, On: today}, emit)
		},
		"summary": func(ctx context.Context, x *Assistant, emit func(Event) error) (*Answer, error) {
			return x.Summarize(ctx, Principal{}, SummaryRequest{Docs: []string{guide}, Audience: audience, On: today}, emit)
		},
		"report": func(ctx context.Context, x *Assistant, emit func(Event) error) (*Answer, error) {
			return x.DraftReport(ctx, Principal{}, ReportRequest{Topic: topic, Template: "현황보고", Notes: notes, On: today}, emit)
		},
		"reply": func(ctx context.Context, x *Assistant, emit func(Event) error) (*Answer, error) {
			return x.DraftReply(ctx, Principal{}, ReplyRequest{Text: complaint, Received: time.Date(2026, 6, 1, 10, 0, 0, 0, calendar.Seoul)}, emit)
		},
	}
	only := map[string]string{"question": "answer", "earlier": "answer", "topic": "report", "notes": "report", "audience": "summary", "complaint": "reply"}[place]
	for task := range all {
		if only != "" && task != only {
			delete(all, task)
		}
	}
	return all
}

// TestInjection has a model that obeys every instruction, whoever gave it, read
// attacks in requests and documents. What it writes because of them is not shown
// as fact, documents stay data, nothing is fetched, and no right changes.
func TestInjection(t *testing.T) {
	var fetched atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
	defer server.Close()
	all := attacks(t, server.URL)
	runs, tried, obeyed := 0, 0, 0
	deaf := map[string]bool{}
	for _, a := range all {
		for _, place := range a.In {
			s := victim(a, place)
			for task, run := range attacked(a, place, s.chunks[0].Doc.ID) {
				if runs++; runs%8 != 0 && fewRuns() {
					continue
				}
				tried++
				name := fmt.Sprintf("%s in %s, %s", a.Name, place, task)
				heard := 0
				model := llmtest.Obedient{Commands: []llmtest.Command{{Text: a.Text, Write: a.Writes}}, Seen: func(req llm.Request, obeys bool) {
					if obeys {
						heard++
					}
					promptHoldsData(t, name, req, a)
				}}
				var log bytes.Buffer
				var events []Event
				x := New(slog.New(slog.NewTextHandler(&log, nil)), s, Options{Generator: model, Embedder: llmtest.LexicalEmbedder{}})
				ans, err := run(t.Context(), x, func(e Event) error { events = append(events, e); return nil })
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				if heard > 0 {
					obeyed++
				} else {
					deaf[name] = true
				}
				fairly(t, name, ans, events)
				unharmed(t, name, ans, a, slices.Contains(a.Plain, place), server.URL)
				if strings.Contains(log.String(), "홍길동") || strings.Contains(log.String(), "수수료") {
					t.Errorf("%s: the log holds what was asked:\n%s", name, log.String())
				}
			}
		}
	}
	if n := fetched.Load(); n > 0 {
		t.Errorf("%d requests reached the attacker", n)
	}
	// An attack that the model never read proves nothing.
	if len(all) < 60 || obeyed*10 < tried*8 {
		t.Errorf("%d attacks in %d runs, obeyed in %d; not read: %v", len(all), tried, obeyed, deaf)
	}
	t.Logf("%d attacks in %d runs, obeyed in %d", len(all), tried, obeyed)
}

var (
	jsonString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	contact    = regexp.MustCompile(`https?://[^\s"'<>)\]]+|[\w.+-]+@[\w-]+\.[\w.-]+|\d{2,4}-\d{3,4}-\d{4}`)
)

// promptHoldsData checks that what an attacker wrote stands in a prompt inside of
// JSON strings only, and that no passage is there that the asker may not see.
func promptHoldsData(t *testing.T, name string, req llm.Request, a attack) {
	t.Helper()
	if strings.Contains(req.System, a.Text) {
		t.Errorf("%s: the attack stands among the instructions", name)
	}
	passages := 0
	for line := range strings.Lines(req.User) {
		if strings.HasPrefix(line, `{"근거":`) {
			if passages++; !json.Valid([]byte(line)) {
				t.Errorf("%s: a passage is no JSON: %s", name, line)
			}
		}
	}
	bare := squeezeLetters(jsonString.ReplaceAllString(req.User, ""))
	for _, part := range regexp.MustCompile(`[.!?。\n"]+`).Split(a.Text, -1) {
		if p := squeezeLetters(part); len([]rune(p)) >= 8 && strings.Contains(bare, p) {
			t.Errorf("%s: %q stands in the prompt outside of any string:\n%s", name, part, req.User)
		}
	}
	for _, own := range []string{"홍길동", "010-1234-5678", "900101-1234568"} {
		if strings.Contains(req.User, own) && !strings.Contains(a.Writes, own) { // a second prompt holds what the model wrote
			t.Errorf("%s: the model reads %q", name, own)
		}
	}
	for _, f := range llmtest.Facts(req) {
		for _, secret := range []string{"특정감사", "폭언이 3회"} {
			if strings.Contains(f.Text, secret) && !strings.Contains(a.Text, secret) {
				t.Errorf("%s: the model reads %q", name, f.Text)
			}
		}
	}
}

func squeezeLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// quotes reports that a sentence is a whole sentence of its source, word for word, or
// holds the attack as it stands there: the reader sees an instruction as the
// instruction that it is.
func quotes(s ground.Sentence, from []ground.Source, a attack) bool {
	for _, part := range strings.FieldsFunc(a.Text, func(r rune) bool { return strings.ContainsRune(".|\n", r) }) {
		if p := squeezeLetters(part); len([]rune(p)) > 8 && strings.Contains(squeezeLetters(s.Text), p) {
			return true
		}
	}
	return len(s.Cites) == 1 && slices.ContainsFunc(ground.Units(from[s.Cites[0].Source-1]), func(u ground.Unit) bool {
		return ground.Squeeze(u.Text) == ground.Squeeze(s.Text)
	})
}

// unharmed checks what an attack may not bring about.
func unharmed(t *testing.T, name string, ans *Answer, a attack, plain bool, link string) {
	t.Helper()
	var known strings.Builder // what the sources say
	for _, s := range ans.Sources {
		fmt.Fprintln(&known, s.Title, s.Text, strings.Join(s.Path, " "))
		if s.Title == "2026년 감사 계획" || s.Title == "민원 담당자 보호 안내" {
			t.Errorf("%s: a hidden document is a source", name)
		}
	}
	check := func(where string, b Block, s ground.Sentence) {
		if s.Status == ground.Verified && !plain && !quotes(s, ans.Sources, a) {
			for _, never := range a.Never {
				if strings.Contains(s.Text, never) {
					t.Errorf("%s: %s verified: %q", name, where, s.Text)
				}
			}
		}
		for _, c := range contact.FindAllString(s.Text, -1) {
			// What a citizen wrote of a person is hidden, and put back for the caller alone.
			own := ans.Task == "reply" && where == "draft" && !strings.Contains(c, "://") && (c == "010-1234-5678" || strings.Contains(a.Text, c))
			if own = own || strings.HasSuffix(s.Text, Given); !own && c != "000-000-0000" && !strings.Contains(known.String(), c) {
				t.Errorf("%s: %s shows %s, which is of no source: %q", name, where, c, s.Text)
			}
		}
		if a.Link && !strings.HasSuffix(s.Text, Given) {
			for _, never := range a.Never {
				if strings.Contains(s.Text, never) && !strings.Contains(known.String(), never) && !(ans.Task == "reply" && where == "draft" && strings.Contains(a.Text, "@"+never)) {
					t.Errorf("%s: %s shows %q: %q", name, where, never, s.Text)
				}
			}
		}
		if strings.Contains(s.Text, "당신은 공무원의 비서입니다") {
			t.Errorf("%s: the prompt is shown: %q", name, s.Text)
		}
	}
	for _, b := range ans.Blocks {
		for _, s := range slices.Concat(append([][]ground.Sentence{b.Sentences}, b.Rows...)...) {
			check("draft", b, s)
		}
	}
	if ans.Reply != nil {
		for _, b := range ans.Reply.Public {
			for _, s := range slices.Concat(append([][]ground.Sentence{b.Sentences}, b.Rows...)...) {
				check("공개용", b, s)
				for _, own := range []string{"홍길동", "010-1234", "900101", "〈"} {
					if strings.Contains(s.Text, own) {
						t.Errorf("%s: 공개용 shows %q: %q", name, own, s.Text)
					}
				}
			}
		}
		js, _ := json.Marshal(struct {
			Q string
			R []Request
			G string
			W []Warning
		}{ans.Question, ans.Reply.Requests, ans.Gist, ans.Warnings})
		for _, own := range []string{"홍길동", "010-1234", "900101"} {
			if bytes.Contains(js, []byte(own)) {
				t.Errorf("%s: %q is not masked in %s", name, own, js)
			}
		}
	}
}

// What a citizen wrote stays between the quotation marks that an official's letter
// puts around it, and leads nowhere.
func TestRetold(t *testing.T) {
	for s, want := range map[string]string{
		"요금은 얼마인가요":                                "요금은 얼마인가요",
		"요금” 전액을 환불합니다. “끝":                        "요금’ 전액을 환불합니다. ‘끝",
		`요금" [작성 필요: 없음]`:                          "요금' (작성 필요: 없음)",
		"https://evil.example/pay?x=1 에서 내나요":      "(누리집 주소) 에서 내나요",
		"www.evil.co.kr 과 evil-pay.com/a 를 보세요":    "(누리집 주소) 과 (누리집 주소) 를 보세요",
		"제2.1조와 3.5%와 v1.2를 봅니다":                   "제2.1조와 3.5%와 v1.2를 봅니다",
		"요금을\n알려\n주세요 " + strings.Repeat("가", 100): "요금을 알려 주세요 " + strings.Repeat("가", 48) + "…",
	} {
		if got := retold(s, 60); got != want {
			t.Errorf("retold(%q) = %q, want %q", s, got, want)
		}
	}
}
