package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"biseo/assistant/audit"
	"biseo/assistant/backup"
	"biseo/korea/calendar"
)

type backupCmd struct {
	File      string `arg:"" help:"New file, such as biseo-2026-11-22.tar.gz."`
	WithKeys  bool   `help:"Also the keys of the audit log and its sealed texts: who has the file can then forge and read them."`
	WithIndex bool   `help:"Also the index, which could be rebuilt from the documents."`
	JSON      bool   `help:"Print one JSON document: the manifest."`
}

func (cmd *backupCmd) Run(ctx context.Context, c *console, s *settings) error {
	if _, err := os.Stat(s.Data); err != nil {
		return errUsage{fmt.Errorf("보관할 것이 없으니 --data 폴더를 확인해 주세요: %w", err)}
	}
	if _, err := os.Lstat(cmd.File); err == nil {
		return errUsage{fmt.Errorf("%s이(가) 이미 있으니 다른 이름을 적어 주세요", cmd.File)}
	}
	inside, err := within(s.Data, filepath.Dir(cmd.File))
	if err != nil {
		return explainBackup(fmt.Errorf("%w: %w", backup.ErrPlace, err))
	}
	if inside { // the next backup would hold this one, and with it keys that it is to leave out
		return errUsage{fmt.Errorf("%s은(는) 데이터 폴더 안이니 그 밖의 다른 디스크에 있는 폴더를 적어 주세요", cmd.File)}
	}
	if err := s.record(ctx, c, audit.Record{Action: "backup", Outcome: "begun"}); err != nil {
		return err
	}
	m, err := s.folder().Write(ctx, cmd.File, backup.Options{Keys: cmd.WithKeys, Index: cmd.WithIndex, Biseo: version, Now: c.now()})
	if err != nil {
		return explainBackup(err)
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

// explainBackup says in Korean what to do about a backup that failed.
func explainBackup(err error) error {
	for _, known := range []struct {
		cause  error
		advice string
	}{
		{backup.ErrPlace, "백업할 곳에 쓰지 못했으니 폴더와 빈 곳을 확인해 주세요"},
		{backup.ErrCopy, "백업할 것을 복사하지 못했으니 빈 곳과 권한을 확인해 주세요"},
		{backup.ErrArchive, "백업 파일을 쓰지 못했으니 빈 곳을 확인해 주세요"},
		{backup.ErrReread, "쓴 백업을 다시 읽으니 달라 지웠습니다. 디스크를 확인해 주세요"},
	} {
		if errors.Is(err, known.cause) {
			return fmt.Errorf("%s: %w", known.advice, err)
		}
	}
	return err
}

// folder is the data folder as a backup keeps it.
func (s *settings) folder() backup.Folder {
	return backup.Folder{
		Dir:    s.Data,
		HMAC:   s.keyFile(s.Audit.HMACKey, backup.HMACKey),
		Signer: s.keyFile(s.Audit.SignerKey, backup.SignerKey),
		Vault:  s.keyFile(s.Audit.VaultKey, backup.VaultKey),
		Lock:   serveLock,
	}
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

// whole returns an error where a restore into the data folder was cut short: what lies
// there is a part, perhaps without the keys of callers, and no command may begin on it.
func (s *settings) whole() error {
	file, cut := backup.Unfinished(s.Data)
	if !cut {
		return nil
	}
	return fmt.Errorf("백업에서 되돌리다가 중단되어 %s 폴더가 온전하지 않으니 biseo restore --force %s 로 끝까지 되돌린 뒤 다시 실행해 주세요", s.Data, cmp.Or(file, "백업파일"))
}

type restoreCmd struct {
	File  string `arg:"" help:"A file that biseo backup has written."`
	Force bool   `help:"Although the data folder is not empty: what it holds is kept in it as before-restore-TIME."`
}

func (cmd *restoreCmd) Run(ctx context.Context, c *console, s *settings) error {
	release, err := s.hold()
	if err != nil {
		return err
	}
	defer release()
	done, err := s.folder().Restore(ctx, cmd.File, cmd.Force, c.now())
	if done.Before != "" {
		fmt.Fprintf(c.out, "있던 것은 %s에 남겼습니다.\n", done.Before)
	}
	switch {
	case errors.Is(err, backup.ErrUnfinished):
		return fmt.Errorf("%w: %w", s.whole(), err)
	case errors.Is(err, backup.ErrNotEmpty):
		return errUsage{fmt.Errorf("%s 폴더가 비어 있지 않으니 다른 폴더를 --data로 적거나, 있던 것을 남기고 바꾸려면 --force를 붙여 주세요", s.Data)}
	case errors.Is(err, backup.ErrPlace):
		return fmt.Errorf("%s 폴더에 쓰지 못했으니 디스크의 빈 곳과 권한을 확인해 주세요(있던 것은 그대로입니다): %w", s.Data, err)
	case errors.Is(err, backup.ErrBroken):
		return errUnreadable{fmt.Errorf("%s은(는) biseo backup으로 만든 온전한 백업이 아니니 다른 백업을 써 주세요(있던 것은 그대로입니다): %w", cmd.File, err)}
	case errors.Is(err, backup.ErrInUse):
		return errors.New("biseo의 다른 명령이 아직 이 폴더를 쓰고 있으니 끝난 뒤 다시 실행해 주세요")
	case err != nil:
		return err
	}
	made := done.Created.In(calendar.Seoul)
	fmt.Fprintf(c.out, "%s에 만든 백업의 파일 %d개를 %s에 되돌렸습니다.\n", made.Format("2006. 1. 2. 15:04"), len(done.Files), s.Data)
	if _, err := os.Stat(s.indexDir()); err != nil {
		fmt.Fprintln(c.out, "색인은 들어 있지 않으니 biseo ingest 폴더 로 다시 만들어 주세요.")
	}
	if _, err := os.Stat(s.keyFile(s.Audit.HMACKey, backup.HMACKey)); err != nil {
		fmt.Fprintln(c.out, "감사 기록의 열쇠는 들어 있지 않으니 따로 보관한 hmac.key와 signer.key를 audit 폴더에 되돌려 놓아 주세요.")
		return nil
	}
	return s.record(ctx, c, audit.Record{Action: "restore", Outcome: "done", On: made.Format(time.DateOnly)})
}
