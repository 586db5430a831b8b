// Package audit keeps the record of who saw what: append-only JSON lines in a
// folder, one file for each UTC day, never the text of a question or a document.
//
// Each line holds the SHA-256 of the line before it and an HMAC of itself, so that
// without the key no line can be changed, removed, moved or put in. Signed
// checkpoints (checkpoints.jsonl, which may be copied elsewhere as it grows) say
// how many lines there were and which was the last, so that lines cannot be cut off
// the end either. [Verify] finds all of that.
//
// What it cannot find: that lines after the last checkpoint were cut off together
// with nothing else (at most Options.Every lines or Options.Interval of time, and
// none after an orderly [Log.Close]); that both lines and checkpoints were cut off
// at the same place, unless a copy of the checkpoints is kept where the forger does
// not reach; and nothing at all once the forger holds both keys and every copy of
// the checkpoints. Nor can it know what was never given to [Log.Append].
package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A Record says what somebody did. Only Action must be set; there is no place for
// the text of questions, drafts or documents.
type Record struct {
	Actor    string            `json:"actor,omitempty"` // owner string: local, key:ID, user:SUBJECT, key:ID/user:NAME
	Via      string            `json:"via,omitempty"`   // local, key or session
	Key      string            `json:"key,omitempty"`
	User     string            `json:"user,omitempty"`
	Address  string            `json:"address,omitempty"` // where the request came from
	Action   string            `json:"action"`            // such as search, answer, document.export
	Route    string            `json:"route,omitempty"`
	Outcome  string            `json:"outcome,omitempty"`
	Trace    string            `json:"trace,omitempty"` // ID of the request
	Status   int               `json:"status,omitempty"`
	On       string            `json:"on,omitempty"` // the day whose law was applied
	Docs     []string          `json:"docs,omitempty"`
	Passages []string          `json:"passages,omitempty"`
	Versions map[string]string `json:"versions,omitempty"` // of program, prompt, model, index
}

var (
	ErrClosed  = errors.New("the audit log is closed")
	ErrBusy    = errors.New("the audit log cannot keep up")
	ErrDamaged = errors.New("the audit log was changed or damaged")
)

// Options of [Open]. Key and Signer must be set: see [LoadKeys].
type Options struct {
	Now      func() time.Time // nil: time.Now
	Key      []byte           // of the HMAC; at least 16 bytes
	Signer   ed25519.PrivateKey
	Every    int           // a checkpoint after so many records; 0: 1,000
	Interval time.Duration // and after so long, if there are new ones; 0: 5 minutes
	Copy     string        // folder to which checkpoints are also written, best on another machine; "": none
	Log      *slog.Logger  // told when a checkpoint or its copy cannot be written; nil: nobody
}

// A Log is an audit log open for writing. It is safe for concurrent use, and
// several processes may write the same folder (on Unix and Windows, where they
// take turns by a file lock).
type Log struct {
	dir      string
	o        Options
	queue    chan *waiting
	closing  chan struct{}
	finished chan struct{}
	close    func() error

	mu       sync.Mutex // the rest belongs to who holds it, and the file lock
	lock     *os.File
	file     *os.File // of day; nil: must be opened anew
	day      string
	end      int64 // size of file as we know it
	chain    chain
	known    uint64 // lines that were there; fewer can only be damage
	signed   uint64 // count of the last checkpoint
	signedAt time.Time
	failed   error // of the last attempt to find the end of the log
	failedAt time.Time
}

type waiting struct {
	record []byte // JSON of a Record
	done   chan error
}

// maxRecord bounds the JSON of one record.
const maxRecord = 1 << 20

