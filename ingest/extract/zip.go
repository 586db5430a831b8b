package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"

	"biseo/ingest"
	"biseo/ingest/extract/docx"
	"biseo/ingest/extract/pptx"
	"biseo/ingest/extract/xlsx"
	"biseo/ingest/extract/xmlzip"
)

// maxEntries bounds the files in an archive, the parts of a document too.
const maxEntries = 2000

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
	a, err := xmlzip.Open(r)
	if err != nil {
		return nil, asError("ZIP", err)
	}
	var d *ingest.Document
	switch format {
	case "hwpx":
		return readHWPX(ctx, a)
	case "docx":
		d, err = docx.Read(ctx, a)
	case "xlsx":
		d, err = xlsx.Read(ctx, a)
	case "pptx":
		d, err = pptx.Read(ctx, a)
	default:
		return nil, refuse("오픈도큐먼트(ODF)나 전자책(EPUB) 문서는 읽지 못합니다.", nextConvert)
	}
	return d, asError(strings.ToUpper(format), err)
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
			if data, err := xmlzip.Inflate(f, new(int64)); err == nil {
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
