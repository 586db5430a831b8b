package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// LeastKeep is the shortest retention of a log: access records of personal data are
// kept for at least one year (개인정보의 안전성 확보조치 기준 제8조제1항), for two where
// there are 50,000 persons or more, 고유식별정보 or 민감정보.
const LeastKeep = 365 * 24 * time.Hour

// Expire removes the files of whole days that ended longer than keep ago, and says
// how many records those held. A record of the log and a signed checkpoint say so
// first. It does nothing where there is nothing to remove.
func (l *Log) Expire(keep time.Duration) (records uint64, err error) {
	if keep < LeastKeep {
		return 0, fmt.Errorf("expire audit log: %v is shorter than the least, %v", keep, LeastKeep)
	}
	err = l.locked(func() error {
		if err := l.catchUp(); err != nil {
			return err
		}
		now := l.o.Now().UTC()
		all, err := days(l.dir)
		if err != nil {
			return err
		}
		n := 0
		for n < len(all) && all[n] < l.day { // the file that is written to stays
			day, err := time.Parse(time.DateOnly, all[n])
			if err != nil || now.Sub(day.AddDate(0, 0, 1)) <= keep {
				break
			}
			n++
		}
		all = all[:n]
		var first uint64
		last := chain{key: l.o.Key}
		for _, day := range all {
			path, size, err := l.stat(day)
			if err == nil {
				err = readLines(path, 0, size, func(line []byte) error {
					e, ok, _ := last.next(line)
					last.garbage = nil
					if ok && records == 0 {
						first = e.Seq
					}
					if ok {
						records++
					}
					return nil
				})
			}
			if err != nil {
				return err
			}
		}
		if records == 0 {
			return nil
		}
		through := all[len(all)-1]
		note, err := json.Marshal(Record{Action: "audit.expire", Actor: "local", On: through, Versions: map[string]string{
			"first": strconv.FormatUint(first, 10), "last": strconv.FormatUint(last.seq, 10), "records": strconv.FormatUint(records, 10)}})
		if err != nil {
			return err
		}
		if err := l.write(now, [][]byte{note}); err != nil {
			return err
		}
		if err := l.checkpoint(checkpoint{Count: last.seq, Head: last.head, Time: now.Truncate(time.Microsecond), Expired: through}); err != nil {
			return err
		}
		for _, day := range all {
			err = errors.Join(err, os.Remove(filepath.Join(l.dir, day+dayExt)))
		}
		return errors.Join(err, syncDir(l.dir))
	})
	if err != nil {
		return 0, fmt.Errorf("expire audit log: %w", err)
	}
	return records, nil
}

// Copy copies a log that may be written meanwhile, up to its last record, to another
// folder, without keys. Its sealed texts, in a folder below, are not copied.
func Copy(dir, to string) error {
	sizes, err := sizesOf(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("copy audit log: %w", err)
	}
	for name, size := range sizes {
		if filepath.Ext(name) != dayExt {
			continue
		}
		if err := copyStart(filepath.Join(dir, name), filepath.Join(to, name), size); err != nil {
			return fmt.Errorf("copy audit log: %w", err)
		}
	}
	return nil
}

// copyStart copies the first size bytes of a file to a new one.
func copyStart(from, to string, size int64) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(w, r, size)
	return errors.Join(err, w.Sync(), w.Close())
}

// unverified reads a line of the log without looking at its HMAC.
func unverified(line []byte) (e entry, ok bool) {
	text := bytes.TrimSuffix(line, []byte("\n"))
	return e, hasMAC(text) && json.Unmarshal(text, &e) == nil
}
