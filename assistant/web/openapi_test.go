package web

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"biseo/index"

	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
)

// update is the command that writes the description anew.
const update = "BISEO_UPDATE=1 go test ./assistant/web -run TestOpenAPIFile"

// description is openapi.json as the code makes it. Its version is not that of the
// program: the file changes with the API only.
func description(t *testing.T) []byte {
	t.Helper()
	s := newServer(slog.New(slog.DiscardHandler), &fake{}, Options{})
	if _, err := s.router(); err != nil {
		t.Fatal(err)
	}
	return s.spec
}

// The committed openapi.json is what the code describes, and OpenAPI 3.1.
func TestOpenAPIFile(t *testing.T) {
	want := description(t)
	if os.Getenv("BISEO_UPDATE") != "" {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("openapi.json")
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("openapi.json is not what the code describes: run %s (%v)", update, err)
	}
	v := describedBy(t)
	if ok, problems := v.ValidateDocument(); !ok {
		for _, p := range problems {
			t.Errorf("%s: %s", p.Message, p.Reason)
			for _, e := range p.SchemaValidationErrors {
				t.Errorf("  %s: %s", e.KeywordLocation, e.Reason)
			}
		}
	}
}

var (
	validatorOnce  sync.Once
	validatorMade  validator.Validator
	validatorFault error
)

// describedBy validates against the description.
func describedBy(t *testing.T) validator.Validator {
	t.Helper()
	validatorOnce.Do(func() {
		doc, err := libopenapi.NewDocument(description(t))
		if err != nil {
			validatorFault = err
			return
		}
		v, errs := validator.NewValidator(doc, config.WithFormatAssertions())
		if len(errs) > 0 {
			validatorFault = errs[0]
			return
		}
		validatorMade = v
	})
	if validatorFault != nil {
		t.Fatal(validatorFault)
	}
	return validatorMade
}

// described fails the test unless a response of the API is as described.
func described(t *testing.T, req *http.Request, resp *http.Response, body []byte) {
	t.Helper()
	if !strings.HasPrefix(req.URL.Path, "/v1/") && req.URL.Path != "/healthz" && req.URL.Path != "/readyz" {
		return
	}
	if resp.Header.Get("Content-Type") == linesType { // the validator takes it for one JSON value
		return
	}
	undescribed := resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusMethodNotAllowed // of the address itself
	again := *resp
	again.Body = io.NopCloser(bytes.NewReader(body))
	asked := req.Clone(req.Context())
	asked.Body = http.NoBody
	ok, problems := describedBy(t).ValidateHttpResponse(asked, &again)
	if ok {
		return
	}
	for _, p := range problems {
		if undescribed && (strings.Contains(p.Message, "not found") || strings.Contains(p.Message, "Path")) {
			continue
		}
		t.Errorf("%s %s: the response %d is not as described: %s: %s", req.Method, req.URL.Path, resp.StatusCode, p.Message, p.Reason)
		for _, e := range p.SchemaValidationErrors {
			t.Errorf("  %s: %s", e.KeywordLocation, e.Reason)
		}
	}
}

// describedOperations are the operations of a description by path and method.
func describedOperations(t *testing.T, spec []byte) map[string]map[string]json.RawMessage {
	t.Helper()
	var d struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(spec, &d); err != nil {
		t.Fatal(err)
	}
	return d.Paths
}

func containsAll(s string, parts ...string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(s, p) })
}

// Every code of a problem stands in the description.
func TestProblemCodes(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	field, _ := reflect.TypeFor[Problem]().FieldByName("Code")
	_, list, _ := strings.Cut(field.Tag.Get("doc"), ": ")
	listed := strings.Split(list, ", ")
	used := regexp.MustCompile(`newProblem\([^,"]+, "([a-z_]+)"`)
	var found []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllSubmatch(b, -1) {
			found = append(found, string(m[1]))
		}
	}
	slices.Sort(found)
	if d := cmp.Diff(listed, slices.Compact(found)); d != "" {
		t.Errorf("codes (-described +used):\n%s", d)
	}
}

// The kinds of document, which tags of fields spell out, are those of the index.
func TestDocumentKinds(t *testing.T) {
	lists := regexp.MustCompile(`"enum": ?\[([^\]]*"decree"[^\]]*)\]`).FindAllSubmatch(description(t), -1)
	if len(lists) == 0 {
		t.Fatal("no field takes a kind of document")
	}
	for _, l := range lists {
		var got []string
		if err := json.Unmarshal([]byte("["+string(l[1])+"]"), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(index.KindNames(), got); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
	}
}
