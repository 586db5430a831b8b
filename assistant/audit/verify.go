package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"
)

// A Report is what [Verify] found.
type Report struct {
	Files       int       `json:"files"`
	Records     uint64    `json:"records"`
	First       time.Time `json:"first"` // of the first and the last record
	Last        time.Time `json:"last"`
	Checkpoints int       `json:"checkpoints"`
	Signed      uint64    `json:"signed"`   // number of the last record that a checkpoint speaks for
	Unsigned    uint64    `json:"unsigned"` // records after it: what the end of the log may have lost without a trace
	Expired     uint64    `json:"expired"`  // records that were removed after their time, by a signed checkpoint
	Torn        int       `json:"torn"`     // writes that a crash cut off; no fault
	Faults      []Fault   `json:"faults"`
}

// A Fault is one sign that the log is not as it was written.
type Fault struct {
	File string `json:"file"`
	Line int    `json:"line"` // from 1; 0 if no line is at fault
	Text string `json:"text"` // in Korean
}

// String returns the fault in one line.
func (f Fault) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.Text
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text)
}

// mostFaults bounds Report.Faults: a log that was rewritten has one for each line.
const mostFaults = 1000

// Verify reads a log whole, while it is written or not, and holds it against its
// chain, its checkpoints, and the copies of those in other folders. Of k it needs
// HMAC and Public. An error means that it could not be read; what is wrong with it
// is in the report.
func Verify(ctx context.Context, dir string, k Keys, copies ...string) (Report, error) {
	r := Report{Faults: []Fault{}}
	if len(k.HMAC) == 0 || len(k.Public) != ed25519.PublicKeySize {
		return r, errors.New("verify audit log: it needs the key of the HMAC and the public key of the signer")
	}
	sizes, err := sizesOf(dir)
	if err != nil {
		return r, fmt.Errorf("verify audit log: %w", err)
	}
	v := &verifier{r: &r, k: k, signed: map[uint64]checkpoint{}, heads: map[uint64]map[string]string{}}
	if err := v.checkpoints(dir, sizes[checkpointsName], copies); err != nil {
		return r, fmt.Errorf("verify audit log: %w", err)
	}
	if err := v.lines(ctx, dir, sizes); err != nil {
		return r, fmt.Errorf("verify audit log: %w", err)
	}
	return r, nil
}

// sizesOf returns the sizes of the files of a log at one moment between two writes.
func sizesOf(dir string) (map[string]int64, error) {
	if lock, err := os.Open(filepath.Join(dir, lockName)); err == nil { // a log at rest may have none
		defer lock.Close()
		if err := lockFile(lock, false); err != nil {
			return nil, err
		}
		defer unlockFile(lock)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		sizes[e.Name()] = info.Size()
	}
	return sizes, nil
}

type verifier struct {
	r       *Report
	k       Keys
	signed  map[uint64]checkpoint        // by count; without expiries
	heads   map[uint64]map[string]string // of all checkpoints by count: head -> file that says so
	expired checkpoint                   // the last expiry
}

func (v *verifier) fault(file string, line int, format string, args ...any) {
	if len(v.r.Faults) < mostFaults {
		v.r.Faults = append(v.r.Faults, Fault{file, line, fmt.Sprintf(format, args...)})
	}
}

// checkpoints reads the log's own and those of the copies, which must not know more.
func (v *verifier) checkpoints(dir string, size int64, copies []string) error {
	own := map[string]bool{}
	if err := v.checkpointFile(filepath.Join(dir, checkpointsName), checkpointsName, size, nil, func(line string) { own[line] = true }); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	v.r.Checkpoints = len(own)
	if len(own) == 0 {
		v.fault(checkpointsName, 0, "서명된 확인점이 하나도 없습니다")
	}
	for _, copied := range copies {
		path := filepath.Join(copied, checkpointsName)
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		missing := 0
		if err := v.checkpointFile(path, path, info.Size(), own, func(string) { missing++ }); err != nil {
			return err
		}
		if missing > 0 {
			v.fault(checkpointsName, 0, "사본 %s에 있는 확인점 %d개가 없습니다", path, missing)
		}
	}
	return nil
}

