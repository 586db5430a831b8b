package audit

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	dayExt   = ".jsonl" // of the files named for their day: 2026-11-22.jsonl
	lockName = "lock"   // holds the day whose file is written to
)

// noHead is what the first line of all names as the line before it.
var noHead = strings.Repeat("0", 64)

// A line of the log is the JSON of an entry. Its last field is mac, the HMAC-SHA-256
// over all bytes of the line before `,"mac":"`.
type entry struct {
	Seq  uint64    `json:"seq"` // from 1, without gaps
	Time time.Time `json:"time"`
	Record
	Torn string `json:"torn,omitempty"` // SHA-256 of what stands between this line and the one before, the last line break left out
	Prev string `json:"prev"`           // SHA-256 of the line before, without its line break
}

const macStart = `,"mac":"`

const macEnd = len(macStart) + 2*sha256.Size + len(`"}`)

// A chain is a place in the log: behind line seq.
type chain struct {
	key     []byte
	seq     uint64
	head    string // hex SHA-256 of line seq
	garbage []byte // what stands behind that line and is no line of the log
	open    bool   // the last line, or what stands behind it, has no line break yet
	blind   bool   // what stands before the next line is not known
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func tornSum(garbage []byte) string { return hexSum(bytes.TrimSuffix(garbage, []byte("\n"))) }

func (c *chain) mac(body []byte) string {
	h := hmac.New(sha256.New, c.key)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// append writes the next line to b. record is the JSON of a Record.
func (c *chain) append(b []byte, now time.Time, record []byte) []byte {
	start := len(b)
	c.seq++
	b = fmt.Appendf(b, `{"seq":%d,"time":"%s",`, c.seq, now.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano))
	b = append(b, record[1:len(record)-1]...)
	if len(c.garbage) > 0 {
		b = fmt.Appendf(b, `,"torn":"%s"`, tornSum(c.garbage))
		c.garbage = nil
	}
	b = fmt.Appendf(b, `,"prev":"%s"`, c.head)
	b = fmt.Appendf(b, `%s%s"}`, macStart, c.mac(b[start:]))
	c.head, c.open = hexSum(b[start:]), false
	return append(b, '\n')
}

// hasMAC reports whether a line has the form of one that was written whole.
func hasMAC(line []byte) bool {
	at := len(line) - macEnd
	return at > 0 && bytes.HasPrefix(line[at:], []byte(macStart)) && bytes.HasSuffix(line, []byte(`"}`))
}

// parse returns the entry of a line that its HMAC confirms; false for any other.
func (c *chain) parse(line []byte) (e entry, ok bool) {
	if !hasMAC(line) {
		return e, false
	}
	at := len(line) - macEnd
	want := c.mac(line[:at])
	if !hmac.Equal([]byte(want), line[at+len(macStart):len(line)-2]) {
		return e, false
	}
	return e, json.Unmarshal(line, &e) == nil
}

// crashed reports whether garbage at the end of the log is what a crash leaves:
// the beginning of lines, the last without its line break.
func (c *chain) crashed() bool {
	if bytes.HasSuffix(c.garbage, []byte("\n")) || len(c.garbage) > 2*maxRecord {
		return false
	}
	for line := range bytes.Lines(c.garbage) {
		if hasMAC(bytes.TrimSuffix(line, []byte("\n"))) && bytes.HasSuffix(line, []byte("\n")) {
			return false
		}
	}
	return true
}

// next moves behind a line, which ends with a line break unless the file ends
// before, and returns its entry and what is wrong with it, in Korean. What is no
// line of the log becomes garbage; ok is false then.
func (c *chain) next(line []byte) (e entry, ok bool, faults []string) {
	text, whole := bytes.CutSuffix(line, []byte("\n"))
	c.open = !whole
	if e, ok = c.parse(text); !ok {
		c.garbage = append(c.garbage, line...)
		return e, false, nil
	}
	gap := e.Seq > c.seq+1
	switch {
	case c.blind:
	case len(c.garbage) > 0 && e.Torn != tornSum(c.garbage):
		faults = append(faults, c.garbageFault())
		gap = false // those lines are the ones that are missing
	case len(c.garbage) == 0 && e.Torn != "":
		faults = append(faults, "이 줄이 적어 둔, 중단으로 잘린 자료가 사라졌습니다")
	}
	switch {
	case gap:
		faults = append(faults, fmt.Sprintf("%d번부터 %d번까지 %d건이 빠졌습니다", c.seq+1, e.Seq-1, e.Seq-1-c.seq))
	case e.Seq <= c.seq:
		faults = append(faults, fmt.Sprintf("%d번 기록이 %d번 뒤에 다시 나옵니다", e.Seq, c.seq))
	case e.Seq == c.seq+1 && e.Prev != c.head:
		faults = append(faults, "앞줄이 이 기록을 쓸 때의 것과 다릅니다")
	}
	c.seq, c.head, c.garbage, c.blind = e.Seq, hexSum(text), nil, false
	return e, true, faults
}

func (c *chain) garbageFault() string {
	return fmt.Sprintf("%d줄이 고쳐졌거나 끼워졌습니다", max(1, bytes.Count(c.garbage, []byte("\n"))))
}

// days lists the days that have a file, oldest first.
func days(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []string
	for _, e := range entries {
		day, ok := strings.CutSuffix(e.Name(), dayExt)
		if _, err := time.Parse(time.DateOnly, day); ok && err == nil {
			all = append(all, day)
		}
	}
	return all, err
}

// readLines calls each with the lines of a file from an offset up to a size, with
// their line breaks. The line is valid until the next.
func readLines(path string, from, size int64, each func(line []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(io.NewSectionReader(f, from, size-from), 1<<16)
	var long []byte // the beginning of a line that does not fit the buffer
	for {
		part, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull && err != io.EOF {
			return err
		}
		if err == bufio.ErrBufferFull {
			long = append(long, part...)
			continue
		}
		line := part
		if len(long) > 0 {
			long = append(long, part...)
			line = long
		}
		if len(line) > 0 {
			if err := each(line); err != nil {
				return err
			}
		}
		long = long[:0]
		if err == io.EOF {
			return nil
		}
	}
}

// catchUp brings what is known of the end of the log up to date with the files,
// which other processes may have gone on with.
func (l *Log) catchUp() error {
	if l.failed != nil && time.Since(l.failedAt) < time.Second {
		return l.failed
	}
	day := make([]byte, len(time.DateOnly))
	n, err := l.lock.ReadAt(day, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if l.file != nil && string(day[:n]) == l.day {
		info, err := os.Stat(l.file.Name()) // by name: a file that was moved away is not written to
		if err == nil && info.Size() == l.end {
			return nil
		}
		if err == nil && info.Size() > l.end {
			return l.readEnd(l.file.Name(), l.end, info.Size())
		}
	}
	if l.failed = l.reopen(); l.failed != nil {
		l.failedAt = time.Now()
	}
	return l.failed
}

// reopen finds the end of the log in its files.
func (l *Log) reopen() error {
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
	l.chain, l.day, l.end = chain{key: l.o.Key, head: noHead}, "", 0
	all, err := days(l.dir)
	if err != nil {
		return err
	}
	last, err := l.lastCheckpoint(len(all) > 0)
	if err != nil {
		return err
	}
	// The last file with a line of the log says where that is; those after it hold what a crash left.
	first := len(all)
	for found := false; first > 0 && !found; {
		first--
		path, size, err := l.stat(all[first])
		if err != nil {
			return err
		}
		if err := readLines(path, 0, size, func(line []byte) error {
			e, ok := l.chain.parse(bytes.TrimSuffix(line, []byte("\n")))
			if !ok {
				return nil
			}
			l.chain.seq, l.chain.head, l.chain.blind, found = e.Seq-1, e.Prev, true, true
			return io.EOF
		}); err != nil && err != io.EOF {
			return err
		}
	}
	for _, day := range all[first:] {
		path, size, err := l.stat(day)
		if err == nil {
			err = l.readEnd(path, 0, size)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case l.chain.seq < max(last.Count, l.known):
		return fmt.Errorf("%w: it ends with record %d, but there were %d", ErrDamaged, l.chain.seq, max(last.Count, l.known))
	case l.chain.seq == last.Count && l.chain.head != last.Head:
		return fmt.Errorf("%w: record %d is not the one that a checkpoint was signed over", ErrDamaged, last.Count)
	}
	l.signed, l.signedAt, l.known = last.Count, last.Time, l.chain.seq
	if len(all) == 0 {
		return nil
	}
	return l.use(all[len(all)-1], l.end)
}

// readEnd follows the log through the lines of a file from an offset on.
func (l *Log) readEnd(path string, from, size int64) error {
	c := l.chain
	err := readLines(path, from, size, func(line []byte) error {
		_, _, faults := c.next(line)
		if len(faults) > 0 || len(c.garbage) > 2*maxRecord {
			return fmt.Errorf("%w: %s behind record %d", ErrDamaged, filepath.Base(path), c.seq)
		}
		return nil
	})
	if err == nil && !c.crashed() {
		err = fmt.Errorf("%w: the end of %s is not what a crash leaves", ErrDamaged, filepath.Base(path))
	}
	if err == nil {
		l.chain, l.end = c, size
		l.known = max(l.known, c.seq)
	}
	return err
}

func (l *Log) stat(day string) (path string, size int64, err error) {
	path = filepath.Join(l.dir, day+dayExt)
	info, err := os.Stat(path)
	if err != nil {
		return path, 0, err
	}
	return path, info.Size(), nil
}
