package hwp

import (
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/aes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/richardlehane/mscfb"
)

// Limits of one file. The largest stream seen inflates to 2.1 MB, its ratio to 34.
const (
	maxInflated = 64 << 20 // bytes, of all streams together
	maxRatio    = 200      // inflated to stored, of streams above 1 MB
	maxStreams  = 1 << 15
)

var le = binary.LittleEndian

// A container is the compound file around a document.
type container struct {
	streams  map[string]*mscfb.File // by lower-case path, such as bodytext/section0
	inflated int
	flags    uint32
}

// flag bits of FileHeader
const (
	flagCompressed   = 1 << 0
	flagPassword     = 1 << 1
	flagDistribution = 1 << 2
	flagDRM          = 1<<4 | 1<<8 | 1<<10
	flagTracked      = 1 << 14
)

func openContainer(data []byte) (*container, error) {
	if err := checkSectors(data); err != nil {
		return nil, err
	}
	r, err := mscfb.New(padded{bytes.NewReader(data)})
	if err != nil {
		return nil, err
	}
	c := &container{streams: map[string]*mscfb.File{}}
	for f, err := r.Next(); err == nil; f, err = r.Next() {
		if f.Size > 0 && f.Size <= int64(len(data)) {
			c.streams[strings.ToLower(strings.Join(append(f.Path[:len(f.Path):len(f.Path)], f.Name), "/"))] = f
		}
	}
	header, err := c.stored("FileHeader")
	if err != nil || !bytes.HasPrefix(header, []byte("HWP Document File")) || len(header) < 40 {
		return nil, ErrNotHWP
	}
	if header[35] != 5 {
		return nil, ErrVersion
	}
	c.flags = le.Uint32(header[36:])
	return c, nil
}

// padded lets the last sector of a file be short.
type padded struct{ r *bytes.Reader }

func (p padded) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.r.ReadAt(b, off)
	if err == io.EOF && n > 0 {
		clear(b[n:])
		return len(b), nil
	}
	return n, err
}

// checkSectors follows the chains that mscfb follows when it opens a file, which
// in hostile files end nowhere or are longer than the file.
func checkSectors(data []byte) error {
	if len(data) < 512 {
		return errors.New("compound file ends in its header")
	}
	shift := le.Uint16(data[30:])
	if shift != 9 && shift != 12 {
		return fmt.Errorf("compound file with sectors of 2^%d bytes", shift)
	}
	size := 1 << shift
	sectors := uint32((len(data) - 1) / size) // the header takes one
	if fats, minis, difats := le.Uint32(data[44:]), le.Uint32(data[64:]), le.Uint32(data[72:]); fats > sectors || minis > sectors || difats > sectors {
		return errors.New("compound file with more tables than sectors")
	}
	sector := func(n uint32) []byte {
		if n >= sectors {
			return nil
		}
		s := data[(int(n)+1)*size:]
		return s[:min(len(s), size)]
	}
	// The file allocation table: where its sectors lie stands in the header and
	// in a chain of sectors of its own.
	where := make([]uint32, 0, 109)
	for i := range 109 {
		where = append(where, le.Uint32(data[76+4*i:]))
	}
	next := le.Uint32(data[68:])
	for range le.Uint32(data[72:]) {
		s := sector(next)
		if len(s) < size {
			return errors.New("compound file whose sector table ends early")
		}
		for i := 0; i+8 <= size; i += 4 {
			where = append(where, le.Uint32(s[i:]))
		}
		next = le.Uint32(s[size-4:])
	}
	entries := uint32(size / 4)
	after := func(n uint32) (uint32, bool) {
		if n/entries >= uint32(len(where)) {
			return 0, false
		}
		s := sector(where[n/entries])
		if i := int(n%entries) * 4; i+4 <= len(s) {
			return le.Uint32(s[i:]), true
		}
		return 0, false
	}
	const end = 0xfffffffe
	follow := func(name string, n, most uint32) error {
		for count := uint32(0); n != end; count++ {
			if n >= sectors || count >= most {
				return fmt.Errorf("compound file whose %s does not end", name)
			}
			var ok bool
			if n, ok = after(n); !ok {
				return fmt.Errorf("compound file whose %s is cut off", name)
			}
		}
		return nil
	}
	directory := le.Uint32(data[48:])
	if err := follow("directory", directory, min(sectors, maxStreams*128/uint32(size))); err != nil {
		return err
	}
	if mini := le.Uint32(data[60:]); mini != end && le.Uint32(data[64:]) > 0 {
		root := sector(directory)
		if len(root) < 128 {
			return errors.New("compound file whose directory is cut off")
		}
		if start := le.Uint32(root[116:]); start != end {
			return follow("mini stream", start, sectors)
		}
	}
	return nil
}

// stored is a stream as it lies in the file, nil and an error where there is none.
func (c *container) stored(name string) ([]byte, error) {
	f := c.streams[strings.ToLower(name)]
	if f == nil {
		return nil, fmt.Errorf("no stream %s", name)
	}
	b := make([]byte, f.Size)
	n, err := io.ReadFull(f, b)
	if err != nil && n == 0 {
		return nil, fmt.Errorf("stream %s: %w", name, err)
	}
	return b[:n], nil
}

// stream is a stream with its encryption and compression undone. What a damaged
// stream begins with comes with the error.
func (c *container) stream(name string, distribution bool) ([]byte, error) {
	b, err := c.stored(name)
	if err != nil {
		return nil, err
	}
	if distribution {
		if b, err = decrypt(b); err != nil {
			return nil, fmt.Errorf("stream %s: %w", name, err)
		}
	}
	if c.flags&flagCompressed == 0 {
		return b, nil
	}
	limit := min(maxInflated-c.inflated, max(1<<20, len(b)*maxRatio))
	out, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), int64(limit)+1))
	c.inflated += len(out)
	if len(out) > limit {
		return nil, ErrTooLarge
	}
	if err != nil {
		err = fmt.Errorf("stream %s: %w", name, err)
	}
	return out, err
}

// decrypt undoes the encryption of distribution documents (배포용 문서), whose key
// lies in the stream's first record: 256 bytes, hidden by a random sequence
// whose seed they begin with. No password is needed to read.
func decrypt(b []byte) ([]byte, error) {
	if len(b) < 260 || tag(le.Uint32(b)&0x3ff) != tagDistribute {
		return nil, errors.New("no key of a distribution document")
	}
	key := bytes.Clone(b[4:260])
	seed := le.Uint32(key)
	state := seed
	random := func() byte { // that of the C library of Microsoft
		state = state*214013 + 2531011
		return byte(state >> 16)
	}
	var mask byte
	for i, n := 0, 0; i < len(key); i, n = i+1, n-1 {
		if n == 0 {
			mask = random()
			n = int(random()&15) + 1
		}
		if i >= 4 {
			key[i] ^= mask
		}
	}
	at := 4 + seed&15
	block, err := aes.NewCipher(key[at : at+16])
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(b[260:])
	out = out[:len(out)/16*16]
	for i := 0; i < len(out); i += 16 { // each block by itself: ECB
		block.Decrypt(out[i:], out[i:])
	}
	return out, nil
}

// sections lists the streams of the body in order.
func (c *container) sections(storage string) []string {
	var names []string
	prefix := strings.ToLower(storage) + "/section"
	for name := range c.streams {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	return names
}
