package extract

import (
	"context"
	"fmt"
	"os"
	"testing"

	"biseo/ingest"
	"biseo/ingest/extract/pool"
	"biseo/ingest/extract/programs"
)

// TestMain lets the test binary be the child of a pool.
func TestMain(m *testing.M) {
	if os.Getenv("EXTRACT_TEST_WORKER") == "" {
		os.Exit(m.Run())
	}
	read := Read
	if os.Getenv("EXTRACT_TEST_OCR") == "off" {
		read = func(ctx context.Context, path string) (*ingest.Document, error) {
			data, err := readFile(path)
			if err != nil {
				return nil, err
			}
			return readPDFWith(ctx, data, programs.Programs{PDFToText: programs.Find().PDFToText})
		}
	}
	if err := pool.Worker(os.Stdin, os.Stdout, read); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func testPool(t testing.TB, opt pool.Options) *pool.Pool {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	opt.Command, opt.Env = []string{exe}, append(opt.Env, "EXTRACT_TEST_WORKER=1")
	p := pool.New(opt)
	t.Cleanup(p.Close)
	return p
}
