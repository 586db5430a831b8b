// Package pool reads files in child processes, so that a file which makes a parser
// crash, hang or eat memory costs that file and nothing else.
package pool

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
)

// Options configure a [Pool]. Only Command is required.
type Options struct {
	Command []string      // program and arguments of a child, whose main must call [Worker]
	Env     []string      // the child's environment; it inherits nothing, keys and passwords least of all
	Workers int           // children at most; 0 means one for each CPU, at most 4
	Files   int           // files that a child reads before it is replaced; 0 means 64
	Timeout time.Duration // for one file, or one scanned page of it; 0 means 30 s
}

// A Pool reads files in child processes, each under the limits of [Worker]. Safe for
// concurrent use; callers beyond the number of workers wait.
type Pool struct {
	opt     Options
	idle    chan *child // one element for each worker; nil is one not started
	exposed atomic.Bool // this system does not let children be cut off from the network
}

const (
	maxRequest = 64 << 10
	maxAnswer  = 96 << 20 // bytes; Korean text of [blocks.MaxText] code points fits three times
)

// New starts no process yet.
func New(opt Options) *Pool {
	if opt.Workers <= 0 {
		opt.Workers = min(runtime.NumCPU(), 4)
	}
	if opt.Files <= 0 {
		opt.Files = 64
	}
	if opt.Timeout <= 0 {
		opt.Timeout = 30 * time.Second
	}
	p := &Pool{opt: opt, idle: make(chan *child, opt.Workers)}
	for range opt.Workers {
		p.idle <- nil
	}
	return p
}

// Read is what the function does that the children run. A crash, running out of
// memory or time is an [*ingest.FileError] too.
func (p *Pool) Read(ctx context.Context, path string) (*ingest.Document, error) {
	d, used, err := p.read(ctx, path)
	if err != nil && used {
		// The child fell over what the files before had left behind: ask a new one.
		d, _, err = p.read(ctx, path)
	}
	return d, err
}

// read reports also whether a child was lost that had read other files before.
func (p *Pool) read(ctx context.Context, path string) (d *ingest.Document, used bool, err error) {
	var c *child
	select {
	case c = <-p.idle:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		p.idle <- c
		return nil, false, err
	}
	if c == nil {
		if c, err = p.start(); err != nil {
			p.idle <- nil
			return nil, false, fmt.Errorf("start parser process: %w", err)
		}
	}
	begun := time.Now()
	ans, err := c.ask(ctx, path, p.opt.Timeout)
	used = err != nil && c.files > 0 && ctx.Err() == nil && time.Since(begun) < p.opt.Timeout // out of time it would be again
	if c.files++; err != nil || c.files >= p.opt.Files {
		c.close()
		c = nil
	}
	p.idle <- c
	switch {
	case err != nil:
		return nil, used, err
	case ans.Error != nil:
		return nil, false, ans.Error
	case ans.Failure != "":
		return nil, false, errors.New(ans.Failure)
	case ans.Document == nil:
		return nil, false, fmt.Errorf("read %s: the parser process gave no document", path)
	}
	return ans.Document, false, nil
}

// Close waits for the reads under way and ends the children. The pool must not
// be used afterwards.
func (p *Pool) Close() {
	for range p.opt.Workers {
		if c := <-p.idle; c != nil {
			c.close()
		}
	}
}

type request struct {
	Path []byte `json:"path"` // names of files need not be UTF-8
}

type answer struct {
	Document *ingest.Document  `json:"document,omitempty"`
	Error    *ingest.FileError `json:"error,omitempty"`
	Failure  string            `json:"failure,omitempty"` // an error that is not the file's fault
}

// A child is one parser process with the pipes to it.
type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr tail
	files  int
}

// start tries to start a child without a network first.
func (p *Pool) start() (*child, error) {
	if !p.exposed.Load() {
		c, err := startChild(p.opt, true)
		if err == nil {
			return c, nil
		}
		c, err = startChild(p.opt, false)
		if err == nil {
			p.exposed.Store(true)
		}
		return c, err
	}
	return startChild(p.opt, false)
}

func startChild(opt Options, alone bool) (*child, error) {
	if len(opt.Command) == 0 {
		return nil, errors.New("no command given")
	}
	c := &child{cmd: exec.Command(opt.Command[0], opt.Command[1:]...)}
	c.cmd.Env = append([]string{"GOMEMLIMIT=400MiB", "GOTRACEBACK=none", "SYSTEMROOT=" + os.Getenv("SYSTEMROOT")}, opt.Env...)
	c.cmd.Stderr = &c.stderr
	c.cmd.WaitDelay = time.Second
	isolate(c.cmd, alone)
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	return c, c.cmd.Start()
}

