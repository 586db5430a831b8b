package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"biseo/assistant/audit"
	"biseo/assistant/backup"
	"biseo/korea/calendar"
)

type auditSettings struct {
	HMACKey      string `name:"hmac-key" placeholder:"FILE" help:"Key of the audit log's chain; made at first use (audit/hmac.key in the data folder)."`
	SignerKey    string `placeholder:"FILE" help:"Key that signs its checkpoints; made at first use (audit/signer.key in the data folder)."`
	Checkpoints  string `placeholder:"DIR" help:"Folder that gets a copy of the checkpoints, best on another machine."`
	KeepDays     int    `default:"730" help:"Days for which records are kept, at least 365 (${default})."`
	Seal         bool   `help:"Also keep prompts, answers and drafts, sealed for the holder of the vault key."`
	VaultKey     string `placeholder:"FILE" help:"Key of the sealed texts (audit/vault.key in the data folder). The service needs only FILE.pub: keep FILE elsewhere."`
	SealKeepDays int    `default:"90" help:"Days for which sealed texts are kept (${default})."`
}

func (s *settings) auditDir() string { return filepath.Join(s.Data, "audit") }

// vaultDir is the folder of the sealed texts.
func (s *settings) vaultDir() string { return filepath.Join(s.auditDir(), "sealed") }

// keyFile is the file that a setting names, else name in the folder of the log.
func (s *settings) keyFile(setting, name string) string {
	if setting != "" {
		return setting
	}
	return filepath.Join(s.auditDir(), name)
}

// audit opens the audit log for writing, and begins it if there is none. The
// caller closes it.
func (s *settings) audit(c *console) (*audit.Log, error) {
	if keep := s.Audit.KeepDays; keep < 365 {
		return nil, errUsage{fmt.Errorf("--audit-keep-days %d은(는) 너무 짧으니 365 이상으로 적어 주세요", keep)}
	}
	k, err := audit.LoadKeys(s.auditDir(), s.keyFile(s.Audit.HMACKey, backup.HMACKey), s.keyFile(s.Audit.SignerKey, backup.SignerKey))
	if err != nil {
		return nil, fmt.Errorf("감사 기록의 열쇠를 읽지 못했으니 있던 곳에 되돌려 놓거나 --audit-hmac-key, --audit-signer-key로 알려 주세요: %w", err)
	}
	l, err := audit.Open(s.auditDir(), audit.Options{Now: c.now, Key: k.HMAC, Signer: k.Signer, Copy: s.Audit.Checkpoints, Log: c.lg})
	if errors.Is(err, audit.ErrDamaged) {
		return nil, fmt.Errorf("감사 기록이 바뀌었거나 깨졌으니 biseo audit verify로 확인하고, 감사 담당자를 위해 %s 폴더를 다른 곳에 옮겨 둔 뒤 다시 시작해 주세요: %w", s.auditDir(), err)
	}
	return l, err
}

// vault opens the sealed texts for sealing; nil where the settings do not want them.
func (s *settings) vault(c *console) (*audit.Vault, error) {
	if !s.Audit.Seal {
		return nil, nil
	}
	file := s.keyFile(s.Audit.VaultKey, backup.VaultKey)
	if err := audit.MakeVaultKey(file); err != nil {
		return nil, fmt.Errorf("봉인 열쇠를 만들지 못했으니 --audit-vault-key를 확인해 주세요: %w", err)
	}
	return audit.OpenVault(s.vaultDir(), file+".pub", c.now)
}

// record writes one record of what a command does.
func (s *settings) record(ctx context.Context, c *console, r audit.Record) error {
	r.Actor, r.Via = "local", "local"
	r.Versions = map[string]string{"biseo": version}
	l, err := s.audit(c)
	if err != nil {
		return err
	}
	if err := errors.Join(l.Append(ctx, r), l.Close()); err != nil {
		return fmt.Errorf("감사 기록을 쓰지 못해 하지 않았으니 디스크의 빈 곳과 권한을 확인해 주세요: %w", err)
	}
	return nil
}

type auditCmds struct {
	Verify auditVerifyCmd `cmd:"" help:"Find whether records were changed, removed, moved or put in."`
	Export auditExportCmd `cmd:"" help:"Print records."`
	Open   auditOpenCmd   `cmd:"" help:"Print sealed texts, for the holder of the vault key."`
}

type auditVerifyCmd struct {
	Checkpoints []string `placeholder:"DIR" help:"Folder with a copy of the checkpoints; by default that of --audit-checkpoints."`
	Public      string   `placeholder:"FILE" help:"Public key of the signer that an auditor has kept (audit/signer.key.pub in the data folder)."`
	JSON        bool     `help:"Print one JSON document."`
}

