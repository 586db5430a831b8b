package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"biseo/ingest"
	"biseo/korea/calendar"
)

type ingestStatusCmd struct {
	Failed bool `help:"Only what failed."`
	JSON   bool `help:"Print one JSON document."`
}

// ledgerFile is where ingest keeps how each file stands: beside the index.
func (s *settings) ledgerFile() string { return filepath.Join(s.Data, "ingest-state.db") }

// stateNames are the words for states in messages to officials.
var stateNames = map[ingest.State]string{
	ingest.New: "대기", ingest.Unchanged: "그대로", ingest.Done: "완료", ingest.Warned: "완료(확인 필요)", ingest.Failed: "실패",
}

// A stateReport is what biseo ingest status prints.
type stateReport struct {
	Files     int                  `json:"files"` // entries of archives that failed are counted apart
	Counts    map[ingest.State]int `json:"counts"`
	Documents int                  `json:"documents"`
	Pages     int                  `json:"pages"`
	Chunks    int                  `json:"chunks"`
	NoReaders []string             `json:"no_readers"` // files with documents that nobody may read
	States    []ingest.FileState   `json:"states"`     // failed first, then those with warnings
}

func (cmd *ingestStatusCmd) Run(ctx context.Context, c *console, s *settings) error {
	states, closed, err := s.fileStates(ctx)
	if err != nil {
		return err
	}
	r := stateReport{Counts: map[ingest.State]int{}, NoReaders: []string{}, States: []ingest.FileState{}}
	for _, f := range states {
		if f.Path == f.File {
			r.Files++
		}
		r.Counts[f.State]++
		if closed[f.Path] {
			r.NoReaders = append(r.NoReaders, f.Path)
		}
		r.Documents += f.Documents
		r.Pages += f.Pages
		r.Chunks += f.Chunks
		if !cmd.Failed || f.State == ingest.Failed {
			r.States = append(r.States, f)
		}
	}
	if cmd.JSON {
		return printJSON(c.out, r)
	}
	r.print(c.out)
	return nil
}

// fileStates is what the ledger holds, checked against the index: what is done by
// the ledger but missing in the index, because that was deleted, is new. closed are
// the files with documents that nobody may read.
func (s *settings) fileStates(ctx context.Context) (states []ingest.FileState, closed map[string]bool, err error) {
	if _, err := os.Stat(s.ledgerFile()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	ledger, err := ingest.OpenLedger(ctx, s.ledgerFile())
	if err != nil {
		return nil, nil, err
	}
	defer ledger.Close()
	stored, closed := map[string]bool{}, map[string]bool{}
	e, err := s.embedder()
	if err != nil {
		return nil, nil, err
	}
	x, err := s.openIndex(ctx, slog.New(slog.DiscardHandler), reading, s.indexDir(), e)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, nil, err
	default:
		defer x.Close()
		for d, err := range x.Docs(ctx) {
			if err != nil {
				return nil, nil, err
			}
			stored[d.Source] = true
			if len(d.Readers) == 0 {
				closed[d.Source] = true
			}
		}
	}
	states, err = ledger.Files(ctx, stored)
	return states, closed, err
}

func (r stateReport) print(w io.Writer) {
	if r.Files == 0 {
		fmt.Fprintln(w, "아직 읽은 파일이 없습니다. biseo ingest 폴더 로 시작해 주세요.")
		return
	}
	var parts []string
	for _, s := range []ingest.State{ingest.Failed, ingest.Warned, ingest.New, ingest.Done, ingest.Unchanged} {
		parts = append(parts, fmt.Sprintf("%s %d", stateNames[s], r.Counts[s]))
	}
	fmt.Fprintf(w, "파일 %d개: %s (문서 %d, 쪽 %d, 조각 %d)\n", r.Files, strings.Join(parts, ", "), r.Documents, r.Pages, r.Chunks)
	for _, f := range r.States {
		fmt.Fprintf(w, "%s  %s  %s", stateNames[f.State], f.Time.In(calendar.Seoul).Format(time.DateTime), ingest.PrintPath(f.Path))
		switch {
		case f.State == ingest.Failed:
			fmt.Fprintf(w, "\n      %s\n      → %s\n", f.Reason, f.Next)
			continue
		case f.State != ingest.New:
			fmt.Fprintf(w, "  %s", counts(f))
		}
		if slices.Contains(r.NoReaders, f.Path) {
			fmt.Fprint(w, "  읽을 수 있는 사람 없음")
		}
		fmt.Fprintln(w)
		for _, warning := range f.Warnings {
			fmt.Fprintf(w, "      %s\n", warning)
		}
	}
	if n := len(r.NoReaders); n > 0 {
		fmt.Fprintf(w, "파일 %d개는 읽을 수 있는 사람이 없으니 %s에 readers를 적고 biseo ingest를 다시 실행해 주세요.\n", n, ingest.FolderFile)
	}
	if r.Counts[ingest.Failed] > 0 {
		fmt.Fprintln(w, "고친 뒤 biseo ingest --retry 를 실행하면 실패한 파일만 다시 읽습니다.")
	}
}

// counts says what a file has become.
func counts(f ingest.FileState) string {
	var parts []string
	if f.Documents != 1 {
		parts = append(parts, fmt.Sprintf("문서 %d건", f.Documents))
	}
	if f.Pages > 0 {
		parts = append(parts, fmt.Sprintf("%d쪽", f.Pages))
	}
	if n := f.Methods["ocr"]; n > 0 {
		parts = append(parts, fmt.Sprintf("글자 인식 %d쪽", n))
	}
	return strings.Join(append(parts, fmt.Sprintf("조각 %d개", f.Chunks)), ", ")
}
