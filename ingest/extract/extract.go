// Package extract reads files into documents. The packages below it each read one
// format or decode it (hwp, hwpx, pdf), and give what they read to a builder of
// blocks; here stand what is short (text, CSV), what turns decoded HWP and PDF
// into blocks, and archives of documents.
//
// [Read] decides by content, not by name, which reader a file gets. Parsers of
// untrusted files can be made to crash or to eat memory, so programs that read
// other people's files go through a [pool.Pool], which runs Read in child processes.
package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/markup"
	"biseo/ingest/extract/xmlzip"
)

// maxFile is the limit of one file. What is read of it has limits in blocks, archives
// in xmlzip and zip.go, time and memory in pool.
const maxFile = 100 << 20 // bytes of the file itself

const (
	nextResave  = "원래 프로그램에서 열리는지 확인한 뒤 다시 저장하거나 다시 받아 주세요."
	nextHWPX    = "한글에서 열어 HWPX로 다시 저장해 주세요."
	nextUnlock  = "암호를 풀어 다시 저장해 주세요."
	nextSplit   = "나누어 저장한 뒤 다시 올려 주세요."
	nextConvert = "HWPX, DOCX, XLSX, PPTX, PDF, HTML, Markdown, 텍스트 중 하나로 저장해 주세요."
)

var (
	errTooLarge = refuse("파일이 너무 커서 읽지 않았습니다(100MB까지).", nextSplit)
	errBomb     = refuse("압축을 풀면 너무 커지는 파일이어서 읽지 않았습니다.", nextSplit)
	errPassword = refuse("암호가 걸렸거나 배포용으로 잠긴 문서입니다.", nextUnlock)
)

// limits are what a caller sees of the errors with which archives and XML are refused.
var limits = map[error]*ingest.FileError{
	xmlzip.ErrTooLarge: errBomb,
	xmlzip.ErrPassword: errPassword,
	xmlzip.ErrUnsafe:   refuse("안에 든 파일 이름이 안전하지 않아 읽지 않았습니다.", nextResave),
	xmlzip.ErrDTD:      refuse("외부 개체를 선언한 파일이어서 읽지 않았습니다.", nextResave),
	xmlzip.ErrDepth:    blocks.ErrTooDeep,
	xmlzip.ErrTooMany:  blocks.ErrTooLong,
}

func refuse(reason, next string) *ingest.FileError {
	return &ingest.FileError{Reason: reason, Next: next}
}

// damaged reports a file that breaks the rules of its own format.
func damaged(format string, cause error) *ingest.FileError {
	return refuse(fmt.Sprintf("%s 파일이 손상되어 읽을 수 없습니다(%s).", format, blocks.Clip(blocks.OneLine(cause.Error()), 100)), nextResave)
}

// Read reads one file. The error is an [*ingest.FileError] if the file's content is at fault.
//
// The document's Meta holds only what the document says about itself; ID, Kind
// and dates are empty where it says nothing. Its headings' Path leaves out a
// heading that only repeats the title.
func Read(ctx context.Context, path string) (*ingest.Document, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		return nil, refuse("파일이 아니라 폴더입니다.", "폴더 안의 파일을 지정해 주세요.")
	case !info.Mode().IsRegular():
		return nil, refuse("보통 파일이 아니어서 읽을 수 없습니다.", "문서 파일을 지정해 주세요.")
	case info.Size() > maxFile:
		return nil, errTooLarge
	}
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return read(ctx, filepath.Base(path), data)
}

// readFile does not trust the size that Stat reported: the file may grow.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = errTooLarge
	}
	return data, err
}

// read gives data to the reader of its format. The name only decides whether text
// is read as a table, as Markdown or as a piece of HTML.
func read(ctx context.Context, name string, data []byte) (*ingest.Document, error) {
	if len(bytes.TrimLeft(data, "\x00 \t\r\n")) == 0 {
		return nil, refuse("내용이 없는 빈 파일입니다.", "파일을 다시 저장하거나 다시 받아 주세요.")
	}
	text := utf8.Valid(data) && bytes.IndexByte(data, 0) < 0
	for _, m := range refused {
		if bytes.HasPrefix(data, []byte(m.magic)) && (!text || len(m.magic) > 4) { // a text may begin with MZ or BM
			return nil, m.err
		}
	}
	switch {
	case bytes.HasPrefix(data, []byte(oleMagic)):
		if bytes.Contains(data, []byte("HWP Document File")) {
			return readHWP(data)
		}
		return nil, refuseOLE(data)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return readZip(ctx, data)
	case bytes.HasPrefix(data, []byte("%PDF-")), !text && bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")):
		return readPDF(ctx, data)
	}
	s, charset, err := decodeText(data)
	if err != nil {
		return nil, err
	}
	head := strings.ToLower(strings.TrimSpace(s[:min(len(s), 1024)]))
	switch {
	case reHWPML.MatchString(head):
		return readHWPML(ctx, s)
	case isHTML(name, head):
		d, err := markup.HTML(data, charset)
		return d, asError("HTML", err)
	case isCSV(name):
		return readCSV(s)
	case isMarkdown(name, s):
		return markup.Markdown(s)
	}
	return readText(s)
}

