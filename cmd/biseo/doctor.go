package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"biseo/assistant/audit"
	"biseo/assistant/backup"
	"biseo/assistant/state"
)

type doctorCmd struct {
	JSON bool `help:"Print one JSON document."`
}

// A diagnosis is the doctor's report.
type diagnosis struct {
	Checks   []finding   `json:"checks"`
	Settings []explained `json:"settings"`
}

// A finding is what one check found.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // ok, off, warning, error
	Text  string `json:"text"`
}

// An explained setting says what holds, and why.
type explained struct {
	Name   string `json:"name"`
	Value  string `json:"value"`  // "set" for a secret
	Source string `json:"source"` // command line, environment NAME, FILE:LINE, default, or "" where nothing is set
	About  string `json:"about"`
}

func (cmd *doctorCmd) Run(ctx context.Context, c *console, s *settings, k *kong.Context) error {
	var d diagnosis
	serve, found, err := explain(ctx, c, k)
	if err != nil {
		d.Checks = append(d.Checks, finding{"settings", "error", "biseo serve의 설정이 잘못되었으니 고쳐 주세요: " + usageSentence(err)})
	}
	d.Settings = found
	d.Checks = append(d.Checks, checkSecrets(found), s.checkIndex(ctx, c.lg), s.checkState(ctx), s.checkAudit(ctx), serve.checkCertificate(c.now()),
		s.checkModel(ctx), s.checkEmbedder(ctx), s.checkReranker(ctx))
	failed := 0
	for _, f := range d.Checks {
		if f.State == "error" {
			failed++
		}
	}
	if cmd.JSON {
		err = printJSON(c.out, d)
	} else {
		err = d.print(c.out)
	}
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d가지가 잘못되었으니 위의 error를 고친 뒤 다시 실행해 주세요", failed)
	}
	return err
}

func (d diagnosis) print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, f := range d.Checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.State, f.Check, f.Text)
	}
	fmt.Fprintln(w)
	for _, e := range d.Settings {
		source := e.Source
		if source == "" {
			source = "not set"
		}
		fmt.Fprintf(w, "%s\t%s\t(%s)\n", e.Name, orDash(e.Value), source)
	}
	return w.Flush()
}

// explain reads the settings as biseo serve would under the same flags, environment
// and files as the command of k, and says of each where it comes from.
func explain(ctx context.Context, c *console, k *kong.Context) (serveCmd, []explained, error) {
	var args []string
	given := map[string]bool{}
	for _, p := range k.Path {
		if p.Flag == nil || p.Resolved || slices.Contains(k.Selected().Flags, p.Flag) {
			continue
		}
		given[p.Flag.Name] = true
		args = append(args, "--"+p.Flag.Name+"="+plain(p.Flag))
	}
	var cl commandLine
	var files settingsFiles
	parser, err := newParser(ctx, &cl, c, &files, kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard))
	if err != nil {
		return cl.Serve, nil, err
	}
	parsed, err := parser.Parse(append(args, "serve"))
	if err != nil {
		return cl.Serve, nil, err
	}
	var all []explained
	for _, f := range slices.Concat(parsed.Model.Flags, parsed.Selected().Flags) {
		if f.Name == "help" || f.Name == "version" {
			continue
		}
		e := explained{Name: f.Name, Value: plain(f), About: f.Help}
		switch env := slices.IndexFunc(f.Envs, func(e string) bool { _, set := os.LookupEnv(e); return set }); {
		case given[f.Name]:
			e.Source = "command line"
		case env >= 0:
			e.Source = "environment " + f.Envs[env]
		case files.where(f.Name) != "":
			e.Source = files.where(f.Name)
		case f.HasDefault:
			e.Source = "default"
		}
		if e.Value != "" && isSecret.MatchString(f.Name) && !isFile.MatchString(f.Name) {
			e.Value = "set"
		}
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b explained) int { return strings.Compare(a.Name, b.Name) })
	return cl.Serve, all, nil
}

var (
	isSecret = regexp.MustCompile(`(^|-)(secret|password|token|key)(-|$)`)
	isFile   = regexp.MustCompile(`-file$|^tls-key$|^audit-(hmac|signer|vault)-key$|-per-minute$`)
)

// plain is the value of a flag as one writes it.
func plain(f *kong.Flag) string {
	if v := f.Target; v.Kind() == reflect.Slice {
		var items []string
		for i := range v.Len() {
			items = append(items, fmt.Sprint(v.Index(i)))
		}
		return strings.Join(items, ",")
	}
	return fmt.Sprint(f.Target)
}

// checkSecrets looks at the files that hold secrets: others must not read them.
func checkSecrets(all []explained) finding {
	n := 0
	for _, e := range all {
		if e.Value == "" || !isSecret.MatchString(e.Name) || !isFile.MatchString(e.Name) || strings.HasSuffix(e.Name, "-per-minute") {
			continue
		}
		info, err := os.Stat(e.Value)
		switch {
		case err != nil && strings.HasPrefix(e.Name, "audit-"): // made at first use, or kept elsewhere
			continue
		case err != nil:
			return finding{"secrets", "error", fmt.Sprintf("--%s의 파일을 볼 수 없으니 이름과 권한을 확인해 주세요: %v", e.Name, err)}
		case runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0:
			return finding{"secrets", "warning", fmt.Sprintf("--%s의 %s을(를) 이 컴퓨터의 누구나 볼 수 있으니 chmod o= 로 막아 주세요.", e.Name, e.Value)}
		}
		n++
	}
	if n == 0 {
		return finding{"secrets", "off", "설정에 열쇠나 비밀값의 파일이 없습니다."}
	}
	return finding{"secrets", "ok", fmt.Sprintf("열쇠와 비밀값의 파일 %d개를 읽을 수 있고 다른 사용자는 읽지 못합니다.", n)}
}

