package score_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"biseo/eval/golden"
	"biseo/eval/score"
)

// A judged is a case with what the assistant gave for it.
type judged struct {
	task   golden.Task
	c      golden.Case
	result score.Result
}

// recorded reads testdata/results.jsonl.gz: what a run without a model gave for some
// cases of each set over the sample agency.
func recorded(t *testing.T) []judged {
	t.Helper()
	sets, err := golden.Read(filepath.Join("..", "golden", "gaon"))
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]golden.Case{}
	for _, set := range sets {
		for _, c := range set {
			cases[c.ID] = c
		}
	}
	f, err := os.Open(filepath.Join("testdata", "results.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []judged
	for d := json.NewDecoder(z); ; {
		var line struct {
			Task   golden.Task
			Result score.Result
		}
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		c, ok := cases[line.Result.Case]
		if !ok {
			t.Fatalf("the set has no case %s", line.Result.Case)
		}
		out = append(out, judged{line.Task, c, line.Result})
	}
}
