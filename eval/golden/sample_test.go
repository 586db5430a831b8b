package golden

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"biseo/deploy/sample"
	"biseo/ingest/extract"
)

// TestSampleSets holds the sets over the sample agency against its documents.
func TestSampleSets(t *testing.T) {
	sets, err := Read("gaon")
	if err != nil {
		t.Fatal(err)
	}
	texts := sampleTexts(t)
	for _, task := range Tasks() {
		for _, f := range Lint(sets[task], texts) {
			t.Errorf("%s: %s", f.ID, f.Text)
		}
		t.Logf("%-8s %d cases", task, len(sets[task]))
	}
}

// sampleTexts returns the text of each document of the sample agency by its path.
func sampleTexts(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := sample.Copy(dir); err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, ".yaml") {
			return err
		}
		d, err := extract.Read(t.Context(), path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		texts[filepath.ToSlash(name)] = d.Text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
