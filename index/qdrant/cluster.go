package qdrant

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/qdrant/go-client/qdrant"
)

// A gate connects to the nodes of a cluster, but to none that lags behind. A node
// that comes back takes its copies for complete until the consensus of the cluster
// tells it which writes they missed, and answers from them: it is asked again once
// it sees the copies as the other nodes do.
//
// The server's read consistency is no cure. With two copies each of its kinds asks
// both and fails while one is away, and with more it drops a point that one of the
// copies asked does not have.
//
// A write counts only when the copies that missed it are known as such to the
// consensus (apply waits for it), so that no connection made through the gate
// answers without it. A node that is cut off from the others but not from this
// program may, until its connection ends.
type gate struct {
	nodes  []string // addresses
	prefix string   // of the names of our collections, before their number
	client func(node string) (*qdrant.Client, error)
}

const (
	gateTerm  = 3 * time.Second        // how long nodes that disagree may take to agree; then most must
	gatePause = 100 * time.Millisecond // between two looks
)

// dial connects to a node.
func (g gate) dial(ctx context.Context, node string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", node)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(gateTerm); ; {
		same, answers := g.agree(ctx, node)
		switch {
		case same > 0 && same == answers, 2*same > answers && time.Now().After(end):
			return conn, nil
		case time.Now().After(end):
			return nil, errors.Join(fmt.Errorf("node %s does not see the copies as the other nodes do", node), conn.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), conn.Close())
		case <-time.After(gatePause):
		}
	}
}

// agree counts the nodes that answer, and those of them that see the copies of our
// collections as node does.
func (g gate) agree(ctx context.Context, node string) (same, answers int) {
	ctx, cancel := context.WithTimeout(ctx, gateTerm)
	defer cancel()
	type view struct{ node, copies string }
	views := make(chan view)
	for _, n := range g.nodes {
		go func() {
			copies, err := g.copies(ctx, n)
			if err != nil {
				n = ""
			}
			views <- view{n, copies}
		}()
	}
	var all []view
	for range g.nodes {
		if v := <-views; v.node != "" {
			all = append(all, v)
		}
	}
	i := slices.IndexFunc(all, func(v view) bool { return v.node == node })
	if i < 0 {
		return 0, len(all)
	}
	for _, v := range all {
		if v.copies == all[i].copies {
			same++
		}
	}
	return same, len(all)
}

// copies lists the copies of all shards of our collections and their states, as a
// node sees them.
func (g gate) copies(ctx context.Context, node string) (string, error) {
	c, err := g.client(node)
	if err != nil {
		return "", err
	}
	defer c.Close()
	names, err := c.ListCollections(ctx)
	if err != nil {
		return "", err
	}
	var all []string
	for _, name := range names {
		if number, ours := strings.CutPrefix(name, g.prefix); !ours || strings.Trim(number, "0123456789") != "" {
			continue
		}
		info, err := c.GetCollectionClusterInfo(ctx, name)
		if err != nil {
			return "", err
		}
		for _, s := range info.GetLocalShards() {
			all = append(all, fmt.Sprint(name, s.GetShardId(), info.GetPeerId(), s.GetState()))
		}
		for _, s := range info.GetRemoteShards() {
			all = append(all, fmt.Sprint(name, s.GetShardId(), s.GetPeerId(), s.GetState()))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n"), nil
}
