package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

//go:embed page
var pageFiles embed.FS

// views are the addresses of the page, one for each task.
var views = []string{"/", "/search", "/summary", "/report", "/reply", "/drafts", "/documents", "/admin"}

// registerPage serves the page's files under /page and the page itself at each
// view. It returns the handler for unknown addresses: a problem for programs, a
// page for people.
func registerPage(r *gin.Engine) (notFound gin.HandlerFunc, err error) {
	err = fs.WalkDir(pageFiles, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := pageFiles.ReadFile(name)
		if err != nil {
			return err
		}
		b = []byte(shrink(name, string(b)))
		h, err := file(name, b)
		if err != nil {
			return err
		}
		switch name {
		case "page/index.html":
			for _, v := range views {
				serveFile(r, v, h)
			}
		case "page/404.html":
			notFound = func(c *gin.Context) {
				if strings.HasPrefix(c.Request.URL.Path, "/v1/") || !strings.Contains(c.GetHeader("Accept"), "text/html") {
					writeProblem(c.Writer, newProblem(http.StatusNotFound, "not_found", "없는 주소입니다. /openapi.json에서 주소를 확인해 주세요."))
					return
				}
				c.Data(http.StatusNotFound, "text/html; charset=utf-8", b)
			}
		default:
			serveFile(r, "/"+name, h)
		}
		return nil
	})
	return notFound, err
}

func serveFile(r *gin.Engine, route string, h gin.HandlerFunc) {
	r.GET(route, h)
	r.HEAD(route, h)
}

var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// file serves b, which a browser may keep as long as it asks whether it changed.
func file(name string, b []byte) (gin.HandlerFunc, error) {
	contentType := contentTypes[path.Ext(name)]
	if contentType == "" {
		return nil, fmt.Errorf("page file %s: no content type is known for it", name)
	}
	sum := sha256.Sum256(b)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", etag)
		http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(b))
	}, nil
}
