package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/state"
)

// A Conversation is a series of questions with their answers.
type Conversation struct {
	ID      string    `json:"id"`
	Title   string    `json:"title" doc:"The first question"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated" doc:"Of the last turn"`
	Turns   []Turn    `json:"turns,omitempty" doc:"Left out in lists"`
}

// A Turn is one question and its answer.
type Turn struct {
	Question string           `json:"question"`
	At       time.Time        `json:"at"`
	Answer   assistant.Answer `json:"answer"`
}

// addTurn keeps an answer in a conversation, or in a new one.
func (s *server) addTurn(ctx context.Context, id string, r *Result) error {
	if id == "new" {
		id = ""
	}
	b, err := json.Marshal(r.Answer)
	if err != nil {
		return err
	}
	c, err := s.o.State.AddTurn(ctx, CallerOf(ctx).Owner(), id, state.Turn{Question: r.Question, Answer: b})
	r.Conversation = c.ID
	return err
}

type conversationsOutput struct {
	Body struct {
		Conversations []Conversation `json:"conversations" nullable:"false" doc:"The last begun first"`
		Next          string         `json:"next,omitempty" doc:"Cursor of the next page; left out on the last"`
	}
}

func (s *server) conversations(ctx context.Context, in *Paging) (*conversationsOutput, error) {
	if err := s.keeps(ctx); err != nil {
		return nil, err
	}
	page, next, err := s.o.State.Conversations(ctx, CallerOf(ctx).Owner(), in.After, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(conversationsOutput)
	out.Body.Conversations, out.Body.Next = []Conversation{}, next
	for _, c := range page {
		out.Body.Conversations = append(out.Body.Conversations, Conversation{ID: c.ID, Title: c.Title, Created: c.Created, Updated: c.Updated})
	}
	return out, nil
}

type conversationOutput struct{ Body Conversation }

func (s *server) conversation(ctx context.Context, in *ByID) (*conversationOutput, error) {
	if err := s.keeps(ctx); err != nil {
		return nil, err
	}
	c, err := s.o.State.Conversation(ctx, CallerOf(ctx).Owner(), in.ID)
	if err == nil {
		err = s.record(ctx, audit.Record{Docs: []string{actionOf(ctx) + "/" + in.ID}, Outcome: "shown"}, nil)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &conversationOutput{Conversation{ID: c.ID, Title: c.Title, Created: c.Created, Updated: c.Updated, Turns: []Turn{}}}
	for _, t := range c.Turns {
		turn := Turn{Question: t.Question, At: t.At}
		if err := json.Unmarshal(t.Answer, &turn.Answer); err != nil {
			return nil, s.problem(ctx, fmt.Errorf("read conversation: %w", err))
		}
		out.Body.Turns = append(out.Body.Turns, turn)
	}
	return out, nil
}

func (s *server) deleteConversation(ctx context.Context, in *ByID) (*deleted, error) {
	err := s.keeps(ctx)
	if err == nil {
		err = s.record(ctx, audit.Record{Docs: []string{actionOf(ctx) + "/" + in.ID}, Outcome: "deleted"}, nil)
	}
	if err == nil {
		err = s.o.State.DeleteConversation(ctx, CallerOf(ctx).Owner(), in.ID)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &deleted{http.StatusNoContent}, nil
}

// A Feedback is what somebody thinks of one sentence. It is also a line of the
// evaluators' export.
type Feedback struct {
	Task     string   `json:"task" enum:"search,answer,summary,report,reply"`
	Request  string   `json:"request,omitempty" maxLength:"2000" doc:"What was asked, or the ID of the draft or conversation"`
	Sentence string   `json:"sentence" minLength:"1" maxLength:"4000" doc:"The sentence as it was shown"`
	Verdict  string   `json:"verdict" enum:"right,wrong,other_source" doc:"맞음, 틀림, 출처 다름"`
	Comment  string   `json:"comment,omitempty" maxLength:"4000"`
	Sources  []string `json:"sources,omitempty" maxItems:"20" doc:"Chunk IDs of the sources shown, or that would have been right"`
}

type feedbackInput struct{ Body Feedback }

type feedbackOutput struct {
	Status int
	Body   storedFeedback
}

type storedFeedback struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
	Feedback
}

func (s *server) addFeedback(ctx context.Context, in *feedbackInput) (*feedbackOutput, error) {
	if err := s.keeps(ctx); err != nil {
		return nil, err
	}
	b := in.Body
	f, err := s.o.State.AddFeedback(ctx, state.Feedback{Owner: CallerOf(ctx).Owner(), Task: b.Task, Request: b.Request, Sentence: b.Sentence, Verdict: b.Verdict, Comment: b.Comment, Sources: b.Sources})
	if err == nil {
		err = s.record(ctx, audit.Record{Docs: []string{"feedback/" + f.ID}, Outcome: b.Verdict}, nil)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &feedbackOutput{http.StatusCreated, storedFeedback{f.ID, f.At, b}}, nil
}

// allFeedback is a JSON object a line, the oldest first, without who gave it.
func (s *server) allFeedback(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
	if s.o.State == nil {
		return nil, s.problem(ctx, errNoState)
	}
	if err := s.record(ctx, audit.Record{Outcome: "exported"}, nil); err != nil {
		return nil, s.problem(ctx, err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		w := humagin.Unwrap(hc).Writer
		w.Header().Set("Content-Type", linesType)
		w.Header().Set("Content-Disposition", attachment("feedback.jsonl"))
		w.WriteHeader(http.StatusOK)
		enc := json.NewEncoder(w)
		for f, err := range s.o.State.AllFeedback(ctx) {
			if err == nil {
				err = enc.Encode(storedFeedback{f.ID, f.At, Feedback{f.Task, f.Request, f.Sentence, f.Verdict, f.Comment, f.Sources}})
			}
			if err != nil {
				s.lg.Error("export feedback", "id", requestID(ctx), "err", err)
				panic(http.ErrAbortHandler) // cut: half of it must not look whole
			}
		}
	}}, nil
}

const linesType = "application/jsonl"
