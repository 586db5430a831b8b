package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"biseo/ingest"
)

// Limits of one archive. Office files seen have at most 100 parts, 4 MB each,
// inflated from a 65th; larger ones exist.
const (
	maxEntries  = 2000
	maxPart     = 100 << 20 // bytes inflated
	maxInflated = 500 << 20 // bytes inflated from one archive
	maxRatio    = 200       // inflated to stored, of parts above 1 MB
)

var (
	errBomb     = refuse("압축을 풀면 너무 커지는 파일이어서 읽지 않았습니다.", nextSplit)
	errUnsafe   = refuse("안에 든 파일 이름이 안전하지 않아 읽지 않았습니다.", nextResave)
	errTooDeep  = refuse("파일의 구조가 너무 깊어 읽을 수 없습니다.", nextResave)
	errDTD      = refuse("외부 개체를 선언한 파일이어서 읽지 않았습니다.", nextResave)
	errPassword = refuse("암호가 걸렸거나 배포용으로 잠긴 문서입니다.", nextUnlock)
)

// An archive is the ZIP file of one document, whose parts are inflated on demand.
type archive struct {
	files    map[string]*zip.File
	inflated int64
}

func newArchive(r *zip.Reader) (*archive, error) {
	a := &archive{files: map[string]*zip.File{}}
	for _, f := range r.File {
		name := f.Name
		clean := path.Clean("/" + name)[1:]
		if strings.ContainsAny(name, "\\\x00:") || strings.HasPrefix(name, "/") || strings.TrimSuffix(name, "/") != clean || !f.Mode().IsRegular() && !f.Mode().IsDir() {
			return nil, errUnsafe
		}
		if a.files[name] != nil {
			return nil, errUnsafe
		}
		a.files[name] = f
	}
	return a, nil
}

// part inflates one part; it is nil if there is none of that name.
func (a *archive) part(name string) ([]byte, error) {
	f := a.files[name]
	if f == nil {
		return nil, nil
	}
	if f.Flags&1 != 0 {
		return nil, errPassword
	}
	return inflate(f, &a.inflated)
}

// inflate reads f within limits that count what actually comes out; total is
// what came out of the same archive before.
func inflate(f *zip.File, total *int64) ([]byte, error) {
	limit := min(maxPart, maxInflated-*total)
	if stored := int64(f.CompressedSize64); stored < limit/maxRatio {
		limit = min(max(1<<20, stored*maxRatio), limit)
	}
	if f.UncompressedSize64 > uint64(limit) { // which need not be true if it is less
		return nil, errBomb
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	*total += int64(len(data))
	if int64(len(data)) > limit {
		return nil, errBomb
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return data, nil
}

// need is part for what the format cannot be without.
func (a *archive) need(name string) ([]byte, error) {
	data, err := a.part(name)
	if err == nil && data == nil {
		err = fmt.Errorf("%s 없음", name)
	}
	return data, err
}

// tree parses a part as a whole; without such a part it is an empty element.
func (a *archive) tree(name string) (*element, error) {
	data, err := a.part(name)
	if err != nil || data == nil {
		return &element{}, err
	}
	root := &element{}
	err = eachElement(data, "", func(e *element) error { root = e; return nil })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return root, nil
}

// readZip reads an office document, whose formats are ZIP archives too, or an
// archive of documents.
func readZip(ctx context.Context, data []byte) (*ingest.Document, error) {
	r, err := openZip(data)
	if err != nil {
		return nil, err
	}
	format := officeFormat(r)
	if format == "" {
		return readParts(ctx, r)
	}
	a, err := newArchive(r)
	if err != nil {
		return nil, err
	}
	switch format {
	case "hwpx":
		return readHWPX(ctx, a)
	case "docx":
		return readDOCX(ctx, a)
	case "xlsx":
		return readXLSX(ctx, a)
	case "pptx":
		return readPPTX(ctx, a)
	}
	return nil, refuse("오픈도큐먼트(ODF)나 전자책(EPUB) 문서는 읽지 못합니다.", nextConvert)
}

func openZip(data []byte) (*zip.Reader, error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, damaged("ZIP", err)
	}
	if len(r.File) > maxEntries {
		return nil, errBomb
	}
	return r, nil
}

// officeFormat is the format of a document that is itself a ZIP archive: hwpx,
// docx, xlsx, pptx or other; "" for an archive of files. What tells them is a
// part that each must have.
func officeFormat(r *zip.Reader) string {
	var mimetype string
	has := map[string]bool{}
	for _, f := range r.File {
		dir, _, _ := strings.Cut(f.Name, "/")
		has[f.Name], has[dir+"/"] = true, true
		if f.Name == "mimetype" && f.UncompressedSize64 < 200 && f.Flags&1 == 0 {
			if data, err := inflate(f, new(int64)); err == nil {
				mimetype = strings.TrimSpace(string(data))
			}
		}
	}
	switch {
	case mimetype == "application/hwp+zip", has["Contents/content.hpf"], has["Contents/section0.xml"]:
		return "hwpx"
	case mimetype != "" && strings.HasPrefix(mimetype, "application/"):
		return "other"
	case !has["[Content_Types].xml"]:
		return ""
	case has["xl/"]:
		return "xlsx"
	case has["ppt/"]:
		return "pptx"
	}
	return "docx"
}
