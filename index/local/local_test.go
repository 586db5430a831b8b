package local

import (
	"path/filepath"
	"testing"

	"biseo/index"
	"biseo/index/indextest"
)

// opener opens, for each test, an index in a folder of its own.
func opener(t *testing.T) func(*testing.T) index.Index {
	dir := t.TempDir()
	return func(t *testing.T) index.Index {
		t.Helper()
		x, err := Open(t.Context(), filepath.Join(dir, t.Name()), Options{Space: indextest.Space, Rules: "r1"})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	indextest.Run(t, opener(t))
}

func TestRights(t *testing.T) {
	t.Parallel()
	indextest.Rights(t, opener(t))
}
