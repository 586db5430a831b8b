// Package xmlzip reads what the files of office programs consist of: ZIP archives
// of parts ([Archive]) and the XML in these ([Element], [Each]), each within limits
// that a hostile file meets before it costs memory. It does not know what a part means.
package xmlzip

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of one archive. Office files seen have at most 100 parts, 4 MB each,
// inflated from a 65th; larger ones exist.
const (
	maxPart     = 100 << 20 // bytes inflated
	maxInflated = 500 << 20 // bytes inflated from one archive
	maxRatio    = 200       // inflated to stored, of parts above 1 MB
)

// Why an archive is not read, or a part of it.
var (
	ErrTooLarge = errors.New("archive inflates beyond the limit")
	ErrUnsafe   = errors.New("archive holds an unsafe name")
	ErrPassword = errors.New("archive has a password")
)

// An Archive is the ZIP file of one document, whose parts are inflated on demand.
type Archive struct {
	Files    map[string]*zip.File // by name
	inflated int64
}

// Open takes the files of r, whose names must be safe and differ.
func Open(r *zip.Reader) (*Archive, error) {
	a := &Archive{Files: map[string]*zip.File{}}
	for _, f := range r.File {
		name := f.Name
		clean := path.Clean("/" + name)[1:]
		if strings.ContainsAny(name, "\\\x00:") || strings.HasPrefix(name, "/") || strings.TrimSuffix(name, "/") != clean || !f.Mode().IsRegular() && !f.Mode().IsDir() {
			return nil, ErrUnsafe
		}
		if a.Files[name] != nil {
			return nil, ErrUnsafe
		}
		a.Files[name] = f
	}
	return a, nil
}

// Part inflates one part; it is nil if there is none of that name.
func (a *Archive) Part(name string) ([]byte, error) {
	f := a.Files[name]
	if f == nil {
		return nil, nil
	}
	if f.Flags&1 != 0 {
		return nil, ErrPassword
	}
	return Inflate(f, &a.inflated)
}

// Inflate reads f within limits that count what actually comes out; total is
// what came out of the same archive before.
func Inflate(f *zip.File, total *int64) ([]byte, error) {
	limit := min(maxPart, maxInflated-*total)
	if stored := int64(f.CompressedSize64); stored < limit/maxRatio {
		limit = min(max(1<<20, stored*maxRatio), limit)
	}
	if f.UncompressedSize64 > uint64(limit) { // which need not be true if it is less
		return nil, ErrTooLarge
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	*total += int64(len(data))
	if int64(len(data)) > limit {
		return nil, ErrTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	return data, nil
}

// Need is Part for what the format cannot be without.
func (a *Archive) Need(name string) ([]byte, error) {
	data, err := a.Part(name)
	if err == nil && data == nil {
		err = fmt.Errorf("%s 없음", name)
	}
	return data, err
}

// Tree parses a part as a whole; without such a part it is an empty element.
func (a *Archive) Tree(name string) (*Element, error) {
	data, err := a.Part(name)
	if err != nil || data == nil {
		return &Element{}, err
	}
	root := &Element{}
	err = Each(data, "", func(e *Element) error { root = e; return nil })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return root, nil
}
