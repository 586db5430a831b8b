package state

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Saved is a response that is given again when its request is repeated.
type Saved struct {
	Status int // an HTTP status; never 0
	Header map[string]string
	Body   []byte
}

const (
	onceKept  = 24 * time.Hour   // a result is repeated for so long
	onceLease = 10 * time.Minute // a request that has not ended by then died with its process
)

// Once asks whether a request that must not be done twice is to be done. nil and
// no error: do it, then call [Store.Finish], or [Store.Forget] if it came to nothing.
// A result: it was done within 24 hours, repeat that. [ErrConflict]: the key was used
// for a request with another fingerprint. [ErrBusy]: the first one is under way. After
// a crash in between, a request may be done again 10 minutes later.
func (s *Store) Once(ctx context.Context, owner, key string, fingerprint []byte) (saved *Saved, err error) {
	now := s.now()
	err = s.change(ctx, "begin request", func(tx *sql.Tx) error {
		if fingerprint == nil {
			fingerprint = []byte{}
		}
		var first, body []byte
		var header string
		var created int64
		var status int
		err := tx.QueryRowContext(ctx, `SELECT fingerprint, created, status, header, body FROM once WHERE owner = ? AND key = ?`, owner, key).
			Scan(&first, &created, &status, &header, &body)
		age := now.Sub(fromMicro(created))
		switch {
		case errors.Is(err, sql.ErrNoRows), err == nil && (age >= onceKept || status == 0 && age >= onceLease):
			_, err = tx.ExecContext(ctx, `INSERT OR REPLACE INTO once(owner, key, fingerprint, created, status, header, body) VALUES(?,?,?,?,0,'{}',x'')`,
				owner, key, fingerprint, micro(now))
			return err
		case err != nil:
			return err
		case !bytes.Equal(first, fingerprint):
			return ErrConflict
		case status == 0:
			return ErrBusy
		}
		saved = &Saved{Status: status, Body: body}
		return json.Unmarshal([]byte(header), &saved.Header)
	})
	if err != nil {
		return nil, err
	}
	return saved, nil
}

// Finish keeps the result of a request that [Store.Once] let begin.
func (s *Store) Finish(ctx context.Context, owner, key string, saved Saved) error {
	header, err := json.Marshal(saved.Header)
	if err == nil && saved.Status == 0 {
		err = errors.New("a result needs a status")
	}
	if err != nil {
		return fmt.Errorf("finish request: %w", err)
	}
	if saved.Body == nil {
		saved.Body = []byte{}
	}
	return s.changeOne(ctx, "finish request", `UPDATE once SET status = ?, header = ?, body = ? WHERE owner = ? AND key = ?`,
		saved.Status, string(header), saved.Body, owner, key)
}

// Forget lets a request begin anew that came to nothing. One with a result keeps it.
func (s *Store) Forget(ctx context.Context, owner, key string) error {
	return s.change(ctx, "forget request", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM once WHERE owner = ? AND key = ? AND status = 0`, owner, key)
		return err
	})
}
