package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/index"
	"biseo/ingest"
	"biseo/korea/text"
)

const (
	maxFiles     = 20
	maxForm      = 1 << 20 // bytes of the part request
	maxDepth     = 32      // of JSON
	maxName      = 200     // bytes of the name of a file: file systems end at 255
	uploadPause  = 30 * time.Second
	uploadTime   = 15 * time.Minute
	formType     = "multipart/form-data"
	tooLargeText = "올린 파일이 모두 %d MB를 넘으니 나누어 보내 주세요."
)

// A sentFile is one that came with a request. It lies in a folder of its own, which is
// removed with the request.
type sentFile struct {
	Name string // as the caller names it, without folders
	Path string
	sum  [sha256.Size]byte
}

type filesKey struct{}

func filesOf(ctx context.Context) []sentFile {
	f, _ := ctx.Value(filesKey{}).([]sentFile)
	return f
}

// body is a middleware for every operation with a body. It bounds the depth of
// JSON. Where the operation takes files it also reads multipart/form-data: the part
// request becomes the body, the parts files are put into a folder for the time of
// the request.
func (s *server) body(takesFiles bool) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(hc)
		t, params, _ := mime.ParseMediaType(hc.Header("Content-Type"))
		if t == formType {
			if !takesFiles {
				writeProblem(c.Writer, newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type", "Content-Type: application/json으로 보내 주세요."))
				return
			}
			leave, err := s.limits.upload(hc.Context())
			if err != nil {
				writeProblem(c.Writer, s.problem(hc.Context(), err))
				return
			}
			defer leave()
			dir, err := os.MkdirTemp(s.o.Spool, "biseo-upload-")
			if err != nil {
				writeProblem(c.Writer, s.problem(hc.Context(), err))
				return
			}
			defer os.RemoveAll(dir)
			request, files, err := s.readForm(c.Writer, c.Request, params["boundary"], dir)
			if err != nil {
				writeProblem(c.Writer, s.problem(hc.Context(), err))
				return
			}
			c.Request.Body = io.NopCloser(bytes.NewReader(request))
			c.Request.Header.Set("Content-Type", "application/json")
			c.Request = c.Request.WithContext(context.WithValue(hc.Context(), filesKey{}, files))
		}
		if c.Request.Body != nil {
			b, err := io.ReadAll(c.Request.Body) // in memory since the guard
			if err != nil {
				writeProblem(c.Writer, s.problem(hc.Context(), err))
				return
			}
			if depth(b) > maxDepth {
				writeProblem(c.Writer, newProblem(http.StatusBadRequest, "bad_json", fmt.Sprintf("JSON이 %d단계보다 깊으니 정해진 꼴로 보내 주세요.", maxDepth)))
				return
			}
			c.Request.Body = io.NopCloser(bytes.NewReader(b))
		}
		next(hc)
	}
}

