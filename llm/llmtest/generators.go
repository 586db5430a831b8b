// Package llmtest holds language and embedding models for tests. Each fake is a
// plain value that behaves in one telling way: it echoes, stalls, breaks off,
// loops, tells the truth, or lies. None of them needs a network.
package llmtest

import (
	"context"
	"errors"
	"strings"

	"biseo/llm"
)

// ErrCut is what [Cut] ends with.
var ErrCut = errors.New("llmtest: the stream broke off")

// Echo returns its prompt, the system part first, so that a test can assert
// exactly what a model would have read.
type Echo struct{}

func (Echo) Model() string { return "echo" }

func (Echo) Generate(ctx context.Context, req llm.Request, emit func(string) error) (*llm.Response, error) {
	return write(ctx, "echo", req.System+"\n\n"+req.User, emit)
}

// Script writes a fixed text, in pieces that break inside the bytes of a Hangul
// syllable.
type Script string

func (Script) Model() string { return "script" }

func (s Script) Generate(ctx context.Context, _ llm.Request, emit func(string) error) (*llm.Response, error) {
	return write(ctx, "script", string(s), emit)
}

// Stall writes its text and then nothing more until the context is done.
type Stall string

func (Stall) Model() string { return "stall" }

func (s Stall) Generate(ctx context.Context, _ llm.Request, emit func(string) error) (*llm.Response, error) {
	if _, err := write(ctx, "stall", string(s), emit); err != nil {
		return nil, err
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// Cut writes its text and then fails with [ErrCut].
type Cut string

func (Cut) Model() string { return "cut" }

func (c Cut) Generate(ctx context.Context, _ llm.Request, emit func(string) error) (*llm.Response, error) {
	if _, err := write(ctx, "cut", string(c), emit); err != nil {
		return nil, err
	}
	return nil, ErrCut
}

// Empty writes nothing and says that it is done.
type Empty struct{}

func (Empty) Model() string { return "empty" }

func (Empty) Generate(ctx context.Context, _ llm.Request, emit func(string) error) (*llm.Response, error) {
	return write(ctx, "empty", "", emit)
}

// Loop writes its text again and again until it is stopped. Without an emit
// function to stop it, it waits for the context.
type Loop string

func (Loop) Model() string { return "loop" }

func (l Loop) Generate(ctx context.Context, _ llm.Request, emit func(string) error) (*llm.Response, error) {
	if emit == nil || l == "" {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for {
		if _, err := write(ctx, "loop", string(l), emit); err != nil {
			return nil, err
		}
	}
}

// pieceSizes are the byte lengths of the pieces of a stream. A Hangul syllable
// has three bytes, so that most pieces end inside one.
var pieceSizes = [...]int{1, 2, 5, 7, 4, 11}

// write streams text to emit and returns it whole.
func write(ctx context.Context, model, text string, emit func(string) error) (*llm.Response, error) {
	if emit != nil {
		for i, rest := 0, text; rest != ""; i++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			n := min(pieceSizes[i%len(pieceSizes)], len(rest))
			if err := emit(rest[:n]); err != nil {
				return nil, err
			}
			rest = rest[n:]
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &llm.Response{Text: text, Model: model, StopReason: "stop", Completion: len(strings.Fields(text))}, nil
}
