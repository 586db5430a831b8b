package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Conversation is a series of questions with their answers.
type Conversation struct {
	ID      string
	Owner   string
	Title   string // the first question, cut to 60 characters
	Turns   []Turn // nil in lists
	Created time.Time
	Updated time.Time // of its last turn
}

// A Turn is one question and what was answered.
type Turn struct {
	Question string
	Answer   json.RawMessage
	At       time.Time
}

// AddTurn adds a turn to a conversation, or begins one if conversationID is "".
// It returns the conversation without its Turns. At of the turn, if zero, is now.
func (s *Store) AddTurn(ctx context.Context, owner, conversationID string, t Turn) (Conversation, error) {
	answer, err := checkJSON(t.Answer)
	if err != nil {
		return Conversation{}, fmt.Errorf("add turn: %w", err)
	}
	now := s.now()
	if t.At.IsZero() {
		t.At = now
	}
	c := Conversation{ID: conversationID, Owner: owner, Updated: now}
	err = s.change(ctx, "add turn", func(tx *sql.Tx) error {
		if c.ID == "" {
			c.ID, c.Title, c.Created = "c"+randomText(15), titleOf(t.Question), now
			if _, err := tx.ExecContext(ctx, `INSERT INTO conversations(id, owner, title, created, updated) VALUES(?,?,?,?,?)`,
				c.ID, owner, c.Title, micro(now), micro(now)); err != nil {
				return err
			}
		} else {
			var created int64
			if err := tx.QueryRowContext(ctx, `UPDATE conversations SET updated = ? WHERE id = ? AND owner = ? RETURNING title, created`,
				micro(now), c.ID, owner).Scan(&c.Title, &created); err != nil {
				return err
			}
			c.Created = fromMicro(created)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO turns(conversation, n, question, at, answer)
			SELECT ?1, 1 + coalesce(max(n), 0), ?2, ?3, ?4 FROM turns WHERE conversation = ?1`, c.ID, t.Question, micro(t.At), []byte(answer))
		return err
	})
	if err != nil {
		return Conversation{}, err
	}
	return c, nil
}

func titleOf(question string) string {
	const most = 60
	title := []rune(strings.Join(strings.Fields(question), " "))
	if len(title) > most {
		return string(title[:most-1]) + "…"
	}
	return string(title)
}

func scanConversation(row scanner) (c Conversation, err error) {
	var created, updated int64
	err = row.Scan(&c.ID, &c.Owner, &c.Title, &created, &updated)
	c.Created, c.Updated = fromMicro(created), fromMicro(updated)
	return c, err
}

// Conversation returns a conversation with its turns, oldest first.
func (s *Store) Conversation(ctx context.Context, owner, id string) (Conversation, error) {
	c, err := scanConversation(s.read.QueryRowContext(ctx, `SELECT id, owner, title, created, updated FROM conversations WHERE id = ? AND owner = ?`, id, owner))
	if err != nil {
		return Conversation{}, fmt.Errorf("read conversation: %w", notFound(err))
	}
	c.Turns, err = query(ctx, s, "read conversation", func(row scanner) (t Turn, err error) {
		var at int64
		var answer []byte
		err = row.Scan(&t.Question, &answer, &at)
		t.Answer, t.At = answer, fromMicro(at)
		return t, err
	}, `SELECT question, answer, at FROM turns WHERE conversation = ? ORDER BY n`, id)
	return c, err
}

// Conversations returns a page of an owner's conversations without Turns, the last
// begun first; after, next and limit are as for [Store.Drafts].
func (s *Store) Conversations(ctx context.Context, owner, after string, limit int) (conversations []Conversation, next string, err error) {
	return page(ctx, s, "list conversations", after, limit, func(c Conversation) (time.Time, string) { return c.Created, c.ID }, scanConversation,
		`SELECT id, owner, title, created, updated FROM conversations WHERE owner = ? AND (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ?`, owner)
}

// DeleteConversation removes a conversation with its turns.
func (s *Store) DeleteConversation(ctx context.Context, owner, id string) error {
	return s.changeOne(ctx, "delete conversation", `DELETE FROM conversations WHERE id = ? AND owner = ?`, id, owner)
}