// depth is how deep the brackets of a JSON text are nested.
func depth(b []byte) int {
	most, now, quoted := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			most = max(most, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return most
}

// A patient reader gives a client a while for each piece and so long for all.
type patient struct {
	io.Reader
	rc  *http.ResponseController
	end time.Time
}

func (p patient) Read(b []byte) (int, error) {
	next := time.Now().Add(uploadPause)
	if next.After(p.end) {
		next = p.end
	}
	_ = p.rc.SetReadDeadline(next)
	return p.Reader.Read(b)
}

// readForm reads the parts request and files of a body that the guard has bounded.
// Its errors are problems or those of the disk.
func (s *server) readForm(w http.ResponseWriter, r *http.Request, boundary, dir string) (request []byte, files []sentFile, err error) {
	rc := http.NewResponseController(w)
	form := multipart.NewReader(patient{r.Body, rc, time.Now().Add(uploadTime)}, boundary)
	defer func() {
		_ = rc.SetReadDeadline(time.Time{}) // one left on the connection would end the request in the middle
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			err = newProblem(http.StatusRequestEntityTooLarge, "body_too_large", fmt.Sprintf(tooLargeText, s.maxUpload>>20))
		case errors.Is(err, os.ErrDeadlineExceeded):
			err = newProblem(http.StatusRequestTimeout, "body_timeout", "본문이 제때 도착하지 않았습니다. 다시 보내 주세요.")
		}
	}()
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, badForm(err)
		}
		switch part.FormName() {
		case "request":
			if request, err = io.ReadAll(io.LimitReader(part, maxForm+1)); err != nil {
				return nil, nil, badForm(err)
			}
			if len(request) > maxForm {
				return nil, nil, newProblem(http.StatusRequestEntityTooLarge, "body_too_large", fmt.Sprintf("request는 %d KB까지 보낼 수 있습니다. 내용을 줄여 주세요.", maxForm>>10))
			}
		case "files":
			if len(files) == maxFiles {
				return nil, nil, &assistant.InputError{Field: "files", Text: fmt.Sprintf("파일은 한 번에 %d개까지 보낼 수 있으니 나누어 보내 주세요.", maxFiles)}
			}
			f, err := saveFile(part, filepath.Join(dir, fmt.Sprint(len(files))))
			if err != nil {
				return nil, nil, err
			}
			files = append(files, f)
		default:
			return nil, nil, &assistant.InputError{Field: "body", Text: "request(JSON)와 files만 담아 보내 주세요."}
		}
	}
	if request == nil {
		request = []byte("{}")
	}
	return request, files, nil
}

// badForm is a problem unless err is of the connection.
func badForm(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return newProblem(http.StatusBadRequest, "bad_form", "multipart/form-data로 읽을 수 없으니 request(JSON)와 files를 담아 다시 보내 주세요.")
}