var (
	reHWPML = regexp.MustCompile(`^(<\?xml[^>]*>\s*)?(<!.*?>\s*)*<hwpml[\s>]`)
	reHTML  = regexp.MustCompile(`^(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype html|html|head|body)[\s>]`)
	reATX   = regexp.MustCompile(`(?m)^#{1,6} \S`)
)

// isHTML tells HTML from other text by how it begins: as a page does, or with any tag
// in a file that is named so.
func isHTML(name, head string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return reHTML.MatchString(head) || (ext == ".html" || ext == ".htm") && strings.HasPrefix(head, "<")
}

// isMarkdown tells Markdown from plain text: front matter, or the name of a
// Markdown file, or a heading line in a file not named as plain text.
func isMarkdown(name, s string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".md", ".markdown":
		return true
	case ".txt":
		return strings.HasPrefix(s, "---\n") && strings.Contains(s, "\n---\n")
	}
	return strings.HasPrefix(s, "---\n") || reATX.MatchString(s)
}

const oleMagic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// refused lists what is recognised only to say a useful sentence.
var refused = []struct {
	magic string
	err   *ingest.FileError
}{
	{"HWP Document File V", refuse("옛 한글(HWP 3) 문서여서 읽지 못합니다.", nextHWPX)},
	{"{\\rtf", refuse("RTF 문서는 읽지 못합니다.", nextConvert)},
	{"\x89PNG", errImage}, {"\xff\xd8\xff", errImage}, {"GIF8", errImage}, {"BM", errImage},
	{"II*\x00", errImage}, {"MM\x00*", errImage},
	{"7z\xbc\xaf", errArchive}, {"Rar!", errArchive}, {"\x1f\x8b", errArchive}, {"ALZ\x01", errArchive}, {"EGGA", errArchive},
	{"MZ", refuse("실행 파일이어서 읽지 않았습니다.", "문서 파일을 지정해 주세요.")},
	{"\x7fELF", refuse("실행 파일이어서 읽지 않았습니다.", "문서 파일을 지정해 주세요.")},
}

var (
	errImage   = refuse("그림 파일이어서 글자를 읽을 수 없습니다.", "글자가 들어 있는 원본 문서(HWPX, DOCX, PDF)를 올려 주세요.")
	errArchive = refuse("ZIP이 아닌 압축 파일이어서 읽지 못합니다.", "ZIP으로 다시 압축하거나, 압축을 풀어 안에 든 문서를 올려 주세요.")
)

// refuseOLE names the kind of compound file that is no HWP document by the stream
// names in its directory, which are UTF-16LE.
func refuseOLE(data []byte) *ingest.FileError {
	has := func(name string) bool {
		var b []byte
		for _, c := range []byte(name) {
			b = append(b, c, 0)
		}
		return bytes.Contains(data, b)
	}
	switch {
	case has("EncryptedPackage"):
		return refuse("암호가 걸린 오피스 문서입니다.", nextUnlock)
	case has("WordDocument"):
		return refuse("옛 워드(DOC) 문서여서 읽지 못합니다.", "워드에서 DOCX로 다시 저장해 주세요.")
	case has("Workbook"), has("Book"):
		return refuse("옛 엑셀(XLS) 문서여서 읽지 못합니다.", "엑셀에서 XLSX로 다시 저장해 주세요.")
	case has("PowerPoint Document"):
		return refuse("옛 파워포인트(PPT) 문서여서 읽지 못합니다.", "파워포인트에서 PPTX로 다시 저장해 주세요.")
	}
	return refuse("알 수 없는 형식의 오피스 파일입니다.", nextConvert)
}

// asError turns what a parser returned into the error that a caller sees.
func asError(format string, err error) error {
	var known *ingest.FileError
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, fs.ErrPermission) {
		return err
	}
	for limit, refused := range limits {
		if errors.Is(err, limit) {
			return refused
		}
	}
	return damaged(format, err)
}
