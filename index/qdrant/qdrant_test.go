package qdrant

import (
	"log/slog"
	"testing"

	"biseo/index/indextest"
)

var quiet = slog.New(slog.DiscardHandler)

func TestContract(t *testing.T) {
	indextest.Run(t, opener(t))
}

func TestRights(t *testing.T) {
	indextest.Rights(t, opener(t))
}