// ask sends one file to the child and waits for its answer. After an error the
// child is of no further use.
func (c *child) ask(ctx context.Context, path string, timeout time.Duration) (*answer, error) {
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.AfterFunc(timeout, cancel)
	defer timer.Stop()
	killed := make(chan struct{})
	stop := context.AfterFunc(limited, func() { killGroup(c.cmd); close(killed) })
	ans, err := c.exchange(path, func() { timer.Reset(timeout) })
	if !stop() {
		<-killed
		err = cmp.Or(err, limited.Err())
	}
	if err == nil {
		return ans, nil
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, refuse(fmt.Sprintf("%g초 안에 다 읽지 못했습니다.", timeout.Seconds()), blocks.ErrTooLong.Next)
	case errors.Is(err, errAnswerTooLong):
		return nil, blocks.ErrTooLong
	}
	c.close()
	switch said := c.stderr.String(); {
	case reNoMemory.MatchString(said):
		return nil, refuse("파일을 읽는 데 메모리가 너무 많이 듭니다.", blocks.ErrTooLong.Next)
	case strings.Contains(said, "stack exceeds"), strings.Contains(said, "stack overflow"):
		return nil, blocks.ErrTooDeep
	case strings.Contains(said, "SIGXCPU"):
		return nil, refuse("파일을 읽는 데 시간이 너무 오래 걸립니다.", blocks.ErrTooLong.Next)
	}
	return nil, refuse("파일을 읽던 프로그램이 멈췄습니다. 파일이 손상되었을 수 있습니다.", blocks.ErrTooDeep.Next)
}

func refuse(reason, next string) *ingest.FileError {
	return &ingest.FileError{Reason: reason, Next: next}
}

// reNoMemory is how the Go runtime and the race detector say that the system
// gave no memory, for data or for the stack of a thread.
var reNoMemory = regexp.MustCompile(`out of memory|(cannot|failed to) allocate|pthread_create failed|failed to create new OS thread`)

var errAnswerTooLong = errors.New("answer too long")

// exchange calls alive with each sign of life before the answer.
func (c *child) exchange(path string, alive func()) (*answer, error) {
	line, err := json.Marshal(request{[]byte(path)})
	if err != nil {
		return nil, err
	}
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		return nil, err
	}
	var size uint32
	for size == 0 {
		if err := binary.Read(c.out, binary.BigEndian, &size); err != nil {
			return nil, err
		}
		alive()
	}
	if size > maxAnswer {
		return nil, errAnswerTooLong
	}
	var ans answer
	body := &io.LimitedReader{R: c.out, N: int64(size)}
	if err := json.NewDecoder(body).Decode(&ans); err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, body)
	return &ans, err
}

// close ends the child. More than once is no error.
func (c *child) close() {
	c.in.Close()
	killGroup(c.cmd)
	c.cmd.Wait()
}

// A tail keeps the end of what is written to it: enough for the whole report of
// a crash, which begins with its reason.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if n := len(t.buf) - 256<<10; n > 0 {
		t.buf = append(t.buf[:0], t.buf[n:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}

// Worker is the main function of a [Pool]'s child: it calls read for each request from
// in, one JSON object {"path": "base64"} a line, and writes to out for each the length of
// the answer in four bytes, big-endian, and the answer in JSON. Before it there may be
// lengths of 0, signs of life with which the pool's time limit begins anew. Worker
// returns nil at the end of in.
//
// First it limits this process: stack 64 MB; on Linux and macOS no core
// dumps, 64 open files, 64 MB for each file written and 30 s of CPU for a file
// read; on Linux 512 MB of data. Windows has only the stack limit and the pool's
// time limit. On Linux the pool has put it where no network is, unless the system
// forbids that to users who are not root (as Ubuntu does to programs without an
// AppArmor profile, and as containers do): then it runs without that. Whatever
// else the process prints to os.Stdout goes to os.Stderr from then on.
func Worker(in io.Reader, out io.Writer, read func(context.Context, string) (*ingest.Document, error)) error {
	os.Stdout = os.Stderr // the PDF library prints
	debug.SetMaxStack(64 << 20)
	if err := limitProcess(); err != nil {
		return err
	}
	ctx := context.WithValue(context.Background(), aliveKey{}, func() { out.Write([]byte{0, 0, 0, 0}) })
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRequest)
	for lines.Scan() {
		var req request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			return fmt.Errorf("parse request: %w", err)
		}
		if err := limitCPU(); err != nil {
			return err
		}
		var ans answer
		doc, err := read(ctx, string(req.Path))
		if known := (*ingest.FileError)(nil); errors.As(err, &known) {
			ans.Error = known
		} else if err != nil {
			ans.Failure = err.Error()
		}
		ans.Document = doc
		body, err := json.Marshal(ans)
		if err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
		if len(body) > maxAnswer {
			if body, err = json.Marshal(answer{Error: blocks.ErrTooLong}); err != nil {
				return err
			}
		}
		frame := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		if _, err := out.Write(append(frame, body...)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// aliveKey is the context's key of a function that gives a sign of life.
type aliveKey struct{}

// Alive tells the pool that reading goes on though it takes long, as the
// recognition of many pages does. Call it only where the number of calls is bounded.
func Alive(ctx context.Context) {
	if f, ok := ctx.Value(aliveKey{}).(func()); ok {
		f()
	}
}
