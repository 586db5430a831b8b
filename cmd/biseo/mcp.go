package main

import (
	"context"
	"io"
	"os"

	"biseo/assistant"
	"biseo/assistant/web/mcp"
)

// mcpCmd serves one client that has started the program, with the rights of the
// command line. Standard output belongs to the protocol. Like the other commands of
// the person at this machine it keeps no audit record; the service at /mcp does.
type mcpCmd struct {
	person
}

func (cmd *mcpCmd) Run(ctx context.Context, c *console, s *settings) error {
	a, x, err := s.assistant(ctx, c)
	if err != nil {
		return err
	}
	defer x.Close()
	who := cmd.principal()
	return mcp.Serve(ctx, c.lg, a, mcp.Options{Version: version, Now: c.now, Who: func(context.Context) assistant.Principal { return who }}, os.Stdin, unclosed{c.out})
}

// unclosed is standard output, which is not the protocol's to close.
type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }
