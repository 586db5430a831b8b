package audit

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// checkpointsName is the file of checkpoints in the folder of the log and in that
// of the copy.
const checkpointsName = "checkpoints.jsonl"

// A checkpoint says that the log had Count lines and which was the last. One with
// Expired says that these lines, up to that day, were removed in good order. Its
// line in the file ends with an Ed25519 signature over signContext and the bytes
// of the line before `,"sig":"`.
type checkpoint struct {
	Count   uint64    `json:"count"`
	Head    string    `json:"head"`
	Time    time.Time `json:"time"`
	Expired string    `json:"expired,omitempty"`
}

const (
	sigStart    = `,"sig":"`
	signContext = "biseo audit checkpoint\n" // a signature is good for nothing else
)

func (c checkpoint) line(signer ed25519.PrivateKey) []byte {
	b, _ := json.Marshal(c) // it always can be
	b = b[:len(b)-1]
	sig := ed25519.Sign(signer, append([]byte(signContext), b...))
	return fmt.Appendf(b, "%s%s\"}\n", sigStart, base64.StdEncoding.EncodeToString(sig))
}

// parseCheckpoint reads a line without its line break; false if it is not signed by public.
func parseCheckpoint(line []byte, public ed25519.PublicKey) (c checkpoint, ok bool) {
	at := bytes.LastIndex(line, []byte(sigStart))
	if at < 0 || !bytes.HasSuffix(line, []byte(`"}`)) || len(line) < at+len(sigStart)+2 {
		return c, false
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(string(line[at+len(sigStart) : len(line)-2]))
	if err != nil || !ed25519.Verify(public, append([]byte(signContext), line[:at]...), sig) {
		return c, false
	}
	return c, json.Unmarshal(line, &c) == nil
}

// here is the checkpoint over the log as it stands.
func (l *Log) here(now time.Time) checkpoint {
	return checkpoint{Count: l.chain.seq, Head: l.chain.head, Time: now.UTC().Truncate(time.Microsecond)}
}

func (l *Log) public() ed25519.PublicKey { return l.o.Signer.Public().(ed25519.PublicKey) }

// checkpoint signs c and appends it to the file, and what the copy lacks to the copy.
func (l *Log) checkpoint(c checkpoint) error {
	path := filepath.Join(l.dir, checkpointsName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	end, err := wholeLines(f)
	if err != nil {
		return err
	}
	if err := appendAt(f, end, c.line(l.o.Signer)); err != nil {
		return err
	}
	if err := syncDir(l.dir); err != nil {
		return err
	}
	if c.Expired == "" {
		l.signed, l.signedAt = c.Count, c.Time
	}
	if l.o.Copy == "" {
		return nil
	}
	if err := l.copyCheckpoints(f); err != nil { // the next one brings the copy up to date
		l.o.Log.Warn("copy of audit checkpoints is not written and will be tried again", "error", err)
	}
	return nil
}

func (l *Log) copyCheckpoints(own *os.File) error {
	if err := os.MkdirAll(l.o.Copy, 0o700); err != nil {
		return err
	}
	to, err := os.OpenFile(filepath.Join(l.o.Copy, checkpointsName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer to.Close()
	have, err := wholeLines(to)
	if err != nil {
		return err
	}
	size, err := own.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if have > size {
		return errors.New("the copy is longer than the file that it is of: keep both, an auditor should see them")
	}
	more := make([]byte, size-have)
	if _, err := own.ReadAt(more, have); err != nil && err != io.EOF {
		return err
	}
	return appendAt(to, have, more)
}

// wholeLines returns where the last whole line of a file ends.
func wholeLines(f *os.File) (int64, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	tail := make([]byte, min(size, 4096))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return 0, err
	}
	return size - int64(len(tail)-1-bytes.LastIndexByte(tail, '\n')), nil
}

// appendAt puts b at end in place of what a crash left there. If that fails the
// file ends there again.
func appendAt(f *os.File, end int64, b []byte) error {
	err := f.Truncate(end)
	if err == nil {
		_, err = f.WriteAt(b, end)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		f.Truncate(end)
	}
	return err
}

// lastCheckpoint returns the last checkpoint over the log. A new log gets its
// first, over no lines; a log with lines but without checkpoints is [ErrDamaged].
func (l *Log) lastCheckpoint(lines bool) (last checkpoint, err error) {
	path := filepath.Join(l.dir, checkpointsName)
	var size int64
	info, err := os.Stat(path)
	switch {
	case err == nil:
		size = info.Size()
	case !errors.Is(err, fs.ErrNotExist):
		return last, err
	}
	var line []byte // the last that is not of an expiry
	if size > 0 {
		if err := readLines(path, 0, size, func(b []byte) error {
			if text, whole := bytes.CutSuffix(b, []byte("\n")); whole && !bytes.Contains(text, []byte(`,"expired":"`)) {
				line = append(line[:0], text...)
			}
			return nil
		}); err != nil {
			return last, err
		}
	}
	switch {
	case line == nil && lines:
		return last, fmt.Errorf("%w: there are records but no checkpoint in %s", ErrDamaged, checkpointsName)
	case line == nil:
		last = l.here(l.o.Now())
		return last, l.checkpoint(last)
	}
	last, ok := parseCheckpoint(line, l.public())
	if !ok {
		return last, fmt.Errorf("%w: the last line of %s is not signed by this log's signer", ErrDamaged, checkpointsName)
	}
	return last, nil
}
