package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"biseo/assistant/audit"
	"biseo/assistant/state"
	"biseo/korea/calendar"
)

// stateFile is where keys, sessions, drafts, jobs and feedback are kept.
func (s *settings) stateFile() string { return filepath.Join(s.Data, "state.db") }

// state opens the state file, and creates it if there is none. The caller closes it.
func (s *settings) state(ctx context.Context, c *console) (*state.Store, error) {
	st, err := state.Open(ctx, s.stateFile(), state.Options{Now: c.now})
	if err != nil {
		return nil, fmt.Errorf("키와 초안을 보관하는 파일을 열지 못했으니 --data 폴더를 확인해 주세요: %w", err)
	}
	return st, nil
}

type keyCmds struct {
	Create keyCreateCmd `cmd:"" help:"Make an API key and print its secret, once."`
	List   keyListCmd   `cmd:"" help:"Print all keys, without their secrets."`
	Revoke keyRevokeCmd `cmd:"" help:"End a key at once."`
}

type keyCreateCmd struct {
	Name          string   `required:"" placeholder:"NAME" help:"Whose key it is, such as a document system."`
	Group         []string `placeholder:"GROUP" help:"Groups whose documents it may see, besides public."`
	Grade         string   `default:"open" enum:"open,sensitive,classified" help:"Highest grade of documents that it may see (${default})."`
	Allow         []string `default:"read,ask" enum:"read,ask,draft,documents,admin" help:"What it may do: ${enum} (${default})."`
	Expires       string   `default:"365d" placeholder:"365d" help:"When it ends: a number of days, a date, or never (${default})."`
	PerMinute     int      `placeholder:"N" help:"Requests a minute; by default as the service is set."`
	UserPerMinute int      `placeholder:"N" help:"Requests a minute of each end user that it names; by default as the service is set."`
	Trusted       bool     `help:"It is a front end that names its end user, whose rights bound those of the key."`
	JSON          bool     `help:"Print one JSON document."`
}

// A keyReport is a key as the commands print it.
type keyReport struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Secret        string     `json:"secret,omitempty"`
	State         string     `json:"state"` // active, expired, revoked
	Permissions   []string   `json:"permissions"`
	Groups        []string   `json:"groups"`
	Grade         string     `json:"grade"`
	Trusted       bool       `json:"trusted"`
	PerMinute     int        `json:"per_minute"`
	UserPerMinute int        `json:"user_per_minute"`
	Created       time.Time  `json:"created"`
	Expires       *time.Time `json:"expires"` // null: never
	Revoked       *time.Time `json:"revoked"`
	Used          *time.Time `json:"used"`
}

func reportKey(k state.Key, now time.Time) keyReport {
	r := keyReport{k.ID, k.Name, "", "active", k.Permissions, k.Groups, k.Grade, k.Trusted, k.PerMinute, k.UserPerMinute, k.Created, nil, nil, nil}
	for t, to := range map[*time.Time]**time.Time{&k.Expires: &r.Expires, &k.Revoked: &r.Revoked, &k.Used: &r.Used} {
		if !t.IsZero() {
			*to = t
		}
	}
	switch {
	case r.Revoked != nil:
		r.State = "revoked"
	case r.Expires != nil && !now.Before(*r.Expires):
		r.State = "expired"
	}
	if r.Groups == nil {
		r.Groups = []string{}
	}
	return r
}

