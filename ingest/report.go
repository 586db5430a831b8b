package ingest

import (
	"errors"
	"os"
	"strings"
	"unicode"
)

// A Report says what a [Sync] did. Lists are in path order.
type Report struct {
	Added      int         `json:"added"`
	Changed    int         `json:"changed"`
	Described  int         `json:"described"` // only readers, grade, dates or place changed
	Removed    int         `json:"removed"`
	Unchanged  int         `json:"unchanged"`
	Skipped    int         `json:"skipped"`    // files that are no documents
	Chunks     int         `json:"chunks"`     // written
	WordsOnly  int         `json:"words_only"` // documents stored without the vectors that the index wants
	Duplicates []Duplicate `json:"duplicates"`
	Failed     []Failure   `json:"failed"`
	NoReaders  []string    `json:"no_readers"` // one Korean sentence for each folder whose documents nobody may read
	Warnings   []string    `json:"warnings"`
}

// Add puts the report of another run behind r.
func (r *Report) Add(o Report) {
	r.Added += o.Added
	r.Changed += o.Changed
	r.Described += o.Described
	r.Removed += o.Removed
	r.Unchanged += o.Unchanged
	r.Skipped += o.Skipped
	r.Chunks += o.Chunks
	r.WordsOnly += o.WordsOnly
	r.Duplicates = append(r.Duplicates, o.Duplicates...)
	r.Failed = append(r.Failed, o.Failed...)
	r.NoReaders = append(r.NoReaders, o.NoReaders...)
	r.Warnings = append(r.Warnings, o.Warnings...)
}

// A Duplicate is a file that holds the same document as another one.
type Duplicate struct {
	Path string `json:"path"`
	Of   string `json:"of"` // the file that counts
	ID   string `json:"id"`
}

// A Failure is a file that is not in the index as it stands. What was stored of
// it before is kept.
type Failure struct {
	Path   string `json:"path"`   // of an entry of an archive "archive.zip: entry"
	Reason string `json:"reason"` // in Korean
	Next   string `json:"next"`   // what its owner can do, in Korean
}

// A FileError says why a file cannot be read and what its owner can do, each in
// one Korean sentence.
type FileError struct {
	Reason string `json:"reason"`
	Next   string `json:"next"`
}

func (e *FileError) Error() string { return e.Reason + " " + e.Next }

// PrintPath is path as it can be shown: control characters, line breaks and
// characters that change the direction of writing, which would make the terminal
// show another name, are �. The paths of reports and states are those of the files.
func PrintPath(path string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return unicode.ReplacementChar
		}
		return r
	}, path)
}

// fail records a file that did not make it; kept says that what was read of it
// before stays.
func (s *syncer) fail(path string, err error, kept bool) Failure {
	f := Failure{Path: path, Reason: "파일을 읽지 못했습니다(" + err.Error() + ").", Next: "원래 프로그램에서 열리는지 확인한 뒤 다시 저장해 주세요."}
	var known *FileError
	switch {
	case errors.As(err, &known):
		f.Reason, f.Next = known.Reason, known.Next
	case errors.Is(err, os.ErrNotExist):
		f.Reason, f.Next = "읽기 전에 파일이 없어졌습니다.", "다시 실행해 주세요."
	case errors.Is(err, os.ErrPermission):
		f.Reason, f.Next = "파일을 읽을 권한이 없습니다.", "파일 권한을 확인한 뒤 다시 실행해 주세요."
	}
	if kept {
		f.Reason += " 앞서 읽은 내용이 계속 검색됩니다."
	}
	s.rep.Failed = append(s.rep.Failed, f)
	s.lg.Info("file failed", "path", path, "err", err)
	return f
}
