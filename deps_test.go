// Package biseo holds the test of the house's arrows: which package may import which.
package biseo

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows lists what each package of this module may import of it. A new arrow is
// a design change: add it here and in DESIGN.md in the change that needs it.
// A key ending in /... speaks for the packages below it that have no key of their own.
var arrows = map[string]string{
	"korea/...":               "",
	"korea/text":              "korea/law",
	"korea/official":          "korea/law korea/text korea/calendar",
	"prompts":                 "",
	"index":                   "korea/text korea/law",
	"index/local":             "index index/local/codes index/local/postings",
	"index/local/codes":       "",
	"index/local/postings":    "index",
	"index/qdrant":            "index",
	"index/indextest":         "index",
	"llm":                     "",
	"llm/llmtest":             "llm",
	"ingest":                  "index llm korea/text korea/law korea/privacy",
	"ingest/extract":          "ingest ingest/extract/... korea/text",
	"ingest/extract/hwp":      "",
	"ingest/extract/hwpx":     "ingest/extract/hwp ingest/extract/xmlzip",
	"ingest/extract/pdf":      "",
	"ingest/extract/xmlzip":   "",
	"ingest/extract/blocks":   "ingest korea/text",
	"ingest/extract/docx":     "ingest ingest/extract/blocks ingest/extract/hwp ingest/extract/xmlzip",
	"ingest/extract/pptx":     "ingest ingest/extract/blocks ingest/extract/hwp ingest/extract/xmlzip",
	"ingest/extract/xlsx":     "ingest ingest/extract/blocks ingest/extract/xmlzip",
	"ingest/extract/markup":   "ingest ingest/extract/blocks index",
	"ingest/extract/pool":     "ingest ingest/extract/blocks",
	"ingest/extract/programs": "ingest/extract/pdf",
	"assistant/ground":        "korea/...",
	"assistant/complaint":     "korea/...",
	"assistant/excerpt":       "assistant/ground korea/...",
	"assistant/retrieval":     "assistant/ground index korea/law korea/text llm",
	"assistant":               "assistant/ground assistant/excerpt assistant/complaint assistant/retrieval index llm prompts korea/...",
	"assistant/export/paper":  "",
	"assistant/export":        "assistant/export/paper assistant assistant/ground index korea/...",
	"assistant/state":         "",
	"assistant/audit":         "",
	"assistant/backup":        "assistant/audit assistant/state",
	"assistant/web":           "assistant assistant/... ingest index korea/...",
	"assistant/web/chat":      "assistant assistant/audit assistant/ground index korea/...",
	"assistant/web/openai":    "assistant assistant/audit assistant/ground assistant/web/chat index ingest llm",
	"assistant/web/login":     "assistant/state index",
	"assistant/web/mcp":       "assistant assistant/audit assistant/ground assistant/web/chat index korea/...",
	"assistant/web/stream":    "",
	"assistant/web/catalog":   "index korea/text",
	"assistant/web/jobs":      "assistant/state",
	"assistant/web/telemetry": "assistant/web assistant/audit assistant/ground index llm",
	"eval":                    "ingest ingest/extract ingest/extract/blocks index llm korea/...",
	"eval/golden":             "korea/text",
	"eval/score":              "assistant assistant/ground eval eval/golden korea/text korea/law",
	"eval/suite":              "assistant eval eval/golden eval/score index korea/privacy llm",
	"eval/report":             "assistant assistant/ground eval eval/golden eval/score eval/suite",
	"eval/review":             "assistant assistant/ground eval eval/golden eval/suite llm prompts",
	"deploy/sample/make":      "assistant/export/paper",
	"deploy/...":              "",
	"cmd/biseo":               "...",
}

// TestArrows fails on every import, by code or by the packages that tests live
// in excepted, that arrows does not list.
func TestArrows(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		from := strings.TrimPrefix(p.ImportPath, "biseo/")
		if from == "biseo" {
			continue
		}
		seen++
		allowed, ok := arrowsOf(from)
		if !ok {
			t.Errorf("package %s has no entry in arrows", from)
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, "biseo/")
			if ours && !slices.ContainsFunc(allowed, func(a string) bool { return covers(a, to) }) {
				t.Errorf("%s imports %s: not an arrow of the house", from, to)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages seen", seen)
	}
}

func arrowsOf(pkg string) ([]string, bool) {
	if s, ok := arrows[pkg]; ok {
		return strings.Fields(s), true
	}
	for k, s := range arrows {
		if strings.HasSuffix(k, "/...") && covers(k, pkg) {
			return strings.Fields(s), true
		}
	}
	return nil, false
}

// covers reports whether pattern, a package or a tree such as korea/..., holds pkg.
func covers(pattern, pkg string) bool {
	tree, ok := strings.CutSuffix(pattern, "...")
	return pattern == pkg || ok && strings.HasPrefix(pkg, tree)
}
