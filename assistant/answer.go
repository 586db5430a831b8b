package assistant

import (
	"context"
)

// Answer answers a question from the passages that who may read on the given day.
func (a *Assistant) Answer(ctx context.Context, who Principal, req AnswerRequest, emit func(Event) error) (*Answer, error) {
	res, err := a.Search(ctx, who, SearchRequest{Query: req.Question, On: req.On})
	if err != nil {
		return nil, err
	}
	return &Answer{Task: "answer", Question: req.Question, On: res.On, Outcome: NoSource, Mode: res.Mode}, nil
}
