package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"

	"biseo/assistant/web"
)

// accessSettings say how the service meets the network, and who may ask how much.
type accessSettings struct {
	PublicURL      string   `placeholder:"URL" help:"Address under which others reach the service, such as https://biseo.example.go.kr."`
	Host           []string `placeholder:"NAME" help:"Further host names or addresses under which it is reached."`
	TLSCert        string   `name:"tls-cert" placeholder:"FILE" help:"Certificate (PEM, with its chain); without one, TLS is left to a proxy."`
	TLSKey         string   `name:"tls-key" placeholder:"FILE" help:"Key of the certificate (PEM)."`
	Proxy          []string `placeholder:"CIDR" help:"Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, such as 10.0.0.5 or 10.0.0.0/24."`
	FrameAncestors []string `placeholder:"ORIGIN" help:"Sites whose pages may show the service in a frame, such as https://portal.example.go.kr."`

	KeyPerMinute  int `default:"600" help:"Requests a minute of an API key that has no rate of its own; -1 for no limit (${default})."`
	UserPerMinute int `default:"120" help:"Requests a minute of a person; -1 for no limit (${default})."`
	Answers       int `default:"2" help:"Answers and drafts of one caller at the same time; -1 for no limit (${default})."`
	AllAnswers    int `default:"16" help:"Answers and drafts of all callers at the same time (${default})."`
	AnswerQueue   int `default:"32" help:"Answers and drafts that wait for their turn; more are refused (${default})."`
}

// listen puts the settings into the options and says where to listen. Callers of
// the service are known if callers is set; otherwise it is for this machine alone.
func (a accessSettings) listen(addr string, callers bool, o *web.Options) (web.Listen, error) {
	l := web.Listen{Addr: addr, Callers: callers, CertFile: a.TLSCert, KeyFile: a.TLSKey}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return l, errUsage{fmt.Errorf("--addr %s에 포트까지 127.0.0.1:8080처럼 적어 주세요", addr)}
	}
	if (a.TLSCert == "") != (a.TLSKey == "") {
		return l, errUsage{errors.New("--tls-cert와 --tls-key는 함께 적어 주세요")}
	}
	if a.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(a.TLSCert, a.TLSKey); err != nil {
			return l, errUsage{fmt.Errorf("인증서와 그 열쇠를 읽지 못했으니 --tls-cert %s과(와) --tls-key %s을(를) 확인해 주세요: %w", a.TLSCert, a.TLSKey, err)}
		}
	}
	ip, _ := netip.ParseAddr(host)
	local := host == "localhost" || ip.Unmap().IsLoopback()
	if !callers && !local {
		return l, errUsage{fmt.Errorf("--addr %s에는 다른 컴퓨터도 접속할 수 있으니, biseo key create로 API 키를 먼저 만들거나 --oidc-issuer로 로그인을 설정하거나 --addr 127.0.0.1:8080으로 이 컴퓨터에서만 쓰세요", addr)}
	}
	if !callers && (a.PublicURL != "" || len(a.Host) > 0 || len(a.Proxy) > 0) { // a proxy would let everybody in as the person of this machine
		return l, errUsage{errors.New("--public-url, --host, --proxy를 쓰면 다른 컴퓨터도 접속할 수 있으니, biseo key create로 API 키를 먼저 만들거나 --oidc-issuer로 로그인을 설정해 주세요")}
	}
	o.Edge = web.Edge{Hosts: slices.Clone(a.Host), FrameAncestors: a.FrameAncestors}
	if a.PublicURL != "" {
		u, err := url.Parse(a.PublicURL)
		if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
			return l, errUsage{fmt.Errorf("--public-url %s을(를) https://biseo.example.go.kr처럼 적어 주세요", a.PublicURL)}
		}
		o.Edge.Hosts = append(o.Edge.Hosts, u.Hostname())
	}
	if ip.IsValid() && !local && !ip.IsUnspecified() {
		o.Edge.Hosts = append(o.Edge.Hosts, host)
	}
	if !local && len(o.Edge.Hosts) == 0 {
		return l, errUsage{fmt.Errorf("--addr %s으로 받을 주소를 알 수 없으니 --public-url이나 --host에 접속할 때 쓰는 이름을 적어 주세요", addr)}
	}
	for _, s := range a.Proxy {
		p, err := netip.ParsePrefix(s)
		if one, single := netip.ParseAddr(s); single == nil {
			p, err = netip.PrefixFrom(one, one.BitLen()), nil
		}
		if err != nil {
			return l, errUsage{fmt.Errorf("--proxy %s을(를) 10.0.0.5나 10.0.0.0/24처럼 적어 주세요", s)}
		}
		o.Edge.Proxies = append(o.Edge.Proxies, p)
	}
	if err := o.Edge.Check(); err != nil {
		return l, errUsage{fmt.Errorf("--host나 --frame-ancestors를 고쳐 주세요: %w", err)}
	}
	if a.AllAnswers < 1 || a.AnswerQueue < 1 || slices.ContainsFunc([]int{a.KeyPerMinute, a.UserPerMinute, a.Answers}, func(n int) bool { return n == 0 || n < -1 }) {
		return l, errUsage{errors.New("--key-per-minute, --user-per-minute, --answers는 1 이상이나 -1로, --all-answers와 --answer-queue는 1 이상으로 적어 주세요")}
	}
	o.Limits = web.Limits{KeyPerMinute: a.KeyPerMinute, UserPerMinute: a.UserPerMinute, Answers: a.Answers, AllAnswers: a.AllAnswers, AnswerQueue: a.AnswerQueue}
	return l, nil
}
