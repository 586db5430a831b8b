package extract

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"

	"biseo/ingest"
	"biseo/ingest/extract/blocks"
	"biseo/ingest/extract/xmlzip"
	"biseo/korea/text"
)

// readParts reads an archive of documents: each entry is a document of its own
// or the reason why it is none. Entries of an archive in the archive are named
// by both, "묶음.zip/공고.hwpx"; deeper ones are not read.
func readParts(ctx context.Context, r *zip.Reader) (*ingest.Document, error) {
	p := parts{doc: new(ingest.Document)}
	if err := p.add(ctx, r, ""); err != nil {
		return nil, err
	}
	if len(p.doc.Parts) == 0 {
		return nil, refuse("압축 파일에 문서가 들어 있지 않습니다.", "문서가 든 압축 파일인지 확인해 주세요.")
	}
	slices.SortStableFunc(p.doc.Parts, func(a, b ingest.Part) int { return cmp.Compare(a.Name, b.Name) })
	return p.doc, nil
}

type parts struct {
	doc      *ingest.Document
	inflated int64 // bytes
	text     int   // code points read
}

// add reads the entries of r, which is the archive named within, "" for the outermost.
func (p *parts) add(ctx context.Context, r *zip.Reader, within string) error {
	for _, f := range r.File {
		name := entryName(f)
		if f.Mode().IsDir() || strings.HasSuffix(name, "/") || isJunk(name) {
			continue
		}
		if path.Base(name) == ingest.FolderFile {
			p.doc.Warnings = append(p.doc.Warnings, "압축 파일 안의 "+ingest.FolderFile+"은 쓰지 않습니다.")
			continue
		}
		if len(p.doc.Parts) >= maxEntries {
			return errBomb
		}
		part := ingest.Part{Name: within + name}
		inner, err := p.read(ctx, f, name, within != "", &part)
		if err == nil && inner != nil {
			if err = p.add(ctx, inner, part.Name+"/"); err == nil {
				continue
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err = asError("압축", err); err != nil && !errors.As(err, &part.Err) {
			part.Err = damaged("압축", err)
		}
		p.doc.Parts = append(p.doc.Parts, part)
	}
	return nil
}

// read fills in the document of one entry, or opens the archive that it is.
func (p *parts) read(ctx context.Context, f *zip.File, name string, nested bool, part *ingest.Part) (*zip.Reader, error) {
	switch {
	case f.Flags&1 != 0:
		return nil, refuse("암호가 걸린 압축 파일입니다.", "암호 없이 다시 압축해 주세요.")
	case !f.Mode().IsRegular():
		return nil, refuse("보통 파일이 아니어서 읽을 수 없습니다.", "문서 파일을 지정해 주세요.")
	case p.text > blocks.MaxText:
		return nil, blocks.ErrTooLong
	}
	data, err := xmlzip.Inflate(f, &p.inflated)
	if errors.Is(err, zip.ErrAlgorithm) {
		return nil, refuse("읽을 수 없는 방식으로 압축한 파일입니다.", "보통 ZIP 방식으로 다시 압축해 주세요.")
	}
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		if r, err := openZip(data); err == nil && officeFormat(r) == "" {
			if nested {
				return nil, refuse("압축 파일 안의 압축 파일 안에 또 든 압축 파일은 읽지 않습니다.", "압축을 풀어 안에 든 문서를 올려 주세요.")
			}
			return r, nil
		}
	}
	part.Document, err = readPart(ctx, path.Base(name), data)
	if err == nil {
		p.text += utf8.RuneCountInString(part.Document.Text)
	}
	return nil, err
}

// readPart is read, but a reader that fails over one entry leaves the others.
func readPart(ctx context.Context, name string, data []byte) (d *ingest.Document, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			d, err = nil, damaged("문서", fmt.Errorf("%v", cause))
		}
	}()
	return read(ctx, name, data)
}

// entryName is the path of an entry with slashes, below the archive whatever it
// says. Korean Windows wrote names in CP949 without saying so.
func entryName(f *zip.File) string {
	name := f.Name
	if !utf8.ValidString(name) {
		decoded, err := korean.EUCKR.NewDecoder().String(name)
		if err != nil || strings.ContainsRune(decoded, utf8.RuneError) {
			decoded, _ = charmap.CodePage437.NewDecoder().String(name)
		}
		name = decoded
	}
	name = strings.ReplaceAll(strings.Map(blocks.CleanRune, text.NFC(name)), "\\", "/")
	dir := strings.HasSuffix(name, "/")
	name = strings.TrimPrefix(path.Clean("/"+strings.Join(strings.Fields(name), " ")), "/")
	if dir || name == "" {
		name += "/"
	}
	return name
}

// isJunk knows what systems and programs leave behind beside documents.
func isJunk(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "~$") || strings.HasSuffix(base, "~") ||
		strings.EqualFold(base, "Thumbs.db") || strings.EqualFold(base, "desktop.ini") ||
		strings.HasPrefix(name, "__MACOSX/") || strings.Contains(name, "/__MACOSX/")
}
