package qdrant

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"biseo/index"
)

// maxMessage bounds what one answer of the server may hold, in bytes.
const maxMessage = 256 << 20

// calls are balanced over the nodes, and asked again of another node when one
// does not answer: all that this package asks may be asked twice.
const serviceConfig = `{"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [{"name": [{}], "retryPolicy":
	{"maxAttempts": 4, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`

// addresses reads Options.URL: qdrant://host:port, qdrants://host:port for TLS, or
// host:port; several nodes of one cluster are separated by commas. The port is
// that of gRPC, 6334 if left out.
func addresses(url string) (nodes []resolver.Address, secure bool, err error) {
	rest := url
	if scheme, after, ok := strings.Cut(url, "://"); ok {
		if scheme != "qdrant" && scheme != "qdrants" {
			return nil, false, fmt.Errorf("index address %q: want qdrant://host:6334, or qdrants://host:6334 for TLS", url)
		}
		secure, rest = scheme == "qdrants", after
	}
	for node := range strings.SplitSeq(strings.TrimSuffix(rest, "/"), ",") {
		host, port, err := net.SplitHostPort(node)
		if err != nil {
			host, port = strings.Trim(node, "[]"), "6334"
		}
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, "/?#@ ") {
			return nil, false, fmt.Errorf("index address %q: want qdrant://host:6334, or qdrants://host:6334 for TLS", url)
		}
		nodes = append(nodes, resolver.Address{Addr: net.JoinHostPort(host, port), ServerName: host})
	}
	return nodes, secure, nil
}

// connect makes a client. It does not talk to the server.
func connect(opt Options) (*qdrant.Client, error) {
	nodes, secure, err := addresses(opt.URL)
	if err != nil {
		return nil, err
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if opt.CAFile != "" {
		pem, err := os.ReadFile(opt.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificate authority of the index: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificate authority of the index: %s holds no certificate in PEM form", opt.CAFile)
		}
	}
	open := func(nodes []resolver.Address, connections uint, more ...grpc.DialOption) (*qdrant.Client, error) {
		list := manual.NewBuilderWithScheme("biseo")
		list.InitialState(resolver.State{Addresses: nodes})
		return qdrant.NewClient(&qdrant.Config{
			Host: "biseo:///qdrant", Port: 1, // asked of list, which knows the addresses
			UseTLS: secure, TLSConfig: trust, PoolSize: connections, KeepAliveTime: 30, KeepAliveTimeout: 15, // s: a server at work answers late
			SkipCompatibilityCheck: true, // see checkVersion
			GrpcOptions: append([]grpc.DialOption{
				grpc.WithResolvers(list),
				grpc.WithDefaultServiceConfig(serviceConfig),
				grpc.WithConnectParams(grpc.ConnectParams{MinConnectTimeout: 10 * time.Second,
					Backoff: backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: .2, MaxDelay: 5 * time.Second}}),
				grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
				grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
					if opt.Key != "" {
						ctx = metadata.AppendToOutgoingContext(ctx, "api-key", opt.Key)
					}
					return invoke(ctx, method, req, reply, conn, opts...)
				}),
			}, more...),
		})
	}
	if len(nodes) == 1 {
		return open(nodes, 2)
	}
	g := gate{prefix: opt.Collection + "-"}
	byAddress := map[string]resolver.Address{}
	for _, n := range nodes {
		g.nodes = append(g.nodes, n.Addr)
		byAddress[n.Addr] = n
	}
	g.client = func(node string) (*qdrant.Client, error) {
		return open([]resolver.Address{byAddress[node]}, 1, grpc.WithDisableRetry())
	}
	return open(nodes, 2, grpc.WithContextDialer(g.dial))
}

// oldest is the first version of the server that does what this package asks:
// what an older one does not know it ignores without a word.
var oldest = [2]int{1, 16}

func checkVersion(version string) error {
	var major, minor int
	if _, err := fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d", &major, &minor); err != nil {
		return fmt.Errorf("the server tells no version (%q): check that the address is that of Qdrant", version)
	}
	if major != oldest[0] || minor < oldest[1] {
		return fmt.Errorf("the server is Qdrant %s: this program needs %d.%d or a newer %d.x", version, oldest[0], oldest[1], oldest[0])
	}
	return nil
}

// explain says what an error of the server means and what to do. Errors that are
// ours pass as they are, behind the address.
func (x *Index) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, ours := range []error{index.ErrNotFound, index.ErrFingerprint, index.ErrDimension, context.DeadlineExceeded} {
		if errors.Is(err, ours) {
			return err
		}
	}
	where := "index " + x.opt.URL + "/" + x.opt.Collection
	advice := map[codes.Code]string{
		codes.Unavailable:       "the server does not answer, check that it runs, its address and its port for gRPC (6334), and TLS",
		codes.DeadlineExceeded:  "the server did not answer in time, look at its load and its log",
		codes.Unauthenticated:   "the server refuses the key, check the key file",
		codes.PermissionDenied:  "the server refuses the key, check that it may write",
		codes.Unimplemented:     "the server does not know the request, check that the address is that of Qdrant's gRPC port",
		codes.ResourceExhausted: "the server has no room for it, look at its disk, memory and limits",
	}[code(err)]
	var limited *qdrant.QdrantResourceExhaustedError
	switch cause := cause(err); {
	case errors.As(err, &limited):
		return sentence{fmt.Sprintf("%s: the server is busy, try again in %d s", where, limited.RetryAfterS), err}
	case cause == "":
		return fmt.Errorf("%s: %w", where, err)
	case advice == "":
		return sentence{where + ": the server cannot do it, look at its log: " + cause, err}
	default:
		return sentence{where + ": " + advice + " (" + cause + ")", err}
	}
}

// A sentence tells an error without the chain that brought it here.
type sentence struct {
	text string
	err  error
}

func (e sentence) Error() string { return e.text }
func (e sentence) Unwrap() error { return e.err }
func (e sentence) Is(target error) bool {
	c := code(e.err)
	return target == index.ErrUnavailable && (c == codes.Unavailable || c == codes.DeadlineExceeded)
}

// cause is what an error of the server or of the way there says itself; "" if err
// is none.
func cause(err error) string {
	s := grpcStatus(err)
	if s == nil {
		return ""
	}
	text := s.Message()
	if i := strings.LastIndex(text, "desc = "); i >= 0 {
		text = strings.Trim(text[i+len("desc = "):], `"`)
	}
	text = strings.TrimPrefix(text, "transport: ")
	return strings.TrimPrefix(text, "Error while dialing: ")
}

func grpcStatus(err error) *status.Status {
	for ; err != nil; err = errors.Unwrap(err) {
		if s, ok := err.(interface{ GRPCStatus() *status.Status }); ok {
			return s.GRPCStatus()
		}
	}
	return nil
}

// code is [codes.OK] for an error that is not the server's.
func code(err error) codes.Code { return grpcStatus(err).Code() }