func (s *settings) checkState(ctx context.Context) finding {
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	have, newest, err := state.Schema(ctx, s.stateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return finding{"state", "off", "키와 초안을 보관하는 " + s.stateFile() + "이(가) 아직 없습니다. biseo serve나 biseo key create가 만듭니다."}
	}
	if err == nil {
		err = state.CheckFile(ctx, s.stateFile())
	}
	switch {
	case err != nil:
		return finding{"state", "error", "키와 초안을 보관하는 파일에 잘못이 있으니 서비스를 멈추고 백업에서 되돌려 주세요(biseo restore): " + err.Error()}
	case have < newest:
		return finding{"state", "warning", fmt.Sprintf("%s의 형식은 %d이고 이 프로그램의 것은 %d이니, 다음에 열 때 사본을 남기고 올립니다. 먼저 biseo backup을 해 두세요.", s.stateFile(), have, newest)}
	}
	return finding{"state", "ok", fmt.Sprintf("%s, 형식 %d, 이상 없음", s.stateFile(), have)}
}

func (s *settings) checkAudit(ctx context.Context) finding {
	if err := s.haveAudit(); err != nil {
		return finding{"audit", "off", "감사 기록이 아직 없습니다. biseo serve가 시작합니다."}
	}
	k, err := audit.ReadKeys(s.keyFile(s.Audit.HMACKey, backup.HMACKey), s.keyFile(s.Audit.SignerKey, backup.SignerKey)+".pub")
	if err != nil {
		return finding{"audit", "error", "감사 기록의 열쇠를 읽지 못했으니 --audit-hmac-key와 --audit-signer-key를 확인해 주세요: " + err.Error()}
	}
	var copies []string
	if s.Audit.Checkpoints != "" {
		copies = []string{s.Audit.Checkpoints}
	}
	limited, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	r, err := audit.Verify(limited, s.auditDir(), k, copies...)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return finding{"audit", "warning", fmt.Sprintf("감사 기록이 길어 %v 안에 다 보지 못했으니 biseo audit verify로 확인해 주세요.", doctorWait)}
	case err != nil:
		return finding{"audit", "error", "감사 기록을 읽지 못했습니다: " + err.Error()}
	case len(r.Faults) > 0:
		return finding{"audit", "error", fmt.Sprintf("감사 기록에 어긋난 곳이 %d군데 있으니 biseo audit verify로 확인하고 감사 담당자에게 알려 주세요: %v", len(r.Faults), r.Faults[0])}
	case len(copies) == 0:
		return finding{"audit", "warning", fmt.Sprintf("기록 %d건에 이상이 없으나 확인점의 사본이 없으니 --audit-checkpoints에 다른 컴퓨터의 폴더를 적어 주세요.", r.Records)}
	}
	return finding{"audit", "ok", fmt.Sprintf("기록 %d건, 확인점 %d개, 서명 뒤 %d건, 이상 없음", r.Records, r.Checkpoints, r.Unsigned)}
}

// certificateWarning is how long before its end a certificate is worth a warning.
const certificateWarning = 30 * 24 * time.Hour

func (cmd serveCmd) checkCertificate(now time.Time) finding {
	if cmd.TLSCert == "" && cmd.TLSKey == "" {
		return finding{"tls", "off", "인증서가 없습니다. 다른 컴퓨터에서 쓰려면 --tls-cert와 --tls-key를 적거나 앞의 프록시가 TLS를 맡게 해 주세요."}
	}
	pair, err := tls.LoadX509KeyPair(cmd.TLSCert, cmd.TLSKey)
	if err != nil {
		return finding{"tls", "error", "인증서와 그 열쇠를 읽지 못했으니 --tls-cert와 --tls-key를 확인해 주세요: " + err.Error()}
	}
	day := pair.Leaf.NotAfter.Format(time.DateOnly)
	switch left := pair.Leaf.NotAfter.Sub(now); {
	case left <= 0:
		return finding{"tls", "error", "인증서가 " + day + "에 끝났으니 새 인증서로 바꾸고 서비스를 다시 시작해 주세요."}
	case now.Before(pair.Leaf.NotBefore):
		return finding{"tls", "error", "인증서가 " + pair.Leaf.NotBefore.Format(time.DateOnly) + "부터 쓸 수 있는 것이니 이 컴퓨터의 시각을 확인해 주세요."}
	case left < certificateWarning:
		return finding{"tls", "warning", "인증서가 " + day + "에 끝나니 새 인증서를 준비해 주세요."}
	}
	return finding{"tls", "ok", "인증서를 " + day + "까지 쓸 수 있습니다."}
}

func (s *settings) checkReranker(ctx context.Context) finding {
	r, err := s.reranker()
	if err != nil {
		return finding{"reranker", "error", err.Error()}
	}
	if r == nil {
		return finding{"reranker", "off", "찾은 순서를 다시 매기지 않습니다. 쓰려면 --reranker-url과 --reranker-name을 적어 주세요."}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	began := time.Now()
	if _, err := r.Rerank(ctx, "민원 처리기간", []string{"민원의 처리기간은 14일로 한다.", "공원의 개방시간은 09시부터로 한다."}); err != nil {
		return finding{"reranker", "error", "재순위 서버가 답하지 않거나 설정과 다르니 서버와 --reranker-url, --reranker-name, --reranker-timeout을 확인해 주세요: " + err.Error()}
	}
	return finding{"reranker", "ok", fmt.Sprintf("%s 모델이 %s에서 %.2f초에 답합니다. %v까지 기다립니다.", r.Model(), s.Reranker.URL, time.Since(began).Seconds(), s.Reranker.Timeout)}
}
