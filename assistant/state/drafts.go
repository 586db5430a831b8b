package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// A Draft is one version of a report, reply or other text that somebody works on.
type Draft struct {
	ID      string
	Owner   string
	Task    string
	Title   string
	Version int             // from 1
	Body    json.RawMessage // nil in lists
	Created time.Time       // of version 1
	Updated time.Time       // of this version
}

// CreateDraft stores version 1 of a draft and returns it with its ID.
func (s *Store) CreateDraft(ctx context.Context, d Draft) (Draft, error) {
	now := s.now()
	d.ID, d.Version, d.Created, d.Updated = "d"+randomText(15), 1, now, now
	body, err := checkJSON(d.Body)
	if err != nil {
		return Draft{}, fmt.Errorf("create draft: %w", err)
	}
	d.Body = body
	err = s.change(ctx, "create draft", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO drafts(id, owner, task, version, created, updated) VALUES(?,?,?,1,?,?)`,
			d.ID, d.Owner, d.Task, micro(now), micro(now)); err != nil {
			return err
		}
		return insertVersion(ctx, tx, d)
	})
	return d, err
}

func insertVersion(ctx context.Context, tx *sql.Tx, d Draft) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO draft_versions(draft, version, title, created, body) VALUES(?,?,?,?,?)`,
		d.ID, d.Version, d.Title, micro(d.Updated), []byte(d.Body))
	return err
}

const selectDraft = `SELECT d.id, d.owner, d.task, d.created, v.title, v.version, v.created FROM drafts d JOIN draft_versions v ON v.draft = d.id `

// scanDraft reads the columns of selectDraft, and those behind them into more.
func scanDraft(row scanner, more ...any) (d Draft, err error) {
	var created, updated int64
	err = row.Scan(append([]any{&d.ID, &d.Owner, &d.Task, &created, &d.Title, &d.Version, &updated}, more...)...)
	d.Created, d.Updated = fromMicro(created), fromMicro(updated)
	return d, err
}

// Draft returns one version of a draft, the newest if version is 0.
func (s *Store) Draft(ctx context.Context, owner, id string, version int) (Draft, error) {
	const q = `SELECT d.id, d.owner, d.task, d.created, v.title, v.version, v.created, v.body FROM drafts d
		JOIN draft_versions v ON v.draft = d.id AND v.version = iif(?3 = 0, d.version, ?3) WHERE d.id = ?1 AND d.owner = ?2`
	var body []byte
	d, err := scanDraft(s.read.QueryRowContext(ctx, q, id, owner, version), &body)
	if err != nil {
		return Draft{}, fmt.Errorf("read draft: %w", notFound(err))
	}
	d.Body = body
	return d, nil
}

// UpdateDraft stores the version after from and returns it. It is [ErrConflict]
// unless from is the newest: somebody else was faster.
func (s *Store) UpdateDraft(ctx context.Context, owner, id string, from int, title string, body json.RawMessage) (Draft, error) {
	body, err := checkJSON(body)
	if err != nil {
		return Draft{}, fmt.Errorf("update draft: %w", err)
	}
	now := s.now()
	d := Draft{ID: id, Owner: owner, Title: title, Version: from + 1, Body: body, Updated: now}
	err = s.change(ctx, "update draft", func(tx *sql.Tx) error {
		var newest int
		var created int64
		if err := tx.QueryRowContext(ctx, `SELECT task, version, created FROM drafts WHERE id = ? AND owner = ?`, id, owner).Scan(&d.Task, &newest, &created); err != nil {
			return err
		}
		if newest != from {
			return fmt.Errorf("%w: the newest version is %d, not %d", ErrConflict, newest, from)
		}
		d.Created = fromMicro(created)
		if _, err := tx.ExecContext(ctx, `UPDATE drafts SET version = ?, updated = ? WHERE id = ?`, d.Version, micro(now), id); err != nil {
			return err
		}
		return insertVersion(ctx, tx, d)
	})
	if err != nil {
		return Draft{}, err
	}
	return d, nil
}

// Drafts returns a page of an owner's drafts in their newest version without Body,
// the last created first. It begins behind the cursor after, "" for the first page;
// next is the cursor of the page that follows, "" when there is none. A limit of 0
// means 50; 200 is the most.
func (s *Store) Drafts(ctx context.Context, owner, after string, limit int) (drafts []Draft, next string, err error) {
	return page(ctx, s, "list drafts", after, limit, func(d Draft) (time.Time, string) { return d.Created, d.ID },
		func(row scanner) (Draft, error) { return scanDraft(row) },
		selectDraft+`AND v.version = d.version WHERE d.owner = ? AND (d.created, d.id) < (?, ?) ORDER BY d.created DESC, d.id DESC LIMIT ?`, owner)
}

// Versions returns all versions of a draft without Body, the newest first.
func (s *Store) Versions(ctx context.Context, owner, id string) ([]Draft, error) {
	all, err := query(ctx, s, "list versions", func(row scanner) (Draft, error) { return scanDraft(row) },
		selectDraft+`WHERE d.id = ? AND d.owner = ? ORDER BY v.version DESC`, id, owner)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("list versions: %w", ErrNotFound)
	}
	return all, err
}

// DeleteDraft removes a draft with all its versions.
func (s *Store) DeleteDraft(ctx context.Context, owner, id string) error {
	return s.changeOne(ctx, "delete draft", `DELETE FROM drafts WHERE id = ? AND owner = ?`, id, owner)
}
