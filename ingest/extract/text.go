package extract

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
)

// readText reads plain text. Every line is a paragraph or a heading.
func readText(s string) (*ingest.Document, error) {
	var b blocks.Builder
	for line := range strings.Lines(s) {
		b.Line(line)
	}
	b.Doc.Meta.Title = b.FirstLine()
	return b.Finish()
}

// ReadText returns the characters of a text file as they stand there, whatever
// its encoding; only line ends become "\n". Errors are those of [Read].
func ReadText(path string) (string, error) {
	data, err := readFile(path)
	if err != nil {
		return "", err
	}
	s, _, err := decodeText(data)
	return s, err
}

// decodeText finds the encoding of text by its byte order mark, then by what
// decodes: UTF-8, UTF-16 without a mark, CP949 (which contains EUC-KR). Line
// ends become "\n". charset is the encoding's name in HTML.
func decodeText(data []byte) (s, charset string, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
		if !utf8.Valid(data) {
			return "", "", errEncoding
		}
		s, charset = string(data), "utf-8"
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		s, charset = decodeUTF16(data[2:], binary.LittleEndian), "utf-16le"
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		s, charset = decodeUTF16(data[2:], binary.BigEndian), "utf-16be"
	case bytes.IndexByte(data, 0) >= 0:
		if s, charset = decodeUTF16(data, binary.LittleEndian), "utf-16le"; !readable(s) {
			s, charset = decodeUTF16(data, binary.BigEndian), "utf-16be"
		}
		if !korean16(s) {
			return "", "", errEncoding
		}
	case utf8.Valid(data):
		s, charset = string(data), "utf-8"
	default:
		b, err := korean.EUCKR.NewDecoder().Bytes(data)
		if err != nil {
			return "", "", errEncoding
		}
		s, charset = string(b), "euc-kr"
	}
	if !readable(s) || charset != "utf-8" && strings.ContainsRune(s, utf8.RuneError) {
		return "", "", errEncoding
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), charset, nil
}

var errEncoding = refuse("글자로 읽을 수 없는 파일입니다(알 수 없는 형식이거나 문자 인코딩이 깨졌습니다).", "UTF-8 텍스트나 HWPX, DOCX, PDF로 다시 저장해 주세요.")

func decodeUTF16(data []byte, order binary.ByteOrder) string {
	if len(data)%2 != 0 {
		return "\x00"
	}
	u := make([]uint16, len(data)/2)
	for i := range u {
		u[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(u))
}

// korean16 reports whether s, read as UTF-16 although no mark says so, is text as
// offices write it: seven in ten characters Hangul, ASCII or punctuation. Of
// arbitrary bytes read that way about two in ten are.
func korean16(s string) bool {
	var common, n int
	for _, r := range s {
		n++
		switch {
		case r < 0x7f, r >= 0xac00 && r < 0xd7a4, r >= 0x3000 && r < 0x3040, r >= 0x3130 && r < 0x3190,
			r >= 0x2010 && r < 0x2070, r >= 0x2190 && r < 0x2700, r == 0xb7:
			common++
		}
	}
	return common*10 >= n*7
}

// readable rejects what no text contains: control characters, and characters of
// rare scripts in number, as in UTF-16 read the wrong way.
func readable(s string) bool {
	var odd, n int
	for _, r := range s {
		n++
		switch {
		case r < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1a\x1b", r):
			return false
		case r >= 0xe000 && r < 0xf900, r >= 0x0700 && r < 0x1100, r >= 0xa000 && r < 0xac00:
			odd++
		}
	}
	return n > 0 && odd*20 <= n
}
