// Command biseo is the AI administrative secretary: it reads an agency's
// documents and answers from them with checked citations.
//
// main.go parses the command line and maps errors to exit codes, config.go holds
// the settings and wires the parts; every other file is a group of commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"biseo/assistant"
	"biseo/index"
	"biseo/ingest/extract"
	"biseo/ingest/extract/pool"
)

// version is set at build time: -ldflags "-X main.version=v1.2.3".
var version = "dev"

// readerCommand is the hidden command under which this program is started again
// to read files within limits: see pool.Pool.
const readerCommand = "read-files"

func main() {
	if len(os.Args) == 2 && os.Args[1] == readerCommand {
		if err := pool.Worker(os.Stdin, os.Stdout, extract.Read); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailed)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes. Scripts rely on them.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitUnreadable = 3 // an input file could not be read; one line says why and what to do
)

// errUnreadable marks errors that end with exitUnreadable.
type errUnreadable struct{ error }

func (e errUnreadable) Unwrap() error { return e.error }

// errUsage marks wrong usage that the parser cannot see, such as a date that does not exist.
type errUsage struct{ error }

func (e errUsage) Unwrap() error { return e.error }

// A commandLine is every flag and command. Each flag is also a key in biseo.yaml
// and an environment variable BISEO_...: see config.go.
type commandLine struct {
	settings

	Config  kong.ConfigFlag  `placeholder:"FILE" help:"Settings file (default: biseo.yaml in this folder, if there is one)."`
	Version kong.VersionFlag `env:"-" help:"Print the version."`

	Demo      demoCmd      `cmd:"" help:"Ingest the sample agency and serve its page and API on 127.0.0.1:8080."`
	Ingest    ingestCmds   `cmd:"" help:"Bring the index in line with files and folders, or tell how they stand."`
	Extract   extractCmd   `cmd:"" help:"Print the text, structure and metadata of one file."`
	Search    searchCmd    `cmd:"" help:"Print ranked passages."`
	Ask       askCmd       `cmd:"" help:"Answer a question with checked citations."`
	Summarize summarizeCmd `cmd:"" help:"Summarise documents or files, every line cited."`
	Report    reportCmd    `cmd:"" help:"Draft a report from a template."`
	Reply     replyCmd     `cmd:"" help:"Draft the reply to a complaint."`
	Check     checkCmd     `cmd:"" help:"Hold a draft against the rules of official documents and the law in the index."`
	Serve     serveCmd     `cmd:"" help:"Serve the API and the page."`
	MCP       mcpCmd       `cmd:"" name:"mcp" help:"Offer search, answers and drafts to a language model over standard input and output (MCP)."`
	Key       keyCmds      `cmd:"" help:"Make, list and revoke API keys."`
	AuditLog  auditCmds    `cmd:"" name:"audit" help:"Verify and export the audit log."`
	Backup    backupCmd    `cmd:"" help:"Write everything that an index cannot give back to one file, while serving or not."`
	Restore   restoreCmd   `cmd:"" help:"Put the content of a backup into the data folder, while not serving."`
	Index_    indexCmds    `cmd:"" name:"index" help:"Copy the index elsewhere."`
	Mask      maskCmd      `cmd:"" help:"Find personal data in a text file and print it masked."`
	Health    healthCmd    `cmd:"" help:"Ask the service on this machine whether it is ready."`
	Doctor    doctorCmd    `cmd:"" help:"Check settings, index, model and embedder."`
	Eval      evalCmd      `cmd:"" help:"Measure quality."`
}

// A console is where a command writes and what it may know.
type console struct {
	out io.Writer // results
	err io.Writer // progress and logs
	lg  *slog.Logger
	now func() time.Time
}

// run is the program: it returns the exit code and writes nowhere but to stdout and stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &console{out: stdout, err: stderr, now: time.Now}
	var cl commandLine
	exited := -1
	parser, err := newParser(ctx, &cl, c, new(settingsFiles), kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		fmt.Fprintln(stderr, "biseo:", usageSentence(err))
		return exitUsage
	}
	k, err := parser.Parse(args)
	if exited >= 0 { // --help or --version
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "biseo: %s\n  쓰는 방법: biseo --help\n", usageSentence(err))
		return exitUsage
	}
	c.lg = cl.logger(stderr)
	if k.Selected().Name != "restore" {
		err = cl.whole()
	}
	if err == nil {
		err = k.Run()
	}
	code := exitCode(err)
	if errors.Is(err, index.ErrFingerprint) && !errors.As(err, new(errUsage)) {
		err = fmt.Errorf("색인을 만든 규칙이 이 프로그램의 것과 다르니, 색인을 만들 때의 임베딩 설정을 그대로 주고 biseo ingest --rebuild 폴더 로 다시 만들어 주세요: %w", err)
	}
	if code != exitDone {
		fmt.Fprintln(stderr, "biseo:", err)
	}
	return code
}

// newParser returns a parser of command lines into cl. files gets the settings files
// that it reads.
func newParser(ctx context.Context, cl *commandLine, c *console, files *settingsFiles, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(cl, append(more,
		kong.Name("biseo"),
		kong.Description("Biseo answers from an agency's own documents, with checked citations."),
		kong.DefaultEnvars("BISEO"),
		kong.Configuration(files.load, "biseo.yaml"),
		kong.Vars{"version": version, "kinds": strings.Join(index.KindNames(), ",")},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c, &cl.settings),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)...)
}

func exitCode(err error) int {
	var unreadable errUnreadable
	var usage errUsage
	var input *assistant.InputError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &unreadable):
		return exitUnreadable
	case errors.As(err, &usage), errors.As(err, &input):
		return exitUsage
	}
	return exitFailed
}