// saveFile writes a part into a new folder and looks whether it is what its name
// says.
func saveFile(part *multipart.Part, dir string) (f sentFile, err error) {
	f.Name = text.NFC(filepath.Base(strings.ReplaceAll(part.FileName(), `\`, "/")))
	if !utf8.ValidString(f.Name) || len(f.Name) > maxName || strings.HasPrefix(f.Name, ".") || strings.HasPrefix(f.Name, "~") || f.Name == "/" ||
		strings.ContainsFunc(f.Name, func(r rune) bool {
			return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || strings.ContainsRune(`<>:"|?*`, r)
		}) {
		return f, &assistant.InputError{Field: "files", Text: "파일 이름을 쓸 수 없으니 글자와 숫자로 된 200바이트 안의 이름으로 바꾸어 보내 주세요."}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return f, err
	}
	f.Path = filepath.Join(dir, f.Name)
	out, err := os.OpenFile(f.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return f, err
	}
	defer func() {
		if e := out.Close(); err == nil {
			err = e
		}
	}()
	head := make([]byte, 4096)
	n, err := io.ReadFull(part, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return f, badForm(err)
	}
	if n > 0 && !isWhatItSays(f.Name, head[:n]) { // who reads an empty file says that it is
		return f, newProblem(http.StatusUnsupportedMediaType, "unsupported_file",
			"읽을 수 없는 종류이거나 내용이 이름의 확장자와 다른 파일입니다. HWP, HWPX, PDF, DOCX, XLSX, PPTX, HTML, Markdown, TXT, CSV, ZIP 파일을 보내 주세요.",
			FieldError{"files", ingest.PrintPath(f.Name)})
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(out, h), io.MultiReader(bytes.NewReader(head[:n]), part)); err != nil {
		var disk *os.PathError
		if errors.As(err, &disk) {
			return f, err
		}
		return f, badForm(err)
	}
	h.Sum(f.sum[:0])
	return f, nil
}

// beginnings are the first bytes of files by the ending of their names; for nil it
// is text. What is behind them only the child process that parses it finds out.
var beginnings = map[string][]string{
	".hwp": {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "<?xml", "\xef\xbb\xbf<?xml"}, ".pdf": {"%PDF-"},
	".hwpx": {"PK\x03\x04"}, ".docx": {"PK\x03\x04"}, ".xlsx": {"PK\x03\x04"}, ".pptx": {"PK\x03\x04"}, ".zip": {"PK\x03\x04"},
	".hwpml": nil, ".html": nil, ".htm": nil, ".md": nil, ".markdown": nil, ".txt": nil, ".csv": nil,
}

func isWhatItSays(name string, head []byte) bool {
	want, known := beginnings[strings.ToLower(filepath.Ext(name))]
	if !known {
		return false
	}
	if want == nil {
		utf16 := bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
		return utf16 || bytes.IndexByte(head, 0) < 0
	}
	return slices.ContainsFunc(want, func(b string) bool { return bytes.HasPrefix(head, []byte(b)) })
}

// maxRead is how much of the text of a file is sent back, in code points: what a
// complaint or a text to check may have.
const maxRead = 100_000

type readInput struct {
	Body struct{} // the file comes beside it
}

type readOutput struct {
	Body struct {
		Name     string   `json:"name" doc:"Of the file"`
		Text     string   `json:"text" doc:"In reading order, at most 100,000 code points of it"`
		Warnings []string `json:"warnings" nullable:"false" doc:"What was lost or guessed, in Korean"`
	}
}

// readFile sends back the text of one file, for a person to go on with.
func (s *server) readFile(ctx context.Context, _ *readInput) (*readOutput, error) {
	files := filesOf(ctx)
	if len(files) != 1 {
		return nil, s.problem(ctx, &assistant.InputError{Field: "files", Text: "읽을 파일을 files에 하나만 담아 보내 주세요."})
	}
	d, err := s.readDocument(ctx, files[0])
	if err == nil {
		err = s.record(ctx, audit.Record{Outcome: "read"}, nil)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(readOutput)
	b := &out.Body
	b.Name, b.Text, b.Warnings = files[0].Name, strings.TrimSpace(d.Text), append([]string{}, d.Warnings...)
	if r := []rune(b.Text); len(r) > maxRead {
		b.Text = string(r[:maxRead])
		b.Warnings = append(b.Warnings, fmt.Sprintf("글이 길어 앞의 %d자만 읽었습니다. 나머지는 원본에서 확인해 주세요.", maxRead))
	}
	return out, nil
}

// read reads the files of a request in child processes. They are never stored, and
// their grade is that of who sends them: the caller's highest.
func (s *server) read(ctx context.Context) ([]assistant.Upload, error) {
	var out []assistant.Upload
	for i, f := range filesOf(ctx) {
		d, err := s.readDocument(ctx, f)
		if err != nil {
			return nil, err
		}
		d.Meta.Grade = max(CallerOf(ctx).Grade, index.Open)
		d.Meta.ID = fmt.Sprintf("upload-%d/%s", i+1, f.Name)
		d.Meta.Work = d.Meta.ID
		if d.Meta.Title == "" {
			d.Meta.Title = strings.TrimSuffix(f.Name, filepath.Ext(f.Name))
		}
		out = append(out, assistant.Upload{Doc: d.Meta, Chunks: ingest.Split(d, ingest.SplitOptions{})})
	}
	return out, nil
}

func (s *server) readDocument(ctx context.Context, f sentFile) (*ingest.Document, error) {
	if s.o.Ingest == nil {
		return nil, errNoIngest
	}
	d, err := s.o.Ingest.Read(ctx, f.Path)
	var unreadable *ingest.FileError
	switch {
	case errors.As(err, &unreadable):
		return nil, newProblem(http.StatusUnprocessableEntity, "unreadable_file", unreadable.Reason+" "+unreadable.Next, FieldError{"files", ingest.PrintPath(f.Name) + ": " + unreadable.Reason})
	case err != nil:
		return nil, err
	case len(d.Parts) > 0:
		return nil, newProblem(http.StatusUnprocessableEntity, "unreadable_file", "압축 파일이니 풀어서 안에 든 문서를 하나씩 보내 주세요.", FieldError{"files", ingest.PrintPath(f.Name) + ": 압축 파일입니다."})
	}
	return d, nil
}
