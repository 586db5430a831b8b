package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"biseo/assistant/audit"
	"biseo/assistant/backup"
	"biseo/assistant/state"
	"biseo/assistant/web"
	"biseo/assistant/web/telemetry"
	"biseo/index"
)

type logSettings struct {
	Format string `default:"text" enum:"text,json" help:"How the log on standard error is written: text or json (${default})."`
	Level  string `default:"warn" enum:"error,warn,info,debug" help:"Least level that is logged: error, warn, info or debug (${default}). info has a line for each request."`
}

// logger returns the program's log.
func (s *settings) logger(to io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.Log.Level)) // the parser admits only names of levels
	if s.Verbose {
		level = min(level, slog.LevelInfo)
	}
	opt := &slog.HandlerOptions{Level: level}
	if s.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, opt))
	}
	return slog.New(slog.NewTextHandler(to, opt))
}

// watchSettings say who may look at how the service does.
type watchSettings struct {
	MetricsAddr string `placeholder:"ADDR" help:"Address of this machine, such as 127.0.0.1:9464, where /metrics is served without a key; on the service's own address it wants the permission admin."`
	OTLPURL     string `name:"otlp-url" placeholder:"URL" help:"OpenTelemetry collector that gets traces over HTTP, such as http://127.0.0.1:4318. They hold no text of questions or documents."`
}

// watch begins to measure the service.
func (cmd *watchSettings) watch(ctx context.Context, c *console) (*telemetry.Telemetry, error) {
	t := telemetry.New(version)
	if cmd.OTLPURL == "" {
		return t, nil
	}
	if err := t.Trace(ctx, c.lg, cmd.OTLPURL, version); err != nil {
		return nil, errUsage{fmt.Errorf("--otlp-url %s을(를) http://127.0.0.1:4318처럼 적어 주세요: %w", cmd.OTLPURL, err)}
	}
	return t, nil
}

// figures serves /metrics on its own address, if the settings want that, until ctx
// is done. wait returns when it has ended.
func (cmd *watchSettings) figures(ctx context.Context, c *console, page http.Handler) (wait func(), err error) {
	if cmd.MetricsAddr == "" {
		return func() {}, nil
	}
	host, _, err := net.SplitHostPort(cmd.MetricsAddr)
	ip, _ := netip.ParseAddr(host)
	if err != nil || host != "localhost" && !ip.Unmap().IsLoopback() {
		return nil, errUsage{fmt.Errorf("--metrics-addr %s은(는) 이 컴퓨터의 주소가 아니니 127.0.0.1:9464처럼 적고, 다른 컴퓨터에서는 admin 권한의 API 키로 서비스의 /metrics를 읽어 주세요", cmd.MetricsAddr)}
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", cmd.MetricsAddr)
	if err != nil {
		return nil, noPort("--metrics-addr", cmd.MetricsAddr, err)
	}
	c.lg.Info("metrics", "address", ln.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", page)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer stop()
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			c.lg.Error("metrics", "err", err)
		}
	}()
	return func() { <-done }, nil
}

// size counts what the service holds.
func size(x index.Index, files web.Ingester) func(context.Context) (telemetry.Size, error) {
	return func(ctx context.Context) (z telemetry.Size, err error) {
		counted, ok := x.(interface {
			Size(context.Context) (docs, chunks int, err error)
		})
		if !ok {
			return z, fmt.Errorf("no way to count %T", x)
		}
		if z.Documents, z.Chunks, err = counted.Size(ctx); err != nil || files == nil {
			return z, err
		}
		all, err := files.Files(ctx)
		z.Files = map[string]int{}
		for _, f := range all {
			z.Files[string(f.State)]++
		}
		return z, err
	}
}

// needs are the parts without which the service is not ready.
func (s *settings) needs(st *state.Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"state": func(ctx context.Context) error { _, err := st.Keys(ctx); return err },
		"audit": func(context.Context) error { return writable(s.auditDir()) },
	}
}

// writable reports whether a file can be written durably in a folder: a full disk or
// one that has become read-only is found before a request meets it.
func writable(dir string) (err error) {
	f, err := os.OpenFile(filepath.Join(dir, ".ready"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err := f.Write(make([]byte, 4096)); err != nil {
		return err
	}
	return f.Sync()
}

// keepSettings say for how many days the service keeps what it stores.
type keepSettings struct {
	Drafts        int `placeholder:"DAYS" help:"Days for which drafts are kept after their last change; 0 until somebody deletes them (${default})." default:"0"`
	Conversations int `placeholder:"DAYS" help:"Days for which conversations are kept after their last turn; 0 until somebody deletes them (${default})." default:"0"`
	Feedback      int `placeholder:"DAYS" help:"Days for which feedback is kept; 0 for ever (${default})." default:"0"`
	Jobs          int `placeholder:"DAYS" help:"Days for which jobs that have ended are listed; 0 for ever (${default})." default:"90"`
}

func (k keepSettings) retention() (state.Retention, error) {
	if min(k.Drafts, k.Conversations, k.Feedback, k.Jobs) < 0 {
		return state.Retention{}, errUsage{errors.New("--keep-drafts, --keep-conversations, --keep-feedback, --keep-jobs는 0이나 그보다 큰 수로 적어 주세요")}
	}
	const day = 24 * time.Hour
	return state.Retention{Drafts: time.Duration(k.Drafts) * day, Conversations: time.Duration(k.Conversations) * day,
		Feedback: time.Duration(k.Feedback) * day, Jobs: time.Duration(k.Jobs) * day}, nil
}

// upkeep removes once an hour what has outlived its time, until ctx is done.
func (s *settings) upkeep(ctx context.Context, c *console, st *state.Store, l *audit.Log, keep state.Retention) {
	for {
		s.tidy(ctx, c, st, l, keep)
		select {
		case <-time.After(time.Hour):
		case <-ctx.Done():
			return
		}
	}
}

// tidy removes what has outlived its time. What fails is logged and tried again.
func (s *settings) tidy(ctx context.Context, c *console, st *state.Store, l *audit.Log, keep state.Retention) {
	const day = 24 * time.Hour
	purged, err := st.Purge(ctx, keep)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		c.lg.Error("purge state", "err", err)
	}
	records, err := l.Expire(time.Duration(s.Audit.KeepDays) * day)
	if err != nil {
		c.lg.Error("expire audit log", "err", err)
	}
	sealed, err := s.expireSealed(c)
	if err != nil {
		c.lg.Error("expire sealed texts", "err", err)
	}
	if purged != (state.Purged{}) || records > 0 || sealed > 0 {
		c.lg.Info("removed what has outlived its time", "drafts", purged.Drafts, "conversations", purged.Conversations, "jobs", purged.Jobs,
			"feedback", purged.Feedback, "sessions", purged.Sessions, "requests", purged.Requests, "audit", records, "sealed", sealed)
	}
}

// expireSealed removes old sealed texts, also where no new ones are sealed any more.
func (s *settings) expireSealed(c *console) (int, error) {
	if _, err := os.Stat(s.vaultDir()); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	v, err := audit.OpenVault(s.vaultDir(), s.keyFile(s.Audit.VaultKey, backup.VaultKey)+".pub", c.now)
	if err != nil {
		return 0, err
	}
	return v.Expire(time.Duration(s.Audit.SealKeepDays) * 24 * time.Hour)
}
