package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// apiVersion is that of the description, which is not that of the program.
const apiVersion = "1"

//go:embed docs
var docsFiles embed.FS

// registerDescription completes the description of the API, and serves it with its
// viewer at /docs.
func (s *server) registerDescription(r *gin.Engine, api huma.API) error {
	d := api.OpenAPI()
	d.Tags = []*huma.Tag{{Name: "tasks", Description: "Search, answers and drafts"}, {Name: "documents", Description: "What the answers rest on"},
		{Name: "drafts", Description: "What the caller keeps"}, {Name: "service"}}
	d.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":     {Type: "http", Scheme: "bearer", Description: "An API key (biseo key)"},
		"session": {Type: "apiKey", In: "cookie", Name: "__Host-biseo", Description: "A login on the page"},
	}
	for _, item := range d.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			need := s.policies[op.Method+" "+op.Path]
			op.Extensions = map[string]any{"x-permission": string(need)}
			if need != Anyone {
				op.Security = []map[string][]string{{"key": {}}, {"session": {}}}
			}
			if body := op.RequestBody; body != nil && slices.Contains(takeFiles, op.OperationID) {
				body.Content[formType] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{
					"request": body.Content["application/json"].Schema,
					"files":   {Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Format: "binary"}, Description: "Read in a process apart"},
				}}}
				if op.OperationID == "add" || op.OperationID == "read" {
					delete(body.Content, "application/json") // without files there is nothing to do
				}
			}
		}
	}
	spec, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return fmt.Errorf("describe the API: %w", err)
	}
	s.spec = append(spec, '\n')
	s.route(r, Anyone, http.MethodGet, "/openapi.json", func(c *gin.Context) {
		c.Data(http.StatusOK, "application/openapi+json", s.spec)
	})
	for route, name := range map[string]string{"/docs": "docs/index.html", "/docs/docs.js": "docs/docs.js", "/docs/docs.css": "docs/docs.css"} {
		b, err := docsFiles.ReadFile(name)
		if err != nil {
			return err
		}
		h, err := file(name, b)
		if err != nil {
			return err
		}
		s.route(r, Anyone, http.MethodGet, route, h)
	}
	return nil
}

// takeFiles are the operations that take multipart/form-data.
var takeFiles = []string{"add", "check", "read", "report", "summarize"}
