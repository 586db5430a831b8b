package web

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// A chrome is a headless Chromium with one tab, driven by the DevTools protocol
// over a pipe: messages of JSON, each ended by a zero byte.
type chrome struct {
	t       *testing.T
	in      *os.File
	session string

	mu      sync.Mutex
	next    int
	waiting map[int]chan reply
	events  []event
}

type reply struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

type event struct {
	Method string
	Params json.RawMessage
}

// startChrome skips the test where there is no Chromium.
func startChrome(t *testing.T) *chrome {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("needs Chromium (Debian package chromium)")
	}
	toChild, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromChild, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--lang=ko", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{toChild, fromChild} // descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toChild.Close()
	fromChild.Close()
	c := &chrome{t: t, in: in, waiting: map[int]chan reply{}}
	go c.read(out)
	t.Cleanup(func() {
		c.session = ""
		c.call("Browser.close", nil, nil)
		_ = cmd.Wait()
		in.Close()
		out.Close()
	})

	var target struct{ TargetID string }
	c.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		c.call(domain+".enable", nil, nil)
	}
	c.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)
	return c
}

func (c *chrome) read(out *os.File) {
	r := bufio.NewReader(out)
	for {
		b, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m struct {
			ID int
			reply
			event
		}
		if json.Unmarshal(bytes.TrimSuffix(b, []byte{0}), &m) != nil {
			continue
		}
		c.mu.Lock()
		if ch := c.waiting[m.ID]; ch != nil {
			delete(c.waiting, m.ID)
			ch <- m.reply
		} else if m.Method != "" {
			c.events = append(c.events, m.event)
		}
		c.mu.Unlock()
	}
}

// call sends one command and reads its result into v, which may be nil.
func (c *chrome) call(method string, params any, v any) {
	c.t.Helper()
	c.mu.Lock()
	c.next++
	id, ch := c.next, make(chan reply, 1)
	c.waiting[id] = ch
	m := map[string]any{"id": id, "method": method}
	if params != nil {
		m["params"] = params
	}
	if c.session != "" {
		m["sessionId"] = c.session
	}
	b, err := json.Marshal(m)
	if err == nil {
		_, err = c.in.Write(append(b, 0))
	}
	c.mu.Unlock()
	if err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	select {
	case r := <-ch:
		if r.Error != nil {
			c.t.Fatalf("%s: %s", method, r.Error.Message)
		}
		if v != nil {
			if err := json.Unmarshal(r.Result, v); err != nil {
				c.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(30 * time.Second):
		c.t.Fatalf("%s: no answer from Chromium", method)
	}
}

// eval runs JavaScript on the page, awaits it, and reads its value into v.
func (c *chrome) eval(v any, js string) {
	c.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	c.call("Runtime.evaluate", map[string]any{"expression": js, "awaitPromise": true, "returnByValue": true, "userGesture": true}, &r)
	if e := r.ExceptionDetails; e != nil {
		c.t.Fatalf("%s: %s %s", first(js), e.Text, e.Exception.Description)
	}
	if v != nil && r.Result.Value != nil {
		if err := json.Unmarshal(r.Result.Value, v); err != nil {
			c.t.Fatalf("%s: %v", first(js), err)
		}
	}
}

// first is enough of a script to find it by.
func first(js string) string {
	if len(js) > 80 {
		return js[:80]
	}
	return js
}

// text evaluates an expression that gives text.
func (c *chrome) text(js string) string {
	c.t.Helper()
	var s string
	c.eval(&s, "(async () => String("+js+"))()")
	return s
}

// wait polls until the expression is true.
func (c *chrome) wait(js string) {
	c.t.Helper()
	for range 1000 {
		if c.text("!!("+js+")") == "true" {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	c.t.Fatalf("never true: %s\nbody: %s", js, c.text("document.body.innerText.slice(0, 2000)"))
}

func (c *chrome) open(url string) {
	c.t.Helper()
	c.call("Page.navigate", map[string]any{"url": url}, nil)
	c.wait(`document.readyState === 'complete' && (document.querySelector('#service')?.textContent ?? 'x')`)
}

// key presses one key, with the text that it types.
func (c *chrome) key(name string, code int, text string) {
	c.t.Helper()
	down := map[string]any{"type": "keyDown", "key": name, "code": name, "windowsVirtualKeyCode": code}
	if text != "" {
		down["text"] = text
	}
	c.call("Input.dispatchKeyEvent", down, nil)
	c.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": name, "code": name, "windowsVirtualKeyCode": code}, nil)
}

func (c *chrome) typeText(s string) {
	c.t.Helper()
	c.call("Input.insertText", map[string]any{"text": s}, nil)
}

func (c *chrome) size(width, height int) {
	c.t.Helper()
	c.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
}

// shoot writes a picture of the page to the folder of BISEO_SHOTS, for people to look at.
func (c *chrome) shoot(name string) {
	c.t.Helper()
	dir := os.Getenv("BISEO_SHOTS")
	if dir == "" {
		return
	}
	var r struct{ Data string }
	c.call("Page.captureScreenshot", map[string]any{"format": "png"}, &r)
	b, err := base64.StdEncoding.DecodeString(r.Data)
	if err == nil {
		err = os.WriteFile(fmt.Sprintf("%s/%s.png", dir, name), b, 0o644)
	}
	if err != nil {
		c.t.Error(err)
	}
}

// complaints returns what went wrong on the page since the start: exceptions,
// errors in the console (violations of the policy among them), and requests that
// left origin.
func (c *chrome) complaints(origin string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, e := range c.events {
		var p struct {
			Request          struct{ URL string }
			Entry            struct{ Level, Text string }
			ExceptionDetails struct {
				Text      string
				Exception struct{ Description string }
			}
		}
		if json.Unmarshal(e.Params, &p) != nil {
			continue
		}
		switch e.Method {
		case "Network.requestWillBeSent":
			if u := p.Request.URL; !strings.HasPrefix(u, origin+"/") && !strings.HasPrefix(u, "data:") && u != "about:blank" {
				out = append(out, "request left the origin: "+u)
			}
		case "Log.entryAdded":
			if p.Entry.Level == "error" {
				out = append(out, "console: "+p.Entry.Text)
			}
		case "Runtime.exceptionThrown":
			out = append(out, "exception: "+p.ExceptionDetails.Text+" "+p.ExceptionDetails.Exception.Description)
		}
	}
	return out
}
