package state

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"
)

// Feedback is what somebody thinks of one sentence of an answer.
type Feedback struct {
	ID       string
	Owner    string
	Task     string
	Request  string // ID of the request that was answered
	Sentence string
	Verdict  string // right, wrong or other_source
	Comment  string
	Sources  []string // cites that would have been right
	At       time.Time
}

// AddFeedback stores feedback and returns it with its ID and time.
func (s *Store) AddFeedback(ctx context.Context, f Feedback) (Feedback, error) {
	switch f.Verdict {
	case "right", "wrong", "other_source":
	default:
		return Feedback{}, fmt.Errorf("add feedback: there is no verdict %q: use right, wrong or other_source", f.Verdict)
	}
	f.ID, f.At = "f"+randomText(15), s.now()
	return f, s.change(ctx, "add feedback", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO feedback(id, owner, task, request, sentence, verdict, comment, sources, at) VALUES(?,?,?,?,?,?,?,?,?)`,
			f.ID, f.Owner, f.Task, f.Request, f.Sentence, f.Verdict, f.Comment, encode(f.Sources), micro(f.At))
		return err
	})
}

// AllFeedback ranges over the feedback of all owners in the order in which it
// came: for evaluators. It holds no lock between entries.
func (s *Store) AllFeedback(ctx context.Context) iter.Seq2[Feedback, error] {
	type row struct {
		n int64
		f Feedback
	}
	return func(yield func(Feedback, error) bool) {
		for last := int64(0); ; {
			rows, err := query(ctx, s, "list feedback", func(sc scanner) (r row, err error) {
				var sources string
				var at int64
				f := &r.f
				if err := sc.Scan(&r.n, &f.ID, &f.Owner, &f.Task, &f.Request, &f.Sentence, &f.Verdict, &f.Comment, &sources, &at); err != nil {
					return r, err
				}
				f.At = fromMicro(at)
				return r, decode(sources, &f.Sources)
			}, `SELECT n, id, owner, task, request, sentence, verdict, comment, sources, at FROM feedback WHERE n > ? ORDER BY n LIMIT ?`, last, pageMost)
			if err != nil {
				yield(Feedback{}, err)
				return
			}
			for _, r := range rows {
				if !yield(r.f, nil) {
					return
				}
				last = r.n
			}
			if len(rows) < pageMost {
				return
			}
		}
	}
}
