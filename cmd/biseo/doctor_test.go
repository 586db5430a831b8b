package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// diagnose runs the doctor and returns its findings and settings by name.
func diagnose(t *testing.T, args ...string) (code int, checks map[string]finding, settings map[string]explained) {
	t.Helper()
	code, out, errs := biseo(t, append(args, "doctor", "--json")...)
	var d diagnosis
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatalf("%v: %s%s", err, out, errs)
	}
	checks, settings = map[string]finding{}, map[string]explained{}
	for _, f := range d.Checks {
		checks[f.Check] = f
	}
	for _, e := range d.Settings {
		settings[e.Name] = e
	}
	return code, checks, settings
}

// The doctor says of every value where it comes from, also of those that only
// biseo serve has, and prints no secret.
func TestDoctorSettings(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "key", "very-secret\n")
	config := filepath.Join(dir, "biseo.yaml")
	write(t, dir, "biseo.yaml", "# settings\ndata: "+dir+"/data\nmodel:\n  context: 4096\n  key-file: "+dir+"/key\naddr: 127.0.0.1:9000\nkeep-jobs: 7\nhost: [a.example, b.example]\n")
	if err := os.Chmod(filepath.Join(dir, "key"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BISEO_MODEL_PARALLEL", "2")
	t.Setenv("BISEO_KEEP_DRAFTS", "30")
	code, checks, got := diagnose(t, "--config", config, "--log-level", "error")
	if code != exitDone {
		t.Errorf("exit %d: %v", code, checks)
	}
	want := map[string][2]string{
		"data":           {dir + "/data", config + ":2"},
		"model-context":  {"4096", config + ":4"},
		"model-key-file": {dir + "/key", config + ":5"},
		"addr":           {"127.0.0.1:9000", config + ":6"},
		"keep-jobs":      {"7", config + ":7"},
		"host":           {"a.example,b.example", config + ":8"},
		"model-parallel": {"2", "environment BISEO_MODEL_PARALLEL"},
		"keep-drafts":    {"30", "environment BISEO_KEEP_DRAFTS"},
		"log-level":      {"error", "command line"},
		"config":         {config, "command line"},
		"log-format":     {"text", "default"},
		"model-timeout":  {"1m0s", "default"},
		"index-url":      {"", ""},
		"metrics-addr":   {"", ""},
	}
	for name, w := range want {
		e, ok := got[name]
		if d := cmp.Diff(w, [2]string{e.Value, e.Source}); !ok || d != "" || e.About == "" {
			t.Errorf("%s: %v %q %s", name, ok, e.About, d)
		}
	}
	var text string
	for _, e := range got {
		text += e.Value
	}
	if strings.Contains(text, "very-secret") || checks["secrets"].State != "ok" {
		t.Errorf("secrets: %v", checks["secrets"])
	}
	if err := os.Chmod(filepath.Join(dir, "key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, checks, _ = diagnose(t, "--config", config); checks["secrets"].State != "warning" {
		t.Errorf("a key that all may read: %v", checks["secrets"])
	}
	t.Setenv("BISEO_KEEP_DRAFTS", "month")
	if code, checks, _ = diagnose(t, "--config", config); code != exitFailed || checks["settings"].State != "error" {
		t.Errorf("a bad value of serve: exit %d, %v", code, checks["settings"])
	}
}

func TestDoctorCertificate(t *testing.T) {
	dir := t.TempDir()
	now := testNow()
	day := 24 * time.Hour
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name, kind string, b []byte) string {
		write(t, dir, name, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})))
		return filepath.Join(dir, name)
	}
	keyFile := put("key.pem", "PRIVATE KEY", private)
	for _, tt := range []struct {
		name       string
		from, till time.Duration
		want       string
	}{{"good", -day, 90 * day, "ok"}, {"soon over", -day, 20 * day, "warning"}, {"over", -2 * day, -day, "error"}, {"not yet", day, 90 * day, "error"}} {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(tt.from), NotAfter: now.Add(tt.till), DNSNames: []string{"biseo.example"}}
		cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		var cmd serveCmd
		cmd.TLSCert, cmd.TLSKey = put("cert.pem", "CERTIFICATE", cert), keyFile
		if got := cmd.checkCertificate(now); got.State != tt.want {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
	if got := (serveCmd{}).checkCertificate(now); got.State != "off" {
		t.Errorf("none: got %+v", got)
	}
	var cmd serveCmd
	cmd.TLSCert, cmd.TLSKey = keyFile, keyFile
	if got := cmd.checkCertificate(now); got.State != "error" {
		t.Errorf("no certificate: got %+v", got)
	}
}

// What an operator can break is found: a state file, the audit log, a key, a server.
func TestDoctorFindsFaults(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	write(t, dir, "a.md", "---\nid: a\n---\n# 가\n\n하나입니다.\n")
	mustRun(t, "--data", data, "ingest", "--readers", "public", filepath.Join(dir, "a.md"))
	copies := filepath.Join(dir, "copies")
	mustRun(t, "--data", data, "--audit-checkpoints", copies, "key", "create", "--name", "시험")
	code, checks, _ := diagnose(t, "--data", data, "--audit-checkpoints", copies)
	if code != exitDone || checks["index"].State != "ok" || checks["state"].State != "ok" || checks["audit"].State == "error" {
		t.Errorf("sound: exit %d, %v", code, checks)
	}
	if _, checks, _ = diagnose(t, "--data", data, "--reranker-url", "http://127.0.0.1:1", "--reranker-name", "r"); checks["reranker"].State != "error" {
		t.Errorf("reranker: %v", checks["reranker"])
	}
	logs, err := filepath.Glob(filepath.Join(data, "audit", "*.jsonl"))
	if err != nil || len(logs) == 0 {
		t.Fatal(err, logs)
	}
	for _, file := range logs {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(b), "key.create", "key.forged")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(data, "state.db"), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	code, checks, _ = diagnose(t, "--data", data)
	if code != exitFailed || checks["state"].State != "error" || checks["audit"].State != "error" {
		t.Errorf("broken: exit %d, %v", code, checks)
	}
}
