package qdrant

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
)

// A Builder is an empty index beside the live one: fill it, then Commit.
type Builder struct {
	*Index
	committed bool
}

// Rebuild starts a new generation of the index. The live one answers until
// [Builder.Commit]; what others write to it meanwhile does not reach the new one.
// A generation that nobody is filling any more is deleted first.
func Rebuild(ctx context.Context, lg *slog.Logger, opt Options) (*Builder, error) {
	opt.ReadOnly = false
	x, err := prepare(ctx, lg, opt)
	if err != nil {
		return nil, err
	}
	b := &Builder{Index: x}
	if err := b.begin(ctx); err != nil {
		return nil, errors.Join(x.explain(ctx, err), x.client.Close())
	}
	return b, nil
}

func (b *Builder) begin(ctx context.Context) error {
	live, err := b.live(ctx)
	if err == nil && live == "" {
		if err = b.start(ctx); err == nil {
			live, err = b.live(ctx)
		}
	}
	if err != nil {
		return err
	}
	if _, err := b.readMeta(ctx, live); err != nil {
		return err
	}
	b.removeUnused(ctx)
	found, err := b.generations(ctx)
	if err != nil {
		return err
	}
	n := 1
	if len(found) > 0 {
		n = found[len(found)-1] + 1
	}
	return b.own(ctx, n)
}

// own makes a generation that nobody else fills, and takes the right to write to it:
// n, or a later one where another process was first.
func (b *Builder) own(ctx context.Context, n int) error {
	b.writer.term = time.Hour // so that nobody takes it for one that was given up
	for {
		made, err := b.create(ctx, n)
		if err != nil {
			return err
		}
		if made {
			break
		}
		n++
	}
	b.name = b.generation(n)
	err := b.mark(ctx, n, b.writer.owner, time.Now().Add(b.writer.term))
	if err == nil {
		err = b.identify(ctx)
	}
	if err != nil {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.opt.Wait)
		defer cancel()
		err = errors.Join(err, b.client.DeleteCollection(end, b.name))
	}
	return err
}

// removeUnused deletes our collections that no alias names and nobody is writing to.
// What cannot be deleted now is left to the next time.
func (x *Index) removeUnused(ctx context.Context) {
	found, _ := x.generations(ctx)
	for _, n := range found {
		name := x.generation(n)
		if name == x.name {
			continue
		}
		if m, err := x.readMeta(ctx, name); err != nil || m.lease >= time.Now().UnixMilli() {
			continue
		}
		// In this order: a Builder gives its lease up once the alias names its collection.
		if aliases, err := x.client.ListCollectionAliases(ctx, name); err == nil && len(aliases) == 0 {
			x.lg.Info("delete a former index", "collection", name, "err", x.client.DeleteCollection(ctx, name))
		}
	}
}

// Commit makes the new generation the live one, for all processes, and deletes
// the former. The Builder goes on as an ordinary index.
func (b *Builder) Commit(ctx context.Context) error {
	live, err := b.live(ctx)
	if err == nil {
		var actions []*qdrant.AliasOperations
		if live != "" {
			actions = append(actions, qdrant.NewAliasDelete(b.opt.Collection))
		}
		err = b.client.UpdateAliases(ctx, append(actions, qdrant.NewAliasCreate(b.opt.Collection, b.name)))
	}
	if err != nil {
		return b.explain(ctx, err)
	}
	b.committed = true
	b.writer.release()
	b.writer.term = 0
	b.removeUnused(ctx)
	return nil
}

// Close discards what was not committed.
func (b *Builder) Close() error {
	var err error
	if !b.committed {
		ctx, cancel := context.WithTimeout(context.Background(), b.opt.Wait)
		defer cancel()
		err = b.discard(ctx)
	}
	return errors.Join(err, b.Index.Close())
}

// discard deletes the collection, unless it is another's or the live one after all: of
// a Commit that failed it is not known how far it came.
func (b *Builder) discard(ctx context.Context) error {
	m, err := b.readMeta(ctx, b.name)
	if code(err) == codes.NotFound || err == nil && m.owner != b.writer.owner {
		return nil
	}
	aliases, again := b.client.ListCollectionAliases(ctx, b.name)
	if err = errors.Join(err, again); err != nil || len(aliases) > 0 {
		return err
	}
	return b.client.DeleteCollection(ctx, b.name)
}

// Scratch makes an empty index that nobody else finds, for a measurement: its
// collection gets a name of its own, and Close deletes it.
func Scratch(ctx context.Context, lg *slog.Logger, opt Options) (*Builder, error) {
	opt.ReadOnly = false
	x, err := prepare(ctx, lg, opt)
	if err != nil {
		return nil, err
	}
	x.opt.Collection += "-scratch-" + uuid.NewString()
	b := &Builder{Index: x}
	if err := b.own(ctx, 1); err != nil {
		return nil, errors.Join(x.explain(ctx, err), x.client.Close())
	}
	return b, nil
}
