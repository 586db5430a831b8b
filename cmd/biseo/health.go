package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// A healthCmd is for what watches a container: an image without a shell has no
// other program to ask with.
type healthCmd struct {
	URL string `name:"health-url" default:"http://127.0.0.1:8080" placeholder:"URL" help:"Address of the service, on this machine (${default})."`
}

func (cmd *healthCmd) Run(ctx context.Context, c *console) error {
	u, err := url.Parse(cmd.URL)
	if err == nil {
		ip, _ := netip.ParseAddr(u.Hostname())
		if u.Hostname() != "localhost" && !ip.IsLoopback() {
			err = errors.New("another machine is not asked")
		}
	}
	if err != nil {
		return errUsage{fmt.Errorf("--health-url %s을(를) http://127.0.0.1:8080처럼 적어 주세요: %w", cmd.URL, err)}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath("readyz").String(), nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // on loopback; its certificate names another host
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("서비스가 답하지 않습니다: %w", err)
	}
	defer resp.Body.Close()
	var body struct{ Reasons []string }
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&body); err != nil {
		return fmt.Errorf("서비스가 아닌 것이 답합니다: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("서비스가 아직 준비되지 않았습니다: %s", strings.Join(body.Reasons, ", "))
	}
	fmt.Fprintln(c.out, "ok", strings.Join(body.Reasons, ", "))
	return nil
}

// activated returns the listener that systemd has opened for this process (socket
// activation, sd_listen_fds(3)); nil if there is none. Connections wait in it while
// the service restarts: none is refused.
func activated() (net.Listener, error) {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	if n := os.Getenv("LISTEN_FDS"); n != "1" {
		return nil, fmt.Errorf("socket of systemd: want one socket, got %s", n)
	}
	const first = 3 // after standard input, output and error
	f := os.NewFile(first, "systemd")
	defer f.Close()
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("socket of systemd: %w", err)
	}
	return ln, errors.Join(os.Unsetenv("LISTEN_PID"), os.Unsetenv("LISTEN_FDS"))
}