func (cmd *auditVerifyCmd) Run(ctx context.Context, c *console, s *settings) error {
	if err := s.haveAudit(); err != nil {
		return err
	}
	public := cmd.Public
	if public == "" {
		public = s.keyFile(s.Audit.SignerKey, backup.SignerKey) + ".pub"
	}
	k, err := audit.ReadKeys(s.keyFile(s.Audit.HMACKey, backup.HMACKey), public)
	if err != nil {
		return errUsage{fmt.Errorf("열쇠를 읽지 못했으니 --audit-hmac-key와 --public으로 있는 곳을 알려 주세요: %w", err)}
	}
	copies := cmd.Checkpoints
	if len(copies) == 0 && s.Audit.Checkpoints != "" {
		copies = []string{s.Audit.Checkpoints}
	}
	r, err := audit.Verify(ctx, s.auditDir(), k, copies...)
	if err != nil {
		return err
	}
	if cmd.JSON {
		if err := printJSON(c.out, r); err != nil {
			return err
		}
	} else {
		for _, f := range r.Faults {
			fmt.Fprintln(c.out, f)
		}
		fmt.Fprintf(c.out, "기록 %d건(파일 %d개), 확인점 %d개가 %d번까지 서명, 서명 뒤 %d건, 보존 기간이 지나 지운 것 %d건, 중단으로 잘린 곳 %d군데\n",
			r.Records, r.Files, r.Checkpoints, r.Signed, r.Unsigned, r.Expired, r.Torn)
		if len(copies) == 0 && len(r.Faults) == 0 {
			fmt.Fprintln(c.out, "확인점의 사본 없이 확인했습니다. 기록과 확인점을 함께 잘라 낸 것은 --checkpoints로 다른 곳에 둔 사본과 견주어야 드러납니다.")
		}
	}
	if n := len(r.Faults); n > 0 {
		return fmt.Errorf("감사 기록에 어긋난 곳이 %d군데 있으니 폴더를 그대로 두고 감사 담당자에게 알려 주세요", n)
	}
	return nil
}

func (s *settings) haveAudit() error {
	if _, err := os.Stat(s.auditDir()); errors.Is(err, fs.ErrNotExist) {
		return errors.New("아직 감사 기록이 없으니 --data 폴더를 확인해 주세요")
	}
	return nil
}

// dayRange is the days that a person asks for, in Korea.
type dayRange struct {
	From string `placeholder:"2006-01-02" help:"First day, in Korea."`
	To   string `placeholder:"2006-01-02" help:"Last day, in Korea."`
}

func (p dayRange) bounds() (from, to time.Time, err error) {
	for _, b := range []struct {
		flag, s string
		t       *time.Time
	}{{"--from", p.From, &from}, {"--to", p.To, &to}} {
		if b.s == "" {
			continue
		}
		t, clock, ok := parseTime(b.s, calendar.Seoul)
		if !ok || clock {
			return from, to, errUsage{fmt.Errorf("%s의 %q은(는) 없는 날이거나 날짜가 아니니 2026-06-30이나 \"2026. 6. 30.\"처럼 적어 주세요", b.flag, b.s)}
		}
		*b.t = t
	}
	if !to.IsZero() {
		to = to.AddDate(0, 0, 1)
	}
	return from, to, nil
}

type auditExportCmd struct {
	dayRange
	Format string `default:"jsonl" enum:"jsonl,csv" help:"${enum} (${default})."`
}

func (cmd *auditExportCmd) Run(ctx context.Context, c *console, s *settings) error {
	from, to, err := cmd.bounds()
	if err == nil {
		err = s.haveAudit()
	}
	if err == nil {
		err = s.record(ctx, c, audit.Record{Action: "audit.export", Outcome: "done"})
	}
	if err != nil {
		return err
	}
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	w := csv.NewWriter(c.out)
	if cmd.Format == "csv" {
		fmt.Fprint(c.out, "\ufeff") // without it Excel takes Korean for another encoding
		if err := w.Write(auditColumns); err != nil {
			return err
		}
	}
	for e, err := range audit.Entries(s.auditDir(), from, to) {
		if err == nil && cmd.Format == "csv" {
			err = w.Write(auditRow(e))
		} else if err == nil {
			err = enc.Encode(e)
		}
		if err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

var auditColumns = []string{"seq", "time", "actor", "via", "key", "user", "address", "action", "route", "outcome", "status", "trace", "on", "docs", "passages", "versions"}

// auditRow is a record as a row, with its time in Korea. What a spreadsheet would
// take for a formula gets an apostrophe.
func auditRow(e audit.Entry) []string {
	var versions []string
	for k, v := range e.Versions {
		versions = append(versions, k+"="+v)
	}
	slices.Sort(versions)
	row := []string{strconv.FormatUint(e.Seq, 10), e.Time.In(calendar.Seoul).Format("2006-01-02 15:04:05.000000"), e.Actor, e.Via, e.Key, e.User, e.Address,
		e.Action, e.Route, e.Outcome, strconv.Itoa(e.Status), e.Trace, e.On, strings.Join(e.Docs, " "), strings.Join(e.Passages, " "), strings.Join(versions, " ")}
	for i, cell := range row {
		if cell != "" && bytes.IndexByte([]byte("=+-@\t\r"), cell[0]) >= 0 {
			row[i] = "'" + cell
		}
	}
	return row
}

type auditOpenCmd struct {
	dayRange
	Key string `placeholder:"FILE" help:"The vault key (--audit-vault-key)."`
}

func (cmd *auditOpenCmd) Run(ctx context.Context, c *console, s *settings) error {
	from, to, err := cmd.bounds()
	if err != nil {
		return err
	}
	file := cmd.Key
	if file == "" {
		file = s.keyFile(s.Audit.VaultKey, backup.VaultKey)
	}
	if _, err := os.Stat(file); err != nil {
		return errUsage{fmt.Errorf("봉인 열쇠를 읽지 못했으니 --key로 있는 곳을 알려 주세요: %w", err)}
	}
	if err := s.record(ctx, c, audit.Record{Action: "audit.open", Outcome: "done"}); err != nil {
		return err
	}
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	failed := 0
	for text, err := range audit.Unseal(s.vaultDir(), file, from, to) {
		if err != nil {
			failed++
			fmt.Fprintln(c.err, "biseo: 봉인한 글 하나를 열지 못했습니다:", err)
			continue
		}
		if err := enc.Encode(text); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("열리지 않은 것이 %d건 있으니 열쇠가 맞는지, 파일이 바뀌지 않았는지 확인해 주세요", failed)
	}
	return nil
}
