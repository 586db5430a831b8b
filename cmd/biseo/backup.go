package main

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"biseo/assistant/audit"
	"biseo/assistant/state"
	"biseo/korea/calendar"
)

// A backup is a tar compressed by gzip: manifest.json, then the files it names.
const manifestName = "manifest.json"

// A manifest says what a backup holds.
type manifest struct {
	Biseo   string         `json:"biseo"` // version of the program
	Created time.Time      `json:"created"`
	Files   []manifestFile `json:"files"` // in the order of the archive
}

type manifestFile struct {
	Name   string `json:"name"` // with slashes, under the data folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type backupCmd struct {
	File      string `arg:"" help:"New file, such as biseo-2026-11-22.tar.gz."`
	WithKeys  bool   `help:"Also the keys of the audit log and its sealed texts: who has the file can then forge and read them."`
	WithIndex bool   `help:"Also the index, which could be rebuilt from the documents."`
	JSON      bool   `help:"Print one JSON document: the manifest."`
}

func (cmd *backupCmd) Run(ctx context.Context, c *console, s *settings) (err error) {
	if _, err := os.Stat(s.Data); err != nil {
		return errUsage{fmt.Errorf("보관할 것이 없으니 --data 폴더를 확인해 주세요: %w", err)}
	}
	if _, err := os.Lstat(cmd.File); err == nil {
		return errUsage{fmt.Errorf("%s이(가) 이미 있으니 다른 이름을 적어 주세요", cmd.File)}
	}
	inside, err := within(s.Data, filepath.Dir(cmd.File))
	if err != nil {
		return fmt.Errorf("백업할 곳에 쓰지 못했으니 폴더와 빈 곳을 확인해 주세요: %w", err)
	}
	if inside { // the next backup would hold this one, and with it keys that it is to leave out
		return errUsage{fmt.Errorf("%s은(는) 데이터 폴더 안이니 그 밖의 다른 디스크에 있는 폴더를 적어 주세요", cmd.File)}
	}
	stage, err := os.MkdirTemp(filepath.Dir(cmd.File), ".biseo-backup-*") // beside the file: there is space for it
	if err != nil {
		return fmt.Errorf("백업할 곳에 쓰지 못했으니 폴더와 빈 곳을 확인해 주세요: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	if err := s.record(ctx, c, audit.Record{Action: "backup", Outcome: "begun"}); err != nil {
		return err
	}
	copied := filepath.Join(stage, "data")
	if err := s.copyData(ctx, copied, cmd.WithKeys, cmd.WithIndex); err != nil {
		return fmt.Errorf("백업할 것을 복사하지 못했으니 빈 곳과 권한을 확인해 주세요: %w", err)
	}
	m := manifest{Biseo: version, Created: c.now().UTC().Truncate(time.Second), Files: []manifestFile{}}
	if m.Files, err = sums(copied); err != nil {
		return err
	}
	part := filepath.Join(stage, "backup")
	if err := writeArchive(part, copied, m); err != nil {
		return fmt.Errorf("백업 파일을 쓰지 못했으니 빈 곳을 확인해 주세요: %w", err)
	}
	// Read again, as a restore would, before anybody relies on it.
	again := filepath.Join(stage, "again")
	if _, err := readArchive(part, again); err != nil {
		return fmt.Errorf("쓴 백업을 다시 읽으니 달라 지웠습니다. 디스크를 확인해 주세요: %w", err)
	}
	if err := checkData(ctx, again); err != nil {
		return fmt.Errorf("쓴 백업을 다시 읽으니 열리지 않아 지웠습니다. 디스크를 확인해 주세요: %w", err)
	}
	if err := os.Link(part, cmd.File); err != nil { // not over a file made meanwhile
		if errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := os.Rename(part, cmd.File); err != nil {
			return err
		}
	}
	if cmd.JSON {
		return printJSON(c.out, m)
	}
	var size int64
	for _, f := range m.Files {
		size += f.Size
	}
	fmt.Fprintf(c.out, "%s에 파일 %d개(%.1f MB)를 보관하고 다시 읽어 확인했습니다.\n", cmd.File, len(m.Files), float64(size)/1e6)
	if !cmd.WithKeys {
		fmt.Fprintln(c.out, "감사 기록의 열쇠는 들어 있지 않으니 다른 곳에 따로 보관해 주세요.")
	}
	return nil
}

// within reports whether the folder dir, which must exist, is root or lies below it.
func within(root, dir string) (bool, error) {
	for _, p := range []*string{&root, &dir} {
		abs, err := filepath.Abs(*p)
		if err == nil {
			*p, err = filepath.EvalSymlinks(abs)
		}
		if err != nil {
			return false, err
		}
	}
	rel, err := filepath.Rel(root, dir)
	return err == nil && filepath.IsLocal(rel), nil
}

// isAuditKey reports whether a file of the data folder is a key of the audit log.
// Public keys are not meant.
func isAuditKey(name string) bool {
	return slices.Contains([]string{"audit/" + hmacKeyName, "audit/" + signerKeyName, "audit/" + vaultKeyName}, name)
}

// copyData copies the data folder: databases as they are at one moment, the audit
// log up to its last record, and what else lies there. The demonstration, files on
// their way and what was there before an upgrade or a restore stay behind.
func (s *settings) copyData(ctx context.Context, to string, keys, index bool) error {
	if err := os.MkdirAll(filepath.Join(to, "audit"), 0o700); err != nil {
		return err
	}
	for _, db := range []string{s.stateFile(), s.ledgerFile()} {
		err := state.Copy(ctx, db, filepath.Join(to, filepath.Base(db)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := audit.Copy(s.auditDir(), filepath.Join(to, "audit")); err != nil {
		return err
	}
	if keys { // wherever they lie, a restore puts them into the folder of the log
		for name, setting := range map[string]string{hmacKeyName: s.Audit.HMACKey, signerKeyName: s.Audit.SignerKey, vaultKeyName: s.Audit.VaultKey} {
			err := copyFile(s.keyFile(setting, name), filepath.Join(to, "audit", name))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if index {
		if err := s.copyIndex(ctx, filepath.Join(to, "index")); err != nil {
			return err
		}
	}
	var kept []os.FileInfo // keys that stay behind although settings put them elsewhere in the data folder
	for _, setting := range []string{s.Audit.HMACKey, s.Audit.SignerKey, s.Audit.VaultKey} {
		if fi, err := os.Stat(setting); err == nil && !keys {
			kept = append(kept, fi)
		}
	}
	return filepath.WalkDir(s.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(s.Data, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		_, before, _ := strings.Cut(name, ".db")
		switch {
		case name == ".":
			return nil
		case d.IsDir() && (slices.Contains([]string{"index", "demo", "spool"}, name) || strings.HasPrefix(name, beforeRestore) || strings.HasPrefix(name, ".biseo-")):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, filepath.FromSlash(name)), 0o700)
		case !d.Type().IsRegular(), isAuditKey(name), name == "audit/lock", name == serveLock, !strings.Contains(name, "/") && (before != "" || strings.HasSuffix(name, ".db")):
			return nil // NAME.db, its -wal and -shm, and NAME.db.before-2
		}
		if fi, err := d.Info(); err == nil && slices.ContainsFunc(kept, func(k os.FileInfo) bool { return os.SameFile(k, fi) }) {
			return nil
		}
		target := filepath.Join(to, filepath.FromSlash(name))
		if _, err := os.Stat(target); err == nil {
			return nil // copied above
		}
		err = copyFile(path, target)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		return err
	})
}

// copyIndex copies the live database of the index.
func (s *settings) copyIndex(ctx context.Context, to string) error {
	current, err := os.ReadFile(filepath.Join(s.indexDir(), "current"))
	if err != nil {
		return fmt.Errorf("copy index: %w", err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	name := strings.TrimSpace(string(current))
	if !filepath.IsLocal(name) {
		return fmt.Errorf("copy index: the file current names %q", name)
	}
	if err := state.Copy(ctx, filepath.Join(s.indexDir(), name), filepath.Join(to, name)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "current"), current, 0o600)
}

func copyFile(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	return writeFile(to, r)
}

func writeFile(to string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	w, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Sync(), w.Close())
}

// sums lists the files of a folder in the order of their names.
func sums(dir string) ([]manifestFile, error) {
	all := []manifestFile{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		n, err := io.Copy(h, f)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all = append(all, manifestFile{filepath.ToSlash(name), n, hex.EncodeToString(h.Sum(nil))})
		return err
	})
	slices.SortFunc(all, func(a, b manifestFile) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}

func writeArchive(file, dir string, m manifest) (err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	head, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	add := func(name string, size int64, r io.Reader) error {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: m.Created, Format: tar.FormatPAX}); err != nil {
			return err
		}
		_, err := io.Copy(w, r)
		return err
	}
	if err := add(manifestName, int64(len(head)), strings.NewReader(string(head))); err != nil {
		return err
	}
	for _, entry := range m.Files {
		r, err := os.Open(filepath.Join(dir, filepath.FromSlash(entry.Name)))
		if err != nil {
			return err
		}
		if err := errors.Join(add(entry.Name, entry.Size, r), r.Close()); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), z.Close(), f.Sync())
}

// readArchive unpacks a backup into a new folder and compares it with its manifest.
func readArchive(file, to string) (m manifest, err error) {
	f, err := os.Open(file)
	if err != nil {
		return m, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return m, err
	}
	r := tar.NewReader(z)
	h, err := r.Next()
	if err != nil || h.Name != manifestName {
		return m, errors.Join(err, errors.New("it does not begin with a manifest"))
	}
	if err := json.NewDecoder(io.LimitReader(r, 1<<28)).Decode(&m); err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return m, err
	}
	for _, want := range m.Files {
		h, err := r.Next()
		if err != nil {
			return m, fmt.Errorf("read %s: %w", want.Name, err)
		}
		name := filepath.FromSlash(h.Name)
		if h.Name != want.Name || h.Size != want.Size || h.Typeflag != tar.TypeReg || !filepath.IsLocal(name) {
			return m, fmt.Errorf("the manifest names %q, the archive holds %q", want.Name, h.Name)
		}
		sum := sha256.New()
		if err := writeFile(filepath.Join(to, name), io.TeeReader(r, sum)); err != nil {
			return m, fmt.Errorf("read %s: %w", want.Name, err)
		}
		if hex.EncodeToString(sum.Sum(nil)) != want.SHA256 {
			return m, fmt.Errorf("%s is not what was written", want.Name)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		return m, errors.New("the archive holds more than its manifest names")
	}
	return m, nil
}

// checkData opens what a backup holds.
func checkData(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "state.db")); err == nil {
		// On a copy: opening it may bring it forward to a newer schema.
		tried := filepath.Join(dir, "state-tried")
		defer os.RemoveAll(tried)
		if err := os.Mkdir(tried, 0o700); err != nil {
			return err
		}
		file := filepath.Join(tried, "state.db")
		if err := copyFile(filepath.Join(dir, "state.db"), file); err != nil {
			return err
		}
		st, err := state.Open(ctx, file, state.Options{})
		if err != nil {
			return err
		}
		if err := st.Close(); err != nil {
			return err
		}
	}
	databases, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil {
		return err
	}
	more, err := filepath.Glob(filepath.Join(dir, "index", "*.db"))
	if err != nil {
		return err
	}
	for _, db := range append(databases, more...) {
		if err := state.CheckFile(ctx, db); err != nil {
			return err
		}
	}
	k, err := audit.ReadKeys(filepath.Join(dir, "audit", hmacKeyName), filepath.Join(dir, "audit", signerKeyName+".pub"))
	if err != nil {
		return nil // without its keys the log cannot be verified here
	}
	r, err := audit.Verify(ctx, filepath.Join(dir, "audit"), k)
	if err == nil && len(r.Faults) > 0 {
		err = fmt.Errorf("audit log: %v", r.Faults[0])
	}
	return err
}

type restoreCmd struct {
	File  string `arg:"" help:"A file that biseo backup has written."`
	Force bool   `help:"Although the data folder is not empty: what it holds is kept in it as before-restore-TIME."`
}

// beforeRestore begins the name of the folder that keeps what a restore replaced.
const beforeRestore = "before-restore-"

func (cmd *restoreCmd) Run(ctx context.Context, c *console, s *settings) (err error) {
	release, err := s.hold()
	if err != nil {
		return err
	}
	defer release()
	old, err := os.ReadDir(s.Data)
	if err != nil {
		return err
	}
	old = slices.DeleteFunc(old, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), beforeRestore) || e.Name() == serveLock })
	if len(old) > 0 && !cmd.Force {
		return errUsage{fmt.Errorf("%s 폴더가 비어 있지 않으니 다른 폴더를 --data로 적거나, 있던 것을 남기고 바꾸려면 --force를 붙여 주세요", s.Data)}
	}
	stage, err := os.MkdirTemp(s.Data, ".biseo-restore-*") // within: the data folder may be a mount of its own
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	m, err := readArchive(cmd.File, filepath.Join(stage, "data"))
	if err == nil {
		err = checkData(ctx, filepath.Join(stage, "data"))
	}
	var disk *fs.PathError
	if state.DiskFull(err) || errors.As(err, &disk) && strings.HasPrefix(disk.Path, stage) {
		return fmt.Errorf("%s 폴더에 쓰지 못했으니 디스크의 빈 곳과 권한을 확인해 주세요(있던 것은 그대로입니다): %w", s.Data, err)
	}
	if err != nil {
		return errUnreadable{fmt.Errorf("%s은(는) biseo backup으로 만든 온전한 백업이 아니니 다른 백업을 써 주세요(있던 것은 그대로입니다): %w", cmd.File, err)}
	}
	if len(old) > 0 {
		if !state.Alone(ctx, s.stateFile()) {
			return errors.New("biseo의 다른 명령이 아직 이 폴더를 쓰고 있으니 끝난 뒤 다시 실행해 주세요")
		}
		before := filepath.Join(s.Data, beforeRestore+c.now().UTC().Format("20060102T150405Z"))
		if err := os.Mkdir(before, 0o700); err != nil {
			return err
		}
		for _, e := range old {
			if err := os.Rename(filepath.Join(s.Data, e.Name()), filepath.Join(before, e.Name())); err != nil {
				return err
			}
		}
		fmt.Fprintf(c.out, "있던 것은 %s에 남겼습니다.\n", before)
		for _, name := range []string{hmacKeyName, signerKeyName, signerKeyName + ".pub", vaultKeyName, vaultKeyName + ".pub"} {
			err := copyFile(filepath.Join(before, "audit", name), filepath.Join(stage, "data", "audit", name)) // those of the backup, if any, stay
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
				return err
			}
		}
	}
	fresh, err := os.ReadDir(filepath.Join(stage, "data"))
	if err != nil {
		return err
	}
	for _, e := range fresh {
		if err := os.Rename(filepath.Join(stage, "data", e.Name()), filepath.Join(s.Data, e.Name())); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.out, "%s에 만든 백업의 파일 %d개를 %s에 되돌렸습니다.\n", m.Created.In(calendar.Seoul).Format("2006. 1. 2. 15:04"), len(m.Files), s.Data)
	if _, err := os.Stat(s.indexDir()); err != nil {
		fmt.Fprintln(c.out, "색인은 들어 있지 않으니 biseo ingest 폴더 로 다시 만들어 주세요.")
	}
	if _, err := os.Stat(s.keyFile(s.Audit.HMACKey, hmacKeyName)); err != nil {
		fmt.Fprintln(c.out, "감사 기록의 열쇠는 들어 있지 않으니 따로 보관한 hmac.key와 signer.key를 audit 폴더에 되돌려 놓아 주세요.")
		return nil
	}
	return s.record(ctx, c, audit.Record{Action: "restore", Outcome: "done", On: m.Created.In(calendar.Seoul).Format(time.DateOnly)})
}
