package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/index"
)

// TestAsItStood does every task on two days, before and after the decree on
// complaints changed on 2026-05-06, and wants the law of the day, marked as what it
// is today and with what has changed since.
func TestAsItStood(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	ingestJSON(t, "--data", data, laws(t, "history"))
	a, x, err := (&settings{Data: data}).assistant(t.Context(), testConsole(t))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	const decree, question = "「민원 처리에 관한 법률 시행령」 제21조", "민원의 처리기간은 어떤 사유로 연장할 수 있나요?"
	versions := []struct {
		on              time.Time
		doc, state, new string
	}{
		{index.Day(2026, 5, 1), "law/003540@281519", retrieval.Past, "2026-05-06"},
		{index.Day(2026, 6, 1), "law/003540@285815", retrieval.Current, ""},
	}
	for i, v := range versions {
		on := v.on.Format(time.DateOnly)
		who := assistant.Principal{}
		drafted := func(ans *assistant.Answer, err error) ([]ground.Source, error) {
			if err != nil {
				return nil, err
			}
			if warned := strings.Contains(warningText(ans.Warnings, assistant.WarnVersion), "2026-05-06"); warned != (v.new != "") && ans.Task != "summary" { // which shows no article that changed
				t.Errorf("%s on %s: warnings %v", ans.Task, on, ans.Warnings)
			}
			for _, s := range ans.Sources {
				if s.DocID == v.doc && s.State != v.state || isPartOf(s.Cite, decree) && s.Changed != v.new {
					t.Errorf("%s on %s: %s is %s, changed %q; want %s, %q", ans.Task, on, s.Cite, s.State, s.Changed, v.state, v.new)
				}
			}
			return ans.Sources, nil
		}
		tasks := map[string]func() ([]ground.Source, error){
			"search": func() ([]ground.Source, error) {
				res, err := a.Search(t.Context(), who, assistant.SearchRequest{Query: "민원처리법 시행령 21조", On: v.on, Context: 3})
				if err != nil {
					return nil, err
				}
				top := res.Hits[0]
				if top.DocID != v.doc || !isPartOf(top.Cite, decree) || top.State != v.state || top.Changed != v.new {
					t.Errorf("on %s the first hit is %s of %s, %s, changed %q", on, top.Cite, top.DocID, top.State, top.Changed)
				}
				warned := strings.Contains(warningText(res.Warnings, assistant.WarnVersion), "2026-05-06")
				if warned != (v.new != "") {
					t.Errorf("on %s: warnings %v", on, res.Warnings)
				}
				var all []ground.Source
				for _, h := range res.Hits {
					all = append(all, ground.Source{DocID: h.DocID, Cite: h.Cite, InForce: h.InForce})
					all = append(all, h.Context...)
				}
				return all, nil
			},
			"answer": func() ([]ground.Source, error) {
				return drafted(a.Answer(t.Context(), who, assistant.AnswerRequest{Question: question, On: v.on}, nil))
			},
			"summary": func() ([]ground.Source, error) {
				if _, err := a.Summarize(t.Context(), who, assistant.SummaryRequest{Docs: []string{versions[1-i].doc}, On: v.on}, nil); !errors.Is(err, index.ErrNotFound) {
					t.Errorf("on %s a summary of %s: %v, want ErrNotFound", on, versions[1-i].doc, err)
				}
				return drafted(a.Summarize(t.Context(), who, assistant.SummaryRequest{Docs: []string{v.doc}, On: v.on}, nil))
			},
			"report": func() ([]ground.Source, error) {
				return drafted(a.DraftReport(t.Context(), who, assistant.ReportRequest{Topic: "민원 처리기간 연장", On: v.on}, nil))
			},
			"reply": func() ([]ground.Source, error) {
				return drafted(a.DraftReply(t.Context(), who, assistant.ReplyRequest{Text: "민원의 처리기간은 어떤 사유로 연장되는지 알려 주시기 바랍니다.", Received: v.on.Add(10 * time.Hour)}, nil))
			},
			"check": func() ([]ground.Source, error) {
				c, err := a.Check(t.Context(), who, assistant.CheckRequest{Text: "처리기간의 연장은 " + decree + "에 따른다.", On: v.on})
				if err != nil {
					return nil, err
				}
				var all []ground.Source
				for _, c := range c.Citations {
					all = append(all, ground.Source{DocID: v.doc, Cite: c.Cite, InForce: c.InForce})
				}
				return all, nil
			},
		}
		for task, run := range tasks {
			all, err := run()
			if err != nil {
				t.Errorf("%s on %s: %v", task, on, err)
				continue
			}
			found := false
			for _, s := range all {
				if s.InForce.From > on || s.InForce.Until != "" && s.InForce.Until <= on {
					t.Errorf("%s on %s rests on %s of %s, in force %+v", task, on, s.Cite, s.DocID, s.InForce)
				}
				found = found || s.DocID == v.doc
			}
			if !found {
				t.Errorf("%s on %s: none of %d sources is of %s", task, on, len(all), v.doc)
			}
		}
	}
}

func warningText(all []assistant.Warning, code string) string {
	for _, w := range all {
		if w.Code == code {
			return w.Text
		}
	}
	return ""
}