// Open opens the log in a folder, and creates it if there is none. The end of the
// log is checked first: a line that a crash cut off is left where it is and the
// next record says so; a log that was otherwise changed, or that ends before its
// last checkpoint, is [ErrDamaged] and nothing is written to it.
func Open(dir string, o Options) (_ *Log, err error) {
	if len(o.Key) < 16 || len(o.Signer) != ed25519.PrivateKeySize {
		return nil, errors.New("open audit log: it needs a key of at least 16 bytes and a signer")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every <= 0 {
		o.Every = 1000
	}
	if o.Interval <= 0 {
		o.Interval = 5 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &Log{dir: dir, o: o, queue: make(chan *waiting, 4096), closing: make(chan struct{}), finished: make(chan struct{})}
	l.close = sync.OnceValue(l.stop)
	defer func() {
		if err != nil {
			if l.lock != nil {
				l.lock.Close()
			}
			if l.file != nil {
				l.file.Close()
			}
			err = fmt.Errorf("open audit log %s: %w", dir, err)
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if l.lock, err = os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	if err := l.locked(l.catchUp); err != nil {
		return nil, err
	}
	go l.run()
	return l, nil
}

// Append writes a record and returns when it is on the disk; callers at the same
// time share one write. After an error the record may not be there, and what it
// tells of must not happen. The log recovers by itself: when the disk has space
// again, Append succeeds again.
func (l *Log) Append(ctx context.Context, r Record) error {
	b, err := json.Marshal(r)
	switch {
	case err != nil:
		return fmt.Errorf("write audit record: %w", err)
	case r.Action == "":
		return errors.New("write audit record: it has no action")
	case len(b) > maxRecord:
		return fmt.Errorf("write audit record: it has %d bytes, the most is %d", len(b), maxRecord)
	}
	w := &waiting{b, make(chan error, 1)}
	select {
	case <-l.closing:
		return ErrClosed
	default:
	}
	select {
	case l.queue <- w:
	default:
		return ErrBusy
	}
	select {
	case err = <-w.done:
	case <-l.finished:
		select {
		case err = <-w.done:
		default:
			err = ErrClosed
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("write audit record: %w", err)
	}
	return nil
}

// Close writes what waits and a last checkpoint, and releases the files.
func (l *Log) Close() error { return l.close() }

func (l *Log) stop() error {
	close(l.closing)
	<-l.finished
	err := l.locked(func() error {
		if err := l.catchUp(); err != nil {
			return err
		}
		if l.chain.seq == l.signed {
			return nil
		}
		return l.checkpoint(l.here(l.o.Now()))
	})
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	if err = errors.Join(err, l.lock.Close()); err != nil {
		return fmt.Errorf("close audit log: %w", err)
	}
	return nil
}

// run writes what waits in the queue, as much as there is at a time.
func (l *Log) run() {
	defer close(l.finished)
	tick := time.NewTicker(l.o.Interval)
	defer tick.Stop()
	const most = 1024
	for {
		var batch []*waiting
		var closing bool
		select {
		case w := <-l.queue:
			batch = append(batch, w)
		case <-tick.C:
		case <-l.closing:
			closing = true
		}
	more:
		for len(batch) < most {
			select {
			case w := <-l.queue:
				batch = append(batch, w)
			default:
				break more
			}
		}
		err := l.locked(func() error { return l.commit(batch) })
		for _, w := range batch {
			w.done <- err
		}
		if closing && len(batch) < most {
			return
		}
	}
}

// locked does something while no other goroutine or process writes.
func (l *Log) locked(do func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := lockFile(l.lock, true); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	defer unlockFile(l.lock)
	return do()
}

// commit appends records, and a checkpoint if one is due.
func (l *Log) commit(batch []*waiting) error {
	if err := l.catchUp(); err != nil {
		return err
	}
	now := l.o.Now()
	if len(batch) > 0 {
		records := make([][]byte, len(batch))
		for i, w := range batch {
			records[i] = w.record
		}
		if err := l.write(now, records); err != nil {
			return err
		}
	}
	if n := l.chain.seq - l.signed; n >= uint64(l.o.Every) || n > 0 && now.Sub(l.signedAt).Abs() >= l.o.Interval {
		if err := l.checkpoint(l.here(now)); err != nil {
			l.o.Log.Warn("audit checkpoint is not written and will be tried again", "error", err)
		}
	}
	return nil
}

// write appends records to the file of today and returns when they are on the disk.
func (l *Log) write(now time.Time, records [][]byte) (err error) {
	now = now.UTC()
	day := max(now.Format(time.DateOnly), l.day) // a clock that was set back does not open an old file
	next := l.chain
	var b []byte
	if next.open && day == l.day {
		b = append(b, '\n')
	}
	if len(next.garbage) > 0 {
		note, _ := json.Marshal(Record{Action: "audit.torn", Outcome: "a crash cut off what stands before this record"})
		b = next.append(b, now, note)
	}
	for _, r := range records {
		b = next.append(b, now, r)
	}
	if l.file == nil || l.day != day {
		if err := l.use(day, 0); err != nil {
			return err
		}
	}
	n, err := l.file.Write(b)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		// Nobody was told that these are written, so they are taken back.
		if n > 0 && l.file.Truncate(l.end) != nil {
			l.file.Close()
			l.file = nil // what is there now is looked at anew
		}
		return err
	}
	l.end += int64(n)
	l.chain, l.known = next, next.seq
	return nil
}

// use makes the file of a day, of that size, the one that is written to.
func (l *Log) use(day string, size int64) error {
	// Other processes see by the lock's content that the file is no longer the one they know.
	if _, err := l.lock.WriteAt([]byte(day), 0); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(l.dir, day+dayExt), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := syncDir(l.dir); err != nil {
		return errors.Join(err, f.Close())
	}
	if l.file != nil {
		l.file.Close()
	}
	l.file, l.day, l.end = f, day, size
	return nil
}
