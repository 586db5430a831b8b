package state

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Retention says for how long things are kept after their last change; 0 keeps them.
// Sessions that have ended and results older than a day go in any case; keys stay,
// since the audit log names them.
type Retention struct {
	Drafts        time.Duration
	Conversations time.Duration
	Jobs          time.Duration // only those that have ended
	Feedback      time.Duration
}

// Purged says how many of each were removed.
type Purged struct {
	Drafts, Conversations, Jobs, Feedback, Sessions, Requests int64
}

// Purge removes what has outlived its retention. What was removed is overwritten in
// the file. It goes in small steps, between which others can write.
func (s *Store) Purge(ctx context.Context, r Retention) (Purged, error) {
	var p Purged
	now := s.now()
	for _, step := range []struct {
		n           *int64
		table, id   string
		where       string
		age         time.Duration
		keepForever bool
	}{
		{&p.Drafts, "drafts", "id", `updated < ?`, r.Drafts, r.Drafts <= 0},
		{&p.Conversations, "conversations", "id", `updated < ?`, r.Conversations, r.Conversations <= 0},
		{&p.Jobs, "jobs", "id", `updated < ? AND state NOT IN ('queued', 'running')`, r.Jobs, r.Jobs <= 0},
		{&p.Feedback, "feedback", "n", `at < ?`, r.Feedback, r.Feedback <= 0},
		{&p.Sessions, "sessions", "sum", `expires <= ?`, 0, false},
		{&p.Sessions, "sessions", "sum", `seen <= ?`, s.o.SessionIdle, false},
		{&p.Requests, "once", "rowid", `created <= ?`, onceKept, false},
	} {
		if step.keepForever {
			continue
		}
		const rows = 200
		q := fmt.Sprintf(`DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE %[3]s LIMIT %[4]d)`, step.table, step.id, step.where, rows)
		for {
			var n int64
			if err := s.change(ctx, "purge "+step.table, func(tx *sql.Tx) error {
				result, err := tx.ExecContext(ctx, q, micro(now.Add(-step.age)))
				if err == nil {
					n, err = result.RowsAffected()
				}
				return err
			}); err != nil {
				return p, err
			}
			*step.n += n
			if n < rows {
				break
			}
		}
	}
	// The write-ahead log still holds what was removed; readers that stand in the way leave it for later.
	_, err := s.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return p, err
}
