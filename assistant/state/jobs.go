package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// States of a [Job]. The last three are final.
const (
	Queued   = "queued"
	Running  = "running"
	Done     = "done"
	Failed   = "failed"
	Canceled = "canceled"
)

// A Job is work that goes on after the request that began it.
type Job struct {
	ID      string
	Owner   string
	Kind    string // such as ingest
	State   string
	Detail  json.RawMessage // what its kind tells: progress, report
	Error   string          // why it failed
	Created time.Time
	Updated time.Time
}

func checkState(state string) error {
	switch state {
	case Queued, Running, Done, Failed, Canceled:
		return nil
	}
	return fmt.Errorf("there is no state %q of jobs", state)
}

// CreateJob stores a job and returns it with its ID. State, if "", is queued.
func (s *Store) CreateJob(ctx context.Context, j Job) (Job, error) {
	if j.State == "" {
		j.State = Queued
	}
	detail, err := checkJSON(j.Detail)
	if err == nil {
		err = checkState(j.State)
	}
	if err != nil {
		return Job{}, fmt.Errorf("create job: %w", err)
	}
	now := s.now()
	j.ID, j.Detail, j.Created, j.Updated = "j"+randomText(15), detail, now, now
	return j, s.change(ctx, "create job", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO jobs(id, owner, kind, state, error, created, updated, detail) VALUES(?,?,?,?,?,?,?,?)`,
			j.ID, j.Owner, j.Kind, j.State, j.Error, micro(now), micro(now), []byte(detail))
		return err
	})
}

// UpdateJob stores State, Detail and Error of the job with j's ID and Owner, and
// returns it as it now is. A job that has ended stays as it is: [ErrConflict].
func (s *Store) UpdateJob(ctx context.Context, j Job) (Job, error) {
	detail, err := checkJSON(j.Detail)
	if err == nil {
		err = checkState(j.State)
	}
	if err != nil {
		return Job{}, fmt.Errorf("update job: %w", err)
	}
	err = s.change(ctx, "update job", func(tx *sql.Tx) error {
		now, err := scanJob(tx.QueryRowContext(ctx, selectJob+`WHERE id = ? AND owner = ?`, j.ID, j.Owner))
		if err != nil {
			return err
		}
		if now.State != Queued && now.State != Running {
			return fmt.Errorf("%w: the job is %s", ErrConflict, now.State)
		}
		j, err = scanJob(tx.QueryRowContext(ctx, `UPDATE jobs SET state = ?, detail = ?, error = ?, updated = ? WHERE id = ?
			RETURNING id, owner, kind, state, error, created, updated, detail`, j.State, []byte(detail), j.Error, micro(s.now()), j.ID))
		return err
	})
	if err != nil {
		return Job{}, err
	}
	return j, nil
}

// InterruptJobs marks the jobs that have not ended as failed for that reason, and
// says how many. The service calls it when it starts: they ended with the process
// that worked on them.
func (s *Store) InterruptJobs(ctx context.Context, reason string) (n int64, err error) {
	err = s.change(ctx, "interrupt jobs", func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE jobs SET state = ?, error = ?, updated = ? WHERE state IN (?, ?)`, Failed, reason, micro(s.now()), Queued, Running)
		if err == nil {
			n, err = r.RowsAffected()
		}
		return err
	})
	return n, err
}

const selectJob = `SELECT id, owner, kind, state, error, created, updated, detail FROM jobs `

func scanJob(row scanner) (j Job, err error) {
	var created, updated int64
	var detail []byte
	err = row.Scan(&j.ID, &j.Owner, &j.Kind, &j.State, &j.Error, &created, &updated, &detail)
	j.Detail, j.Created, j.Updated = detail, fromMicro(created), fromMicro(updated)
	return j, err
}

// Job returns a job of an owner.
func (s *Store) Job(ctx context.Context, owner, id string) (Job, error) {
	j, err := scanJob(s.read.QueryRowContext(ctx, selectJob+`WHERE id = ? AND owner = ?`, id, owner))
	if err != nil {
		return Job{}, fmt.Errorf("read job: %w", notFound(err))
	}
	return j, nil
}

func jobKey(j Job) (time.Time, string) { return j.Created, j.ID }

// Jobs returns a page of an owner's jobs, the last created first; after, next and
// limit are as for [Store.Drafts].
func (s *Store) Jobs(ctx context.Context, owner, after string, limit int) (jobs []Job, next string, err error) {
	return page(ctx, s, "list jobs", after, limit, jobKey, scanJob,
		selectJob+`WHERE owner = ? AND (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ?`, owner)
}

// AllJobs is [Store.Jobs] over all owners: for administrators.
func (s *Store) AllJobs(ctx context.Context, after string, limit int) (jobs []Job, next string, err error) {
	return page(ctx, s, "list all jobs", after, limit, jobKey, scanJob,
		selectJob+`WHERE (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ?`)
}
