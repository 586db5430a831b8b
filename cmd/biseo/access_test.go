package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"biseo/assistant/web"
)

func TestListen(t *testing.T) {
	usual := accessSettings{KeyPerMinute: 600, UserPerMinute: 120, Answers: 2, AllAnswers: 16, AnswerQueue: 32}
	tests := []struct {
		name    string
		addr    string
		callers bool
		change  func(*accessSettings)
		hosts   []string
		want    string // part of the error
	}{
		{"one person", "127.0.0.1:8080", false, nil, nil, ""},
		{"one person, by name", "localhost:8080", false, nil, nil, ""},
		{"one person, IPv6", "[::1]:8080", false, nil, nil, ""},
		{"nobody known on every address", "0.0.0.0:8080", false, nil, nil, "biseo key create"},
		{"nobody known on every IPv6 address", "[::]:8080", false, nil, nil, "biseo key create"},
		{"nobody known and no address", ":8080", false, nil, nil, "biseo key create"},
		{"nobody known on a name", "biseo.example:8080", false, nil, nil, "biseo key create"},
		{"nobody known, with a public URL", "0.0.0.0:8080", false, func(a *accessSettings) { a.PublicURL = "https://biseo.example" }, nil, "biseo key create"},
		{"nobody known behind a proxy, by public URL", "127.0.0.1:1", false, func(a *accessSettings) { a.PublicURL = "https://biseo.example" }, nil, "biseo key create"},
		{"nobody known behind a proxy, by name", "127.0.0.1:1", false, func(a *accessSettings) { a.Host = []string{"biseo.example"} }, nil, "biseo key create"},
		{"nobody known behind a proxy", "127.0.0.1:1", false, func(a *accessSettings) { a.Proxy = []string{"127.0.0.1"} }, nil, "biseo key create"},
		{"callers on every address", "0.0.0.0:8080", true, nil, nil, "--public-url"},
		{"callers with a public URL", "0.0.0.0:8080", true, func(a *accessSettings) { a.PublicURL = "https://biseo.example:8443" }, []string{"biseo.example"}, ""},
		{"callers on one address", "10.0.0.7:8080", true, func(a *accessSettings) { a.Host = []string{"biseo"} }, []string{"biseo", "10.0.0.7"}, ""},
		{"no port", "127.0.0.1", true, nil, nil, "--addr"},
		{"certificate alone", "127.0.0.1:1", true, func(a *accessSettings) { a.TLSCert = "a.pem" }, nil, "--tls-key"},
		{"no such certificate", "127.0.0.1:1", true, func(a *accessSettings) { a.TLSCert, a.TLSKey = "none.pem", "none.key" }, nil, "--tls-cert none.pem"},
		{"proxy", "127.0.0.1:1", true, func(a *accessSettings) { a.Proxy = []string{"10.0.0.1", "10.0.0.0/8"} }, nil, ""},
		{"no proxy", "127.0.0.1:1", true, func(a *accessSettings) { a.Proxy = []string{"proxy.example"} }, nil, "--proxy"},
		{"frames of everyone", "127.0.0.1:1", true, func(a *accessSettings) { a.FrameAncestors = []string{"*"} }, nil, "--frame-ancestors"},
		{"public URL without a scheme", "127.0.0.1:1", true, func(a *accessSettings) { a.PublicURL = "biseo.example" }, nil, "--public-url"},
		{"no answers", "127.0.0.1:1", true, func(a *accessSettings) { a.Answers = 0 }, nil, "--answers"},
		{"no limit of answers", "127.0.0.1:1", true, func(a *accessSettings) { a.Answers = -1 }, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := usual
			if tt.change != nil {
				tt.change(&a)
			}
			var o web.Options
			l, err := a.listen(tt.addr, tt.callers, &o)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || l.Callers != tt.callers {
				t.Fatalf("got %+v, %v", l, err)
			}
			if d := cmp.Diff(tt.hosts, o.Edge.Hosts); d != "" {
				t.Error(d)
			}
		})
	}
}

// Without a key the service listens on this machine only, and says what to do.
func TestServeNeedsKey(t *testing.T) {
	var out, errs bytes.Buffer
	code := run(context.Background(), []string{"serve", "--data", t.TempDir(), "--addr", "0.0.0.0:0"}, &out, &errs)
	if code != exitUsage || !strings.Contains(errs.String(), "biseo key create") {
		t.Errorf("got %d %s", code, errs.String())
	}
}
