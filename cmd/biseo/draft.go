package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"biseo/assistant"
	"biseo/assistant/export"
	"biseo/korea/calendar"
)

// output says where a draft goes; embedded by the commands that draft.
type output struct {
	Out  string `placeholder:"FILE" help:"Write the draft to this file: .hwpx, .docx, .md or .txt. A file that is there is replaced."`
	Form string `placeholder:"FILE" help:"An office's own HWPX or DOCX form with a paragraph {{본문}}, to be filled."`
	JSON bool   `help:"Print one JSON document."`
}

// write prints a draft or writes it to its file.
func (o output) write(c *console, a *assistant.Answer, opt export.Options) error {
	if o.Form != "" {
		form, err := os.ReadFile(o.Form)
		if err != nil {
			return errUnreadable{err}
		}
		opt.Form = form
	}
	if o.Out != "" {
		var b bytes.Buffer
		if err := export.Write(&b, strings.ToLower(strings.TrimPrefix(filepath.Ext(o.Out), ".")), a, opt); err != nil {
			return err
		}
		if err := replaceFile(o.Out, b.Bytes()); err != nil {
			return err
		}
		fmt.Fprintf(c.err, "저장했습니다: %s\n", o.Out)
	}
	if o.JSON {
		return printJSON(c.out, a)
	}
	fmt.Fprintf(c.err, "[기준일 %s] %s\n", a.On, outcomes[a.Outcome])
	for _, w := range a.Warnings {
		fmt.Fprintln(c.err, "※", w.Text)
	}
	for _, h := range a.Hints {
		fmt.Fprintln(c.err, "✎", h.Text)
	}
	if o.Out != "" {
		return nil
	}
	return export.Write(c.out, "txt", a, opt)
}

// replaceFile writes a whole file or leaves the old one as it was.
func replaceFile(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".biseo-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// readComplaint reads a complaint in any format that can be ingested; "-" is
// standard input.
func readComplaint(ctx context.Context, s *settings, file string) (string, error) {
	pool, err := s.readers(1)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	d, err := pool.Read(ctx, file)
	if err != nil {
		return "", errUnreadable{fmt.Errorf("%s: %w", file, err)}
	}
	return d.Text, nil
}

type replyCmd struct {
	File       string `arg:"" help:"File that holds the complaint."`
	Received   string `placeholder:"\"2006-01-02 15:04\"" help:"When the complaint was received, in Korean time (now). The law of that day applies."`
	Number     string `help:"신청번호."`
	Kind       string `help:"법정, 질의, 질의(법령), 건의, 기타, 고충 or 정보공개; proposed where it is not given."`
	Decision   string `default:"explain" enum:"explain,accept,reject,transfer,need_info" help:"What is decided: ${enum}."`
	Remedy     string `default:"none" enum:"none,refusal,disposition,disclosure" help:"Which remedies the reply names: ${enum}."`
	Department string `help:"Department of the handler (담당자)."`
	Name       string `help:"Name and rank of the handler."`
	Phone      string `help:"Telephone of the handler."`
	Public     bool   `help:"Write the 공개용 version, without names and numbers of persons."`
	person
	output
}

func (cmd *replyCmd) Run(ctx context.Context, c *console, s *settings) error {
	received := c.now()
	if cmd.Received != "" {
		var err error
		if received, err = time.ParseInLocation("2006-01-02 15:04", cmd.Received, calendar.Seoul); err != nil {
			if received, err = time.ParseInLocation(time.DateOnly, cmd.Received, calendar.Seoul); err != nil {
				return errUsage{fmt.Errorf("--received %q is no time that exists; write it as \"2026-05-06 10:30\"", cmd.Received)}
			}
			received = received.Add(9 * time.Hour) // the day alone: from the beginning of working hours
		}
	}
	text, err := readComplaint(ctx, s, cmd.File)
	if err != nil {
		return err
	}
	a, x, err := s.assistant(ctx, c)
	if err != nil {
		return err
	}
	defer x.Close()
	r, err := a.DraftReply(ctx, cmd.principal(), assistant.ReplyRequest{
		Text: text, Received: received, Number: cmd.Number, Kind: cmd.Kind, Decision: cmd.Decision, Remedy: cmd.Remedy,
		Handler: assistant.Handler{Department: cmd.Department, Name: cmd.Name, Phone: cmd.Phone},
	}, nil)
	if err != nil {
		return err
	}
	if !cmd.JSON {
		printReply(c, r.Reply)
	}
	return cmd.write(c, r, export.Options{Public: cmd.Public})
}

// printReply prints what an official must know beside the letter.
func printReply(c *console, r *assistant.Reply) {
	kind := r.Kind
	if r.KindWhy != "" {
		kind += " (제안: " + r.KindWhy + ")"
	}
	fmt.Fprintf(c.err, "민원 종류: %s\n접수: %s\n", kind, r.Received)
	if r.Due != "" {
		fmt.Fprintf(c.err, "처리 기한: %s\n", r.Due)
	}
	fmt.Fprintf(c.err, "  %s\n연장: %s\n", r.Counted, r.Extension)
	for i, q := range r.Requests {
		state := "근거 있음"
		if !q.Answered {
			state = "작성 필요"
		}
		fmt.Fprintf(c.err, "요청 %d: %s (%s)\n", i+1, q.Text, state)
	}
	for _, s := range r.Similar {
		fmt.Fprintf(c.err, "비슷한 답변: 「%s」 %s (%s)\n", s.Title, s.Date, s.DocID)
	}
}
