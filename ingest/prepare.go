package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"biseo/index"
	"biseo/korea/privacy"
	"biseo/korea/text"
	"biseo/llm"
)

// maxFile is the default of Source.MaxFile.
const maxFile = 100 << 20

// hash fills in the digests of all files that this run looks at.
func (s *syncer) hash(ctx context.Context) error {
	var wg sync.WaitGroup
	limit := make(chan struct{}, s.src.Workers)
	for i := range s.tree.files {
		if ctx.Err() != nil {
			break
		}
		f := &s.tree.files[i]
		if f.skip = s.src.Only != nil && !s.src.Only(f.source()); f.skip {
			if ids := s.storedAt[f.source()]; len(ids) > 0 {
				f.digest = fileDigest(s.stored[ids[0]])
			}
			continue
		}
		limit <- struct{}{}
		wg.Go(func() {
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
	if limit := cmp.Or(s.src.MaxFile, maxFile); f.size > limit {
		return "", &FileError{fmt.Sprintf("파일이 너무 커서 읽지 않았습니다(%dMB까지).", limit>>20), "나누어 저장한 뒤 다시 올려 주세요."}
	}
	r, err := os.Open(f.path)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	fmt.Fprintf(h, "split %s max %d mask %t kind %q agency %q\n", SplitVersion, s.src.Split.Max, f.set.mask, f.set.kind, f.set.agency)
	if f.set.mask {
		fmt.Fprintf(h, "%s keep contacts %t\n", privacy.Version, f.set.keepContacts)
	}
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// The Digest of a stored document begins with the digest of its file. Behind it
// stands for an entry of an archive "of N": with N such documents the archive is
// whole. And "words" for a document that still lacks the vectors the index wants.
const wordsMark = " words"

func ofMark(n int) string { return fmt.Sprintf(" of %d", n) }

// isEntry reports whether d was read from an archive.
func isEntry(d index.Doc) bool { return strings.Contains(d.Digest, " of ") }

func fileDigest(d index.Doc) string {
	digest, _, _ := strings.Cut(d.Digest, " ")
	return digest
}

// A prepared is a file on its way into the index.
type prepared struct {
	file
	items []item
	err   error
}

// An item is one document of a file: the file itself, or an entry of an archive.
type item struct {
	entry     string     // path in the archive; "" for the file itself
	keep      bool       // stored, with the same digest: under this file, or under one that is gone
	of        *index.Doc // the document of another file that this one repeats
	doc       index.Doc  // of what is kept or failed only the ID
	chunks    []index.Chunk
	pages     int
	methods   []string
	warnings  []string
	wordsOnly error // why it has no vectors although the index wants them
	err       error
}

// plan returns the function that workers call for each file. It knows which
// stored document each file or digest stands for.
func (s *syncer) plan() func(context.Context, file) prepared {
	now := map[string]string{} // digest of each file of this run
	for _, f := range s.tree.files {
		now[f.source()] = f.digest
	}
	byDigest := map[string]index.Doc{} // of documents that state their own ID
	heirs := map[string]string{}       // of each document that lost its file: the first file with the same digest
	for _, id := range slices.Sorted(maps.Keys(s.stored)) {
		if d := s.stored[id]; !pathID(d) && fileDigest(d) == d.Digest {
			byDigest[d.Digest] = d
		}
	}
	// backed reports whether d still stands in the file that it was read from.
	backed := func(d index.Doc) bool {
		if digest, ok := now[d.Source]; ok {
			return digest == fileDigest(d)
		}
		_, err := os.Stat(filepath.FromSlash(d.Source))
		return err == nil && !s.tree.covers(d.Source)
	}
	for i := range s.tree.files {
		f := &s.tree.files[i]
		d, ok := byDigest[f.digest]
		if ok && d.Source != f.source() && heirs[d.ID] == "" && !backed(d) {
			heirs[d.ID] = f.source()
		}
		f.reading = !f.skip && f.err == nil && !ok && len(s.current(*f)) == 0
	}
	return func(ctx context.Context, f file) prepared {
		p := prepared{file: f, err: f.err}
		if p.err != nil {
			return p
		}
		ids := s.current(f)
		if f.skip {
			ids = s.storedAt[f.source()]
		}
		for _, id := range ids {
			p.items = append(p.items, item{keep: true, doc: index.Doc{ID: id}})
		}
		if f.skip || len(ids) > 0 {
			return p
		}
		if d, ok := byDigest[f.digest]; ok {
			switch heir := heirs[d.ID]; heir {
			case f.source():
				p.items = []item{{keep: true, doc: index.Doc{ID: d.ID}}}
			case "":
				p.items = []item{{of: &d, doc: d}}
			default:
				d.Source = heir
				p.items = []item{{of: &d, doc: d}}
			}
			return p
		}
		if p.err = s.read(ctx, &p); p.err != nil {
			return p
		}
		for i := range p.items {
			it := &p.items[i]
			if it.err != nil {
				continue
			}
			if d, ok := s.stored[it.doc.ID]; ok && d.Source != f.source() && backed(d) {
				it.of, it.chunks = &d, nil
			} else if ok && it.entry != "" && d.Source == f.source() && d.Digest == it.doc.Digest {
				it.keep, it.chunks = true, nil
			} else {
				p.err = cmp.Or(p.err, s.fill(ctx, it))
			}
		}
		return p
	}
}

// fill embeds what the index wants embedded. An embedder that fails is no reason
// to leave the document out. The error is that of ctx or of the ledger, or
// [llm.ErrDimension].
func (s *syncer) fill(ctx context.Context, it *item) error {
	if !s.wantsVectors {
		return nil
	}
	err := errNoEmbedder
	if s.embed != nil {
		err = s.embed.fill(ctx, it.doc, it.chunks)
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil || !errors.Is(err, errEmbed) || errors.Is(err, llm.ErrDimension) {
		return cmp.Or(ctx.Err(), err)
	}
	it.wordsOnly = err
	it.doc.Digest += wordsMark
	return nil
}

var errNoEmbedder = fmt.Errorf("%w: none is set", errEmbed)

// current are the IDs of the stored documents that are f as it is now; nil if not
// all of them are stored.
func (s *syncer) current(f file) []string {
	var ids []string
	mark := ""
	for _, id := range s.storedAt[f.source()] {
		d := s.stored[id]
		if fileDigest(d) != f.digest {
			continue
		}
		rest, lacks := strings.CutSuffix(strings.TrimPrefix(d.Digest, f.digest), wordsMark)
		if lacks && s.embed != nil {
			return nil
		}
		ids, mark = append(ids, id), rest
	}
	switch mark {
	case "":
		return ids[:min(1, len(ids))]
	case ofMark(len(ids)):
		return ids
	}
	return nil
}

// pathID reports whether a document's ID was made from the path of its file, or
// from its digest because it is masked.
func pathID(d index.Doc) bool {
	return strings.HasSuffix(text.NFC("/"+d.Source), "/"+d.ID) || strings.HasSuffix(d.ID, "/"+maskedName(d.Digest))
}

// maskedName stands in IDs for the name of a file in a masked folder, which may
// be that of a person.
func maskedName(digest string) string { return digest[:min(16, len(digest))] }

// read makes documents and chunks of p's file.
func (s *syncer) read(ctx context.Context, p *prepared) error {
	d, err := s.src.Read(ctx, p.path)
	if err != nil {
		return err
	}
	if again, err := s.digest(p.file); err != nil || again != p.digest {
		return &FileError{"읽는 동안 파일이 바뀌었습니다.", "저장이 끝난 뒤 다시 실행해 주세요."}
	}
	parts := entries("", d)
	if len(parts) == 0 {
		it := s.item(p.file, Part{Document: d}, p.digest)
		p.items = []item{it}
		return it.err
	}
	for i, part := range parts {
		f := p.file
		f.id += "/" + part.Name
		it := s.item(f, part, p.digest+ofMark(len(parts)))
		if p.set.mask && strings.HasSuffix(it.doc.ID, "/"+maskedName(p.digest)) {
			it.rename(fmt.Sprintf("%s-%d", it.doc.ID, i+1))
		}
		p.items = append(p.items, it)
	}
	return nil
}

// rename gives an item another ID, before anything refers to the old one.
func (it *item) rename(id string) {
	if it.doc.Work == it.doc.ID {
		it.doc.Work = id
	}
	it.doc.ID = id
	for i := range it.chunks {
		it.chunks[i].ID, it.chunks[i].DocID = index.ChunkID(id, i), id
	}
}

// entries are the parts of an archive and of the archives in it.
func entries(dir string, d *Document) []Part {
	var all []Part
	for _, p := range d.Parts {
		p.Name = text.NFC(dir + p.Name)
		if p.Document != nil && len(p.Document.Parts) > 0 {
			all = append(all, entries(p.Name+"/", p.Document)...)
		} else {
			all = append(all, p)
		}
	}
	return all
}

// item makes a document of one part of f, whose ID is what the document itself
// does not state.
func (s *syncer) item(f file, part Part, digest string) item {
	it := item{entry: part.Name, doc: index.Doc{ID: f.id}}
	switch {
	case part.Err != nil:
		it.err = part.Err
	case part.Document == nil || strings.TrimSpace(part.Document.Text) == "":
		it.err = &FileError{"글자가 없는 문서입니다.", "글자가 들어 있는 문서로 다시 저장해 주세요."}
		if strings.EqualFold(path.Ext(firstOf(part.Name, f.path)), ".pdf") || part.Document != nil && len(part.Document.Methods) > 0 {
			it.err = &FileError{"글자가 없는 문서입니다. 스캔한 그림일 수 있습니다.", "글자를 인식(OCR)해 저장한 파일로 바꿔 주세요."}
		}
	}
	if it.err != nil {
		return it
	}
	d := *part.Document
	m := &d.Meta
	m.Source, m.Digest = f.source(), digest
	m.Readers, m.Grade = f.set.readers, f.set.grade
	m.Kind = firstOf(m.Kind, f.set.kind, "other")
	m.Agency = firstOf(m.Agency, f.set.agency)
	name := path.Base(filepath.ToSlash(firstOf(part.Name, f.path)))
	m.Title = firstOf(m.Title, text.NFC(strings.TrimSuffix(name, path.Ext(name))))
	if f.set.mask {
		if it.err = s.mask(f, &d); it.err != nil {
			return it
		}
	}
	d.applyFields()
	m.ID = firstOf(m.ID, f.id)
	m.Work = firstOf(m.Work, m.ID)
	m.Dated = dated(d.Fields)
	if !index.IsLaw(m.Kind) { // laws that repeat each other are different laws; what follows a law is known by its Work
		m.Sketch = Sketch(d.Text)
	}
	it.doc, it.pages, it.methods, it.warnings = d.Meta, d.Pages, d.Methods, d.Warnings
	it.chunks = Split(&d, s.src.Split)
	return it
}

// mask hides the personal data of d, a copy that shares its slices with the
// original. All of it is masked as one text, so that a name which stands in the
// text beside 성명: is also found in the title.
func (s *syncer) mask(f file, d *Document) error {
	m := &d.Meta
	m.Keywords = slices.Clone(m.Keywords)
	d.Fields = slices.Clone(d.Fields)
	d.Blocks = slices.Clone(d.Blocks)
	id, work := m.ID, m.Work
	parts := []*string{&m.Title, &m.Gist, &m.Agency, &m.URL, &m.ID, &m.Work}
	for i := range m.Keywords {
		parts = append(parts, &m.Keywords[i])
	}
	for i := range d.Fields {
		parts = append(parts, &d.Fields[i].Value)
	}
	headings := map[string]*string{}
	for i := range d.Blocks {
		d.Blocks[i].Path = slices.Clone(d.Blocks[i].Path)
		d.Blocks[i].Cells = nil // they repeat the text and are not stored
		for j, h := range d.Blocks[i].Path {
			if headings[h] == nil {
				headings[h] = &d.Blocks[i].Path[j]
				parts = append(parts, headings[h])
			}
		}
	}
	parts = append(parts, &d.Text)
	var all strings.Builder
	for i, part := range parts {
		if i > 0 {
			all.WriteString("\n\n")
		}
		all.WriteString(*part)
	}
	before := all.String()
	masked := []rune(s.src.Mask(before, f.set.keepContacts))
	if len(masked) != utf8.RuneCountInString(before) {
		return &FileError{"개인정보를 가린 뒤 글자 수가 달라졌습니다.", "프로그램 오류이니 관리자에게 알려 주세요."}
	}
	at := 0
	for _, part := range parts {
		n := utf8.RuneCountInString(*part)
		*part = string(masked[at : at+n])
		at += n + 2
	}
	for i := range d.Blocks {
		for j, h := range d.Blocks[i].Path {
			if masked := headings[h]; masked != nil { // nil: it is the masked one
				d.Blocks[i].Path[j] = *masked
			}
		}
	}
	// A name in an ID is recognised by nothing: take none from the path, nor one that was masked.
	if m.ID == "" || m.ID != id {
		m.ID = s.src.Mask(filepath.Base(f.root), f.set.keepContacts) + "/" + maskedName(m.Digest)
	}
	if m.Work != work {
		m.Work = ""
	}
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
