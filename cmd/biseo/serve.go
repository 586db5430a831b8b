package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"biseo/assistant/audit"
	"biseo/assistant/web"
	"biseo/assistant/web/telemetry"
	"biseo/deploy/sample"
	"biseo/index"
)

type serveCmd struct {
	Addr string `default:"127.0.0.1:8080" help:"Address to listen on; only one of this machine until there is an API key or a login (${default})."`
	accessSettings
	OIDC oidcSettings `embed:"" prefix:"oidc-" group:"Login:"`
	watchSettings
	Keep keepSettings `embed:"" prefix:"keep-"`
	person
}

// Run serves. As long as there has never been an API key and nobody can log in, the
// service is for one person on this machine, and every request has the rights of
// --as and --grade. A key that is made meanwhile counts at once, and ends that.
func (cmd *serveCmd) Run(ctx context.Context, c *console, s *settings) (err error) {
	release, err := s.hold()
	if err != nil {
		return err
	}
	defer release()
	st, err := s.state(ctx, c)
	if err != nil {
		return err
	}
	defer st.Close()
	keep, err := cmd.Keep.retention()
	if err != nil {
		return err
	}
	keyed, err := st.AnyKey(ctx) // also a revoked one: who made it does not want a service without
	if err != nil {
		return err
	}
	l, err := s.audit(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if s.watched, err = cmd.watch(ctx, c); err != nil {
		return err
	}
	opt := web.Options{State: st, Who: cmd.principal(), Audit: s.watched.Audit(l.Append), Needs: s.needs(st)}
	vault, err := s.vault(c)
	if err != nil {
		return err
	}
	if vault != nil {
		opt.Seal = vault.Seal
	}
	if opt.Login, err = cmd.OIDC.login(c, st, cmd.PublicURL, opt.Audit); err != nil {
		return err
	}
	callers := keyed || opt.Login != nil
	if callers {
		opt.Identify = web.Identify(st, opt.Login)
	} else {
		opt.Identify = web.IdentifyAlone(st, opt.Who)
	}
	if callers && len(cmd.As) > 0 {
		return errUsage{errors.New("API 키나 로그인이 있으면 요청마다 그 권한을 쓰니 --as를 빼 주세요")}
	}
	socket, err := activated()
	if err != nil {
		return err
	}
	if socket != nil {
		cmd.Addr = socket.Addr().String() // what it listens on counts, not what the settings say
	}
	listen, err := cmd.listen(cmd.Addr, callers, &opt)
	if err != nil {
		return err
	}
	listen.Open = socket
	opt.Metrics, opt.Figures = s.watched.Web(), s.watched.Page()
	upkeep, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wait, err := cmd.figures(upkeep, c, opt.Figures)
	if err != nil {
		return err
	}
	wg.Go(wait)
	wg.Go(func() { s.upkeep(upkeep, c, st, l, keep) })
	scheme := "http"
	if listen.CertFile != "" {
		scheme = "https"
	}
	return s.serve(ctx, c, opt, listen, func(addr net.Addr) { fmt.Fprintf(c.out, "%s://%s/\n", scheme, addr) })
}

// serveLock is the file in the data folder that the one service has locked.
const serveLock = "serve.lock"

// hold makes this process the only one that serves the data folder, or replaces what
// is in it, until release is called. Commands that read, and ingest, do not need it.
func (s *settings) hold() (release func() error, err error) {
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return nil, fmt.Errorf("데이터 폴더를 만들지 못했으니 --data를 확인해 주세요: %w", err)
	}
	release, err = audit.Hold(filepath.Join(s.Data, serveLock))
	switch {
	case errors.Is(err, audit.ErrHeld):
		return nil, fmt.Errorf("biseo serve가 이미 %s 폴더를 쓰고 있으니 그것을 끝내거나 --data에 다른 폴더를 적어 주세요", s.Data)
	case err != nil:
		return nil, fmt.Errorf("데이터 폴더를 잠그지 못했으니 --data와 권한, 파일 잠금을 할 수 있는 디스크인지 확인해 주세요: %w", err)
	}
	return release, nil
}

