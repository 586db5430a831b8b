// Make turns the Markdown sources under deploy/sample/src into the HWPX, DOCX and
// PDF files of the sample agency. Run it by hand from the repository's root after
// changing a source, and commit what it writes:
//
//	go run ./deploy/sample/make
//
// A PDF that is already there is left alone unless -pdf names part of its path
// (-pdf files for all of them): to make one takes LibreOffice (soffice) and the
// fonts of Debian's fonts-nanum.
package main

import (
	"biseo/assistant/export/paper"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	dir := flag.String("dir", "deploy/sample", "folder that holds src and files")
	pdf := flag.String("pdf", "", "make the PDFs again whose path holds this text")
	flag.Parse()
	if err := run(*dir, *pdf); err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

func run(dir, pdf string) error {
	return eachSource(dir, func(src, dst string, d *document) error {
		if d.Format == "pdf" {
			if _, err := os.Stat(dst); err == nil && (pdf == "" || !strings.Contains(dst, pdf)) {
				return nil
			}
			return makePDF(d, dst)
		}
		b, err := d.render()
		if err != nil {
			return err
		}
		if old, err := os.ReadFile(dst); err == nil && bytes.Equal(old, b) {
			return nil
		}
		fmt.Println(dst)
		return os.WriteFile(dst, b, 0o644)
	})
}

// eachSource parses every source below dir/src in path order and calls f with
// its path, the path of the file to make, and the document.
func eachSource(dir string, f func(src, dst string, d *document) error) error {
	root := filepath.Join(dir, "src")
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		d, err := parse(string(b))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		dst := filepath.Join(dir, "files", strings.TrimSuffix(rel, ".md")+"."+d.Format)
		if err := f(path, dst, d); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

// render writes d as HWPX or DOCX. Equal documents give equal bytes.
func (d *document) render() ([]byte, error) {
	switch d.Format {
	case "hwpx":
		return paper.HWPX(d.paper())
	case "docx":
		return paper.DOCX(d.paper())
	}
	return nil, fmt.Errorf("format %q: want hwpx, docx or pdf", d.Format)
}

// makePDF writes d as DOCX to a scratch folder and has LibreOffice print it.
// LibreOffice splits keywords at spaces, so those of a PDF are single words. It
// also sets a gap between Hangul and digits, which a reader of the PDF would
// take for a space: the gap is turned off in a flat ODF file on the way.
func makePDF(d *document, dst string) error {
	b, err := paper.DOCX(d.paper())
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "biseo-sample-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if b, err = convert(tmp, b, "docx", "fodt"); err != nil {
		return err
	}
	b = bytes.ReplaceAll(b, []byte(`style:text-autospace="ideograph-alpha"`), []byte(`style:text-autospace="none"`))
	if b, err = convert(tmp, b, "fodt", "pdf"); err != nil {
		return err
	}
	b = creationDate.ReplaceAll(b, d.when.AppendFormat(nil, "/CreationDate(D:20060102150405Z"))
	b = fileID.ReplaceAllFunc(b, func(id []byte) []byte { return digest.ReplaceAll(id, bytes.Repeat([]byte("0"), 32)) })
	fmt.Println(dst)
	return os.WriteFile(dst, b, 0o644)
}

// What makes two PDFs of one source differ: the time, and identifiers drawn from it.
var (
	creationDate = regexp.MustCompile(`/CreationDate\(D:\d{14}Z`)
	fileID       = regexp.MustCompile(`/ID \[ <[0-9A-F]{32}>\s*<[0-9A-F]{32}> \]|/DocChecksum /[0-9A-F]{32}`)
	digest       = regexp.MustCompile(`\b[0-9A-F]{32}\b`)
)

// convert has LibreOffice turn a file's bytes from one format into another in folder tmp.
func convert(tmp string, b []byte, from, to string) ([]byte, error) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		return nil, errors.New("a PDF needs LibreOffice: install libreoffice-writer-nogui and fonts-nanum")
	}
	in := filepath.Join(tmp, "document."+from)
	if err := os.WriteFile(in, b, 0o644); err != nil {
		return nil, err
	}
	cmd := exec.Command(office, "-env:UserInstallation=file://"+filepath.ToSlash(tmp)+"/profile", "--headless", "--convert-to", to, "--outdir", tmp, in)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("soffice: %w: %s", err, out)
	}
	return os.ReadFile(filepath.Join(tmp, "document."+to))
}
