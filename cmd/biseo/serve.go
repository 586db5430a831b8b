package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"biseo/assistant/web"
	"biseo/deploy/sample"
	"biseo/index"
)

type serveCmd struct {
	Addr string `default:"127.0.0.1:8080" help:"Address to listen on; only loopback until authentication is configured."`
	person
}

func (cmd *serveCmd) Run(ctx context.Context, c *console, s *settings) error {
	return cmd.serve(ctx, c, s, nil, func(addr net.Addr) { fmt.Fprintf(c.out, "http://%s/\n", addr) })
}

func (cmd *serveCmd) serve(ctx context.Context, c *console, s *settings, examples []string, ready func(net.Addr)) error {
	a, x, err := s.assistant(ctx, c)
	if err != nil {
		return err
	}
	defer x.Close()
	opt := web.Options{
		Version: version, Now: c.now, Who: cmd.principal(), Examples: examples,
		Status: func(context.Context) (web.Status, error) {
			return web.Status{Model: s.Model.Name, Embedder: x.Space()}, nil
		},
	}
	done, err := s.manage(ctx, c, a, x, &opt)
	if err != nil {
		return err
	}
	defer done()
	h, err := web.New(c.lg, a, opt)
	if err != nil {
		return err
	}
	return web.Serve(ctx, c.lg, web.Listen{Addr: cmd.Addr}, h, ready)
}

type demoCmd struct {
	Addr string `default:"127.0.0.1:8080" help:"Address to listen on."`
	person
}

func (cmd *demoCmd) Run(ctx context.Context, c *console, s *settings) error {
	demo := *s
	demo.Data = filepath.Join(s.Data, "demo")
	files := filepath.Join(demo.Data, "sample")
	if err := sample.Copy(files); err != nil {
		return fmt.Errorf("write the sample agency: %w", err)
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
	serve := serveCmd{Addr: cmd.Addr, person: cmd.person}
	return serve.serve(ctx, c, &demo, sample.Questions(), func(addr net.Addr) {
		fmt.Fprintf(c.out, "가온시(실재하지 않는 도시)의 문서 %d건을 읽었습니다. 직원만 보는 문서는 --as staff로 볼 수 있습니다.\nhttp://%s/ 에서 물어보세요. 끝내려면 Ctrl+C를 누르세요.\n",
			report.Added+report.Changed+report.Described+report.Unchanged, addr)
	})
}