// checkpointFile reads the checkpoints that are not known yet.
func (v *verifier) checkpointFile(path, name string, size int64, known map[string]bool, each func(line string)) error {
	n := 0
	return readLines(path, 0, size, func(line []byte) error {
		n++
		text, whole := bytes.CutSuffix(line, []byte("\n"))
		if !whole {
			return nil // cut off by a crash; the next one takes its place
		}
		if known[string(text)] {
			return nil
		}
		c, ok := parseCheckpoint(text, v.k.Public)
		if !ok {
			v.fault(name, n, "이 기록의 서명 열쇠로 서명한 확인점이 아닙니다")
			return nil
		}
		each(string(text))
		if v.heads[c.Count] == nil {
			v.heads[c.Count] = map[string]string{}
		}
		v.heads[c.Count][c.Head] = name
		if c.Expired == "" {
			v.signed[c.Count] = c
			v.r.Signed = max(v.r.Signed, c.Count)
		} else if c.Count >= v.expired.Count {
			v.expired = c
		}
		return nil
	})
}

// lines follows the chain through all files.
func (v *verifier) lines(ctx context.Context, dir string, sizes map[string]int64) error {
	all, err := days(dir)
	if err != nil {
		return err
	}
	c := chain{key: v.k.HMAC, seq: v.expired.Count, head: v.expired.Head}
	if v.expired.Count == 0 {
		c.head = noHead
	}
	v.r.Expired = v.expired.Count
	file, n, garbage := "", 0, 0 // garbage: the line where it begins, or else the line that is read
	for _, day := range all {
		size, ok := sizes[day+dayExt]
		if !ok {
			continue // begun after the look at the sizes
		}
		v.r.Files++
		file, n = day+dayExt, 0
		if err := readLines(filepath.Join(dir, file), 0, size, func(line []byte) error {
			if n++; n%1000 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if v.r.Records == 0 {
				if e, ok := c.parse(bytes.TrimSuffix(line, []byte("\n"))); ok && e.Seq <= v.expired.Count {
					v.fault(file, n, "보존 기간이 지나 %s까지 지운 기록이 다시 있습니다", v.expired.Expired)
					c.seq, c.head = e.Seq-1, e.Prev
				}
			}
			if len(c.garbage) == 0 {
				garbage = n
			}
			if len(c.garbage) > 4*maxRecord { // enough to know that it is no crash
				v.fault(file, garbage, "%s", c.garbageFault())
				c.garbage = nil
			}
			e, ok, faults := c.next(line)
			if !ok {
				return nil
			}
			for _, f := range faults {
				v.fault(file, garbage, "%s", f)
			}
			if e.Torn != "" {
				v.r.Torn++
			}
			if heads := v.heads[e.Seq]; heads != nil {
				for head, name := range heads {
					if head != c.head {
						v.fault(file, n, "%d번 기록이 확인점(%s)이 서명한 것과 다릅니다", e.Seq, name)
					}
				}
			}
			if v.r.Records == 0 {
				v.r.First = e.Time
			}
			v.r.Last = e.Time
			v.r.Records++
			return nil
		}); err != nil {
			return err
		}
	}
	if len(c.garbage) > 0 {
		if c.crashed() {
			v.r.Torn++
		} else {
			v.fault(file, garbage, "%s", c.garbageFault())
		}
	}
	if v.r.Signed > c.seq {
		v.fault(file, 0, "확인점에는 %d건이 있으나 기록은 %d번에서 끝납니다", v.r.Signed, c.seq)
	} else {
		v.r.Unsigned = c.seq - v.r.Signed
	}
	return nil
}

// An Entry is a record as it stands in the log.
type Entry struct {
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	Record
}

// Entries ranges over the records of [from, to) in their order, without verifying
// them; lines that are none are left out. A zero time is no bound.
func Entries(dir string, from, to time.Time) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		errStop := errors.New("stop")
		all, err := days(dir)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		sizes, err := sizesOf(dir)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		for _, day := range all {
			err := readLines(filepath.Join(dir, day+dayExt), 0, sizes[day+dayExt], func(line []byte) error {
				e, ok := unverified(line)
				if !ok || e.Time.Before(from) || !to.IsZero() && !e.Time.Before(to) {
					return nil
				}
				if !yield(Entry{e.Seq, e.Time, e.Record}, nil) {
					return errStop
				}
				return nil
			})
			if err == errStop {
				return
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
		}
	}
}
