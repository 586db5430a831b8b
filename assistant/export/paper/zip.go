package paper

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"strings"
)

// A part is one entry of a package.
type part struct {
	name   string
	body   string
	stored bool
}

// pack writes parts in order with a fixed date and without data descriptors,
// which some office editors refuse.
func pack(parts []part) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range parts {
		if err := add(z, p); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func add(z *zip.Writer, p part) error {
	data, method := []byte(p.body), zip.Store
	if !p.stored {
		var c bytes.Buffer
		w, err := flate.NewWriter(&c, flate.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		data, method = c.Bytes(), zip.Deflate
	}
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: p.name, Method: method, CreatorVersion: 20, ReaderVersion: 20,
		//lint:ignore SA1019 Modified would add an extra field, which real files do not have
		ModifiedDate: 0x21,
		CRC32:        crc32.ChecksumIEEE([]byte(p.body)), UncompressedSize64: uint64(len(p.body)), CompressedSize64: uint64(len(data)),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

var xmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// esc makes s fit for XML.
func esc(s string) string { return xmlEscaper.Replace(printable(s)) }

// printable is s without the characters that XML 1.0 forbids.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