func (cmd *keyCreateCmd) Run(ctx context.Context, c *console, s *settings) error {
	expires, err := expiry(cmd.Expires, c.now())
	if err != nil {
		return err
	}
	if strings.TrimSpace(cmd.Name) == "" || cmd.PerMinute < 0 || cmd.UserPerMinute < 0 {
		return errUsage{errors.New("--name에는 누구의 키인지를, --per-minute와 --user-per-minute에는 0 이상의 수를 적어 주세요")}
	}
	for _, v := range append([]string{cmd.Name}, cmd.Group...) {
		if strings.TrimSpace(v) != v || v == "" || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) { // key list prints them, a line for each key
			return errUsage{fmt.Errorf("--name과 --group에 빈 이름이나 제어 문자, 앞뒤 빈칸이 있으니 고쳐 주세요: %q", v)}
		}
	}
	st, err := s.state(ctx, c)
	if err != nil {
		return err
	}
	defer st.Close()
	before, err := st.AnyKey(ctx)
	if err != nil {
		return err
	}
	k, secret, err := st.CreateKey(ctx, state.Key{Name: cmd.Name, Permissions: cmd.Allow, Groups: cmd.Group, Grade: cmd.Grade, Trusted: cmd.Trusted,
		PerMinute: cmd.PerMinute, UserPerMinute: cmd.UserPerMinute, Expires: expires})
	if err != nil {
		return err
	}
	if err := s.record(ctx, c, audit.Record{Action: "key.create", Key: k.ID, Outcome: "done"}); err != nil {
		return errors.Join(err, st.RevokeKey(ctx, k.ID)) // nobody has seen its secret
	}
	if cmd.JSON {
		r := reportKey(k, c.now())
		r.Secret = secret
		return printJSON(c.out, r)
	}
	fmt.Fprintln(c.out, secret)
	fmt.Fprintf(c.err, "%s 키 %s을(를) 만들었습니다. 위의 비밀값은 다시 볼 수 없으니 지금 안전한 곳에 옮겨 주세요.\n", k.Name, k.ID)
	if !before {
		fmt.Fprintln(c.err, "첫 키이니 이제부터 서비스는, 실행 중이라도, API 키나 로그인이 있는 요청만 받습니다. 화면은 --oidc-issuer로 로그인을 설정해야 쓸 수 있습니다.")
	}
	return nil
}

// expiry reads 365d, a date or never. A key ends with the day named, in Korea.
func expiry(s string, now time.Time) (time.Time, error) {
	if s == "never" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36500 {
			return now.AddDate(0, 0, n), nil
		}
	}
	t, clock, ok := parseTime(s, calendar.Seoul)
	if !ok || clock || !t.AddDate(0, 0, 1).After(now) {
		return time.Time{}, errUsage{fmt.Errorf("--expires의 %q은(는) 앞으로의 날이 아니니 365d, 2027-12-31, never 가운데 하나처럼 적어 주세요", s)}
	}
	return t.AddDate(0, 0, 1), nil
}

type keyListCmd struct {
	JSON bool `help:"Print one JSON document."`
}

func (cmd *keyListCmd) Run(ctx context.Context, c *console, s *settings) error {
	var keys []state.Key
	if _, err := os.Stat(s.stateFile()); !errors.Is(err, fs.ErrNotExist) { // where nothing was ever kept there are none, and nothing is made
		st, err := s.state(ctx, c)
		if err != nil {
			return err
		}
		defer st.Close()
		if keys, err = st.Keys(ctx); err != nil {
			return err
		}
	}
	reports := []keyReport{}
	for _, k := range keys {
		reports = append(reports, reportKey(k, c.now()))
	}
	if cmd.JSON {
		return printJSON(c.out, reports)
	}
	if len(reports) == 0 {
		fmt.Fprintln(c.out, "아직 만든 키가 없습니다. biseo key create --name 이름 으로 만들어 주세요.")
	}
	states := map[string]string{"active": "사용", "expired": "만료", "revoked": "폐기"}
	for _, r := range reports {
		fmt.Fprintf(c.out, "%s  %s  %s  권한 %s  그룹 %s  등급 %s  만료 %s  최근 사용 %s", r.ID, states[r.State], r.Name,
			orDash(strings.Join(r.Permissions, ",")), orDash(strings.Join(r.Groups, ",")), r.Grade, dayIn(r.Expires), dayIn(r.Used))
		if r.Trusted {
			fmt.Fprint(c.out, "  이용자를 밝히는 프로그램")
		}
		fmt.Fprintln(c.out)
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func dayIn(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.In(calendar.Seoul).Format(time.DateOnly)
}

type keyRevokeCmd struct {
	ID string `arg:"" help:"ID of the key, as biseo key list prints it."`
}

func (cmd *keyRevokeCmd) Run(ctx context.Context, c *console, s *settings) error {
	st, err := s.state(ctx, c)
	if err != nil {
		return err
	}
	defer st.Close()
	err = st.RevokeKey(ctx, cmd.ID)
	if errors.Is(err, state.ErrNotFound) {
		return errUsage{fmt.Errorf("키 %s이(가) 없으니 biseo key list로 확인해 주세요", cmd.ID)}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "키 %s을(를) 폐기했습니다.\n", cmd.ID)
	return s.record(ctx, c, audit.Record{Action: "key.revoke", Key: cmd.ID, Outcome: "done"})
}
