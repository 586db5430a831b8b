package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"biseo/index"
	"biseo/korea/text"
)

// hash fills in the digests of all files.
func (s *syncer) hash(ctx context.Context) error {
	var wg sync.WaitGroup
	limit := make(chan struct{}, s.src.Workers)
	for i := range s.tree.files {
		if ctx.Err() != nil {
			break
		}
		limit <- struct{}{}
		wg.Go(func() {
			f := &s.tree.files[i]
			f.digest, f.err = s.digest(*f)
			<-limit
		})
	}
	wg.Wait()
	return ctx.Err()
}

// digest is the SHA-256 of a file and of what shapes its document besides.
func (s *syncer) digest(f file) (string, error) {
	// The index keeps IDs and sources as JSON, which holds UTF-8 only.
	if !utf8.ValidString(f.path) {
		return "", &FileError{"파일이나 폴더의 이름이 UTF-8이 아닙니다.", "이름을 바꾸거나, 압축 파일이라면 한글 이름을 지원하는 프로그램으로 다시 풀어 주세요."}
	}
	if info, err := os.Stat(f.path); err == nil && !info.Mode().IsRegular() { // reading a pipe would not end
		return "", &FileError{"보통 파일이 아니어서 읽을 수 없습니다.", "문서 파일을 지정해 주세요."}
	}
	r, err := os.Open(f.path)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	fmt.Fprintf(h, "split %s max %d mask %t kind %q agency %q\n", SplitVersion, s.src.Split.max(), f.set.mask, f.set.kind, f.set.agency)
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// A prepared is a file on its way into the index.
type prepared struct {
	file
	keep     *index.Doc // stored, with the same digest: under this file, or under one that is gone
	of       *index.Doc // the document of another file that this one repeats
	doc      index.Doc
	chunks   []index.Chunk
	warnings []string
	err      error
}

// plan returns the function that workers call for each file. It knows which
// stored document each file or digest stands for.
func (s *syncer) plan() func(context.Context, file) prepared {
	now := map[string]string{} // digest of each file of this run
	for _, f := range s.tree.files {
		now[f.source()] = f.digest
	}
	unchanged := map[string]index.Doc{} // by Source
	byDigest := map[string]index.Doc{}  // of documents that state their own ID
	heirs := map[string]string{}        // of each document that lost its file: the first file with the same digest
	for _, id := range slices.Sorted(maps.Keys(s.stored)) {
		d := s.stored[id]
		if d.Digest == now[d.Source] {
			unchanged[d.Source] = d
		}
		if !pathID(d) {
			byDigest[d.Digest] = d
		}
	}
	// backed reports whether d still stands in the file that it was read from.
	backed := func(d index.Doc) bool {
		if digest, ok := now[d.Source]; ok {
			return digest == d.Digest
		}
		_, err := os.Stat(filepath.FromSlash(d.Source))
		return err == nil && !s.tree.covers(d.Source)
	}
	for _, f := range s.tree.files {
		if d, ok := byDigest[f.digest]; ok && d.Source != f.source() && heirs[d.ID] == "" && !backed(d) {
			heirs[d.ID] = f.source()
		}
	}
	return func(ctx context.Context, f file) prepared {
		p := prepared{file: f, err: f.err}
		if p.err != nil {
			return p
		}
		if d, ok := unchanged[f.source()]; ok {
			p.keep = &d
			return p
		}
		if d, ok := byDigest[f.digest]; ok {
			switch heir := heirs[d.ID]; heir {
			case f.source():
				p.keep = &d
			case "":
				p.of = &d
			default:
				d.Source = heir
				p.of = &d
			}
			return p
		}
		p.err = s.read(ctx, &p)
		if p.err != nil {
			return p
		}
		if d, ok := s.stored[p.doc.ID]; ok && d.Source != f.source() && backed(d) {
			p.of = &d
			return p
		}
		if s.embed != nil {
			p.err = s.embed.fill(ctx, p.doc, p.chunks)
		}
		return p
	}
}

// pathID reports whether a document's ID was made from the path of its file.
func pathID(d index.Doc) bool { return strings.HasSuffix(text.NFC("/"+d.Source), "/"+d.ID) }

// read makes document and chunks of p's file.
func (s *syncer) read(ctx context.Context, p *prepared) error {
	d, err := s.src.Read(ctx, p.path)
	if err != nil {
		return err
	}
	if again, err := s.digest(p.file); err != nil || again != p.digest {
		return &FileError{"읽는 동안 파일이 바뀌었습니다.", "저장이 끝난 뒤 다시 실행해 주세요."}
	}
	if strings.TrimSpace(d.Text) == "" {
		return &FileError{"글자가 없는 문서입니다. 스캔한 그림일 수 있습니다.", "글자를 인식(OCR)해 저장한 파일로 바꿔 주세요."}
	}
	m := &d.Meta
	m.Source, m.Digest = p.source(), p.digest
	m.Readers, m.Grade = p.set.readers, p.set.grade
	m.ID = firstOf(m.ID, p.id)
	m.Work = firstOf(m.Work, m.ID)
	m.Kind = firstOf(m.Kind, p.set.kind, "other")
	m.Agency = firstOf(m.Agency, p.set.agency)
	m.Title = firstOf(m.Title, text.NFC(strings.TrimSuffix(filepath.Base(p.path), filepath.Ext(p.path))))
	if p.set.mask {
		masked := *d
		masked.Text = s.src.Mask(d.Text)
		if len([]rune(masked.Text)) != len([]rune(d.Text)) {
			return &FileError{"개인정보를 가린 뒤 글자 수가 달라졌습니다.", "프로그램 오류이니 관리자에게 알려 주세요."}
		}
		m = &masked.Meta
		m.Title, m.Gist = s.src.Mask(m.Title), s.src.Mask(m.Gist)
		m.Keywords = slices.Clone(m.Keywords)
		for i, k := range m.Keywords {
			m.Keywords[i] = s.src.Mask(k)
		}
		d = &masked
	}
	d.applyFields()
	p.doc, p.warnings = d.Meta, d.Warnings
	p.chunks = Split(d, s.src.Split)
	return nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