// serve serves the index of the data folder.
func (s *settings) serve(ctx context.Context, c *console, opt web.Options, listen web.Listen, ready func(net.Addr)) error {
	if err := s.beginIndex(ctx, c); err != nil {
		return err
	}
	a, x, err := s.assistant(ctx, c)
	if err != nil {
		return err
	}
	defer x.Close()
	opt.Version, opt.Now = version, c.now
	opt.Status = func(context.Context) (web.Status, error) {
		return web.Status{Model: s.Model.Name, Embedder: s.searchSpace(x),
			ModelDown: s.watched.Resting(telemetry.Language), EmbedderDown: s.watched.Resting(telemetry.Embedding)}, nil
	}
	done, err := s.manage(ctx, c, a, x, &opt)
	if err != nil {
		return err
	}
	defer done()
	if opt.Needs != nil {
		opt.Needs["index"] = func(ctx context.Context) error { return answers(ctx, x, c.now()) }
	}
	s.watched.Measure(size(x, opt.Ingest))
	h, err := web.New(c.lg, a, opt)
	if err != nil {
		return err
	}
	err = noPort("--addr", listen.Addr, web.Serve(ctx, c.lg, listen, s.watched.Handler(h), ready))
	within := func(d time.Duration, close func(context.Context) error, late string) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d)
		defer cancel()
		if err := close(ctx); err != nil {
			c.lg.Warn(late, "err", err)
		}
	}
	within(jobsTime, h.Close, "a job did not end in time")
	within(tracesTime, s.watched.Close, "traces that were left are not sent")
	return err
}

// noPort says in Korean that the address of a flag cannot be listened on, if that is err.
func noPort(flag, addr string, err error) error {
	var no *net.OpError
	if !errors.As(err, &no) || no.Op != "listen" {
		return err
	}
	return fmt.Errorf("%s %s을(를) 열지 못했으니 다른 프로그램이 쓰는 포트인지, 이 컴퓨터의 주소인지 확인하고 다른 것을 적어 주세요: %w", flag, addr, err)
}

// How long the parts of a service that stops may take, after web.Serve has had ten
// seconds for requests: less than the thirty after which a process is killed.
const (
	jobsTime   = 10 * time.Second // a job that was cut short takes files back from the index
	tracesTime = 2 * time.Second
)

// beginIndex makes an empty index where there is none, so that a new service may get
// its first document by upload.
func (s *settings) beginIndex(ctx context.Context, c *console) error {
	e, err := s.embedder()
	if err != nil {
		return err
	}
	x, err := s.openIndex(ctx, c.lg, reading, s.indexDir(), e)
	switch {
	case err == nil:
		return x.Close()
	case !errors.Is(err, fs.ErrNotExist):
		return nil // who opens it for its use says what is wrong
	}
	c.lg.Warn("there is no index yet: an empty one is begun", "index", s.indexName())
	if x, err = s.openIndex(ctx, c.lg, writing, s.indexDir(), e); err != nil {
		return fmt.Errorf("빈 색인을 만들지 못했으니 %s에 쓸 수 있는지 확인해 주세요: %w", s.indexName(), err)
	}
	return x.Close()
}

type demoCmd struct {
	Addr string `default:"127.0.0.1:8080" help:"Address to listen on."`
	person
}

func (cmd *demoCmd) Run(ctx context.Context, c *console, s *settings) error {
	demo := *s
	demo.Data = filepath.Join(s.Data, "demo")
	release, err := demo.hold()
	if err != nil {
		return err
	}
	defer release()
	files := filepath.Join(demo.Data, "sample")
	if err := sample.Copy(files); err != nil {
		return fmt.Errorf("시범 기관의 문서를 쓰지 못했으니 --data 폴더와 빈 곳을 확인해 주세요: %w", err)
	}
	in := ingestCmd{Paths: []string{files}}
	report, err := in.sync(ctx, c, &demo)
	if errors.Is(err, index.ErrFingerprint) {
		in.Rebuild = true
		report, err = in.sync(ctx, c, &demo)
	}
	if err != nil {
		return err
	}
	if len(report.Failed) > 0 {
		printReport(c.err, report)
	}
	opt := web.Options{Who: cmd.principal(), Examples: sample.Questions()}
	return demo.serve(ctx, c, opt, web.Listen{Addr: cmd.Addr}, func(addr net.Addr) {
		fmt.Fprintf(c.out, "가온시(실재하지 않는 도시)의 문서 %d건을 읽었습니다. 직원만 보는 문서는 --as staff로 볼 수 있습니다.\nhttp://%s/ 에서 물어보세요. 끝내려면 Ctrl+C를 누르세요.\n",
			report.Added+report.Changed+report.Described+report.Unchanged, addr)
	})
}
