package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program: as biseo in the scripts of
// testdata, and as the child that reads files.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == readerCommand {
		main()
		return
	}
	testscript.Main(tidy{m}, map[string]func(){"biseo": main})
}

// tidy removes after the tests what all of them share.
type tidy struct{ *testing.M }

func (t tidy) Run() int {
	code := t.M.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	return code
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a program and checks its exit code: exits 2 biseo search --bad.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%q exits with %d, want %d", args[1:], got, want)
	}
}

// biseo runs the program in this process and returns its exit code and output.
func biseo(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

// mustRun is biseo for commands that have to succeed.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	code, out, err := biseo(t, args...)
	if code != exitDone {
		t.Fatalf("biseo %q: exit %d\n%s%s", args, code, out, err)
	}
	return out
}

// laws is the folder of a part of the shared laws; the test is skipped without it.
func laws(t *testing.T, part string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data", "laws-kr", part))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("needs ../shared/data/laws-kr/" + part)
	}
	return dir
}

// fewRounds reports whether what only repeats is to be done less often: with
// -short, or under the race detector, which makes it some ten times slower.
func fewRounds() bool {
	info, ok := debug.ReadBuildInfo()
	return testing.Short() || ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
