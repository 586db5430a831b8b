package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"biseo/assistant"
	"biseo/assistant/export"
	"biseo/index"
	"biseo/ingest"
	"biseo/ingest/extract"
	"biseo/korea/official"
)

// output says where a draft goes; embedded by the commands that draft.
type output struct {
	Out  string `placeholder:"FILE" help:"Write the draft to this file: .hwpx, .docx, .md or .txt. A file that is there is replaced."`
	Form string `placeholder:"FILE" help:"An office's own HWPX or DOCX form with a paragraph {{본문}}, to be filled."`
	JSON bool   `help:"Print one JSON document."`
}

// maxForm bounds a form, in bytes.
const maxForm = 64 << 20

func (o output) format() string {
	return strings.ToLower(strings.TrimPrefix(filepath.Ext(o.Out), "."))
}

// check says before a draft is made what would keep it from being written to Out,
// which must not be one of its inputs, and reads the form.
func (o output) check(c *console, inputs ...string) (form []byte, err error) {
	if o.Out == "" && o.Form != "" {
		return nil, errUsage{errors.New("--form은 저장할 때만 쓰니 --out 보고.hwpx처럼 저장할 파일도 적어 주세요")}
	}
	if o.Out != "" {
		endings := "." + strings.Join(export.Formats(), ", .")
		info, err := os.Stat(o.Out)
		if err == nil && info.IsDir() {
			return nil, errUsage{fmt.Errorf("--out %s: 폴더이니 그 안에 저장할 파일 이름까지 적어 주세요", o.Out)}
		}
		if err == nil && info.Mode().Perm()&0o200 == 0 {
			return nil, errUsage{fmt.Errorf("--out %s: 읽기 전용 파일이니 다른 이름으로 저장해 주세요", o.Out)}
		}
		for _, in := range append(inputs, o.Form) {
			if same, e := os.Stat(in); err == nil && e == nil && os.SameFile(info, same) {
				return nil, errUsage{fmt.Errorf("--out %s: 읽을 파일과 같은 파일이니 다른 이름으로 저장해 주세요", o.Out)}
			}
		}
		if !slices.Contains(export.Formats(), o.format()) {
			return nil, errUsage{fmt.Errorf("--out %s: 파일 이름을 %s 가운데 하나로 끝내 주세요", o.Out, endings)}
		}
		if info, err := os.Stat(filepath.Dir(o.Out)); err != nil || !info.IsDir() {
			return nil, errUsage{fmt.Errorf("--out %s: %s 폴더가 없으니 먼저 만들거나 다른 폴더를 적어 주세요", o.Out, filepath.Dir(o.Out))}
		}
	}
	if o.Form == "" {
		return nil, nil
	}
	if err := statFile(o.Form); err != nil {
		return nil, err
	}
	if info, err := os.Stat(o.Form); err == nil && info.Size() > maxForm {
		return nil, errUnreadable{fmt.Errorf("%s: 서식 파일이 %dMB를 넘으니 그림을 빼고 줄여서 다시 저장해 주세요", o.Form, maxForm>>20)}
	}
	if form, err = os.ReadFile(o.Form); err != nil {
		return nil, errUnreadable{fmt.Errorf("%s 파일을 읽지 못했으니 파일 권한을 확인해 주세요: %w", o.Form, err)}
	}
	left, err := export.CheckForm(form, o.format())
	if err != nil {
		return nil, inFile(o.Form, err, "form")
	}
	for _, mark := range left {
		fmt.Fprintf(c.err, "※ %s: %s\n", o.Form, mark)
	}
	return form, nil
}

// write prints a draft or writes it to its file.
func (o output) write(c *console, a *assistant.Answer, opt export.Options) error {
	if o.Out != "" {
		var b bytes.Buffer
		if err := export.Write(&b, o.format(), a, opt); err != nil {
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
	printHints(c.err, a.Hints)
	if o.Out != "" {
		return nil
	}
	fmt.Fprintln(c.err)
	return export.Write(c.out, "txt", a, opt)
}

// printHints prints each hint once, in the order of their first, with its number.
func printHints(w io.Writer, hints []assistant.Hint) {
	count := map[string]int{}
	for _, h := range hints {
		count[h.Text]++
	}
	for _, h := range hints {
		switch n := count[h.Text]; {
		case n > 1:
			fmt.Fprintf(w, "✎ %s (%d곳)\n", h.Text, n)
		case n == 1:
			fmt.Fprintln(w, "✎", h.Text)
		}
		delete(count, h.Text)
	}
}

// replaceFile writes a whole file or leaves the old one as it was.
func replaceFile(name string, b []byte) error {
	// Unlike os.CreateTemp, this leaves to the umask who else may read the draft.
	f, err := os.OpenFile(filepath.Join(filepath.Dir(name), ".biseo-"+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

type summarizeCmd struct {
	Docs     []string `arg:"" name:"file-or-doc" help:"Files, or IDs of documents in the index."`
	On       string   `placeholder:"2006-01-02" help:"Apply what was in force on this day (today)."`
	Length   string   `default:"brief" enum:"line,brief,page" help:"One line, five lines or one page: ${enum}."`
	Prose    bool     `help:"Write paragraphs instead of items."`
	Audience string   `help:"Whom it is for, such as 시장 or 시민."`
	person
	output
}

func (cmd *summarizeCmd) Run(ctx context.Context, c *console, s *settings) error {
	form, err := cmd.check(c, cmd.Docs...)
	if err != nil {
		return err
	}
	req := assistant.SummaryRequest{Length: assistant.Length(cmd.Length), Prose: cmd.Prose, Audience: cmd.Audience}
	for _, name := range cmd.Docs {
		if _, err := os.Stat(name); err != nil {
			req.Docs = append(req.Docs, name)
			continue
		}
		u, err := s.upload(ctx, cmd.person, name)
		if err != nil {
			return err
		}
		req.Uploads = append(req.Uploads, u)
	}
	a, on, done, err := asker{On: cmd.On}.open(ctx, c, s)
	if err != nil {
		return err
	}
	defer done()
	req.On = on
	r, err := a.Summarize(ctx, cmd.principal(), req, nil)
	if errors.Is(err, index.ErrNotFound) {
		return errUnreadable{fmt.Errorf("%s: 파일도, 기준일에 볼 수 있는 문서도 아니니 이름을 확인해 주세요(문서 ID는 biseo search --json의 doc_id입니다)", strings.Join(req.Docs, ", "))}
	}
	if err != nil {
		return inFile(strings.Join(cmd.Docs, ", "), err, "uploads")
	}
	return cmd.write(c, r, export.Options{Form: form})
}

// upload reads a file for one request. Its grade is that of the person who gives it.
func (s *settings) upload(ctx context.Context, who person, file string) (assistant.Upload, error) {
	d, err := s.readFile(ctx, file)
	if err != nil {
		return assistant.Upload{}, err
	}
	d.Meta.Grade = who.principal().Grade
	if d.Meta.ID == "" {
		d.Meta.ID = filepath.Base(file)
	}
	if d.Meta.Title == "" {
		d.Meta.Title = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	return assistant.Upload{Doc: d.Meta, Chunks: ingest.Split(d, ingest.SplitOptions{})}, nil
}

// readFile reads one file of any format that can be ingested.
func (s *settings) readFile(ctx context.Context, file string) (*ingest.Document, error) {
	if err := statFile(file); err != nil {
		return nil, err
	}
	pool, err := s.readers(1)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	d, err := pool.Read(ctx, file)
	if err != nil {
		return nil, errUnreadable{fmt.Errorf("%s: %w", file, err)}
	}
	if len(d.Parts) > 0 {
		return nil, errUnreadable{fmt.Errorf("%s: %w", file, &ingest.FileError{Reason: "압축 파일입니다.", Next: "풀어서 안에 든 문서를 하나씩 지정해 주세요."})}
	}
	return d, nil
}

// readDraft is the text of a draft: a text file as it is, so that lines and
// offsets are those of the file, others as they are read for the index. The rules
// of official documents are for prose, which is the same text with blanks for the
// rest.
func (s *settings) readDraft(ctx context.Context, file string) (text, prose string, err error) {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".txt", ".md":
		text, err = readText(file)
		if err != nil {
			return "", "", err
		}
		return text, blank(text, nil), nil
	}
	d, err := s.readFile(ctx, file)
	if err != nil {
		return "", "", err
	}
	return d.Text, blank(d.Text, d.Blocks), nil
}

// readText reads a text file as it is.
func readText(file string) (string, error) {
	if err := statFile(file); err != nil {
		return "", err
	}
	text, err := extract.ReadText(file)
	if err != nil {
		return "", errUnreadable{fmt.Errorf("%s: %w", file, err)}
	}
	return text, nil
}

// blank puts spaces for the label that Biseo sets on its drafts and for tables:
// those among blocks, or without blocks the lines that are set like tables.
func blank(text string, blocks []ingest.Block) string {
	runes := []rune(text)
	wipe := func(start, end int) {
		for i := start; i < end; i++ {
			if runes[i] != '\n' {
				runes[i] = ' '
			}
		}
	}
	for _, b := range blocks {
		if b.Kind == ingest.Table {
			wipe(b.Start, b.End)
		}
	}
	at := 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		n := utf8.RuneCountInString(line)
		table := blocks == nil && (strings.HasPrefix(strings.TrimSpace(line), "|") || strings.Contains(line, " | "))
		if table || strings.Contains(line, assistant.Label) {
			wipe(at, at+n)
		}
		at += n
	}
	return string(runes)
}

type reportCmd struct {
	Topic    []string `arg:"" optional:"" help:"What the report is on."`
	Template string   `default:"검토보고" help:"Report template; --templates lists them (${default})."`
	List     bool     `name:"templates" help:"List the report templates."`
	Notes    string   `placeholder:"FILE" help:"Text file of facts that no document holds; they are shown as given."`
	Attach   []string `placeholder:"FILE" help:"Files to use as evidence besides the index."`
	asker
	output
}

// A template is one line of biseo report --templates.
type template struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

func (cmd *reportCmd) Run(ctx context.Context, c *console, s *settings) error {
	if cmd.List {
		set, err := s.prompts()
		if err != nil {
			return err
		}
		list := []template{}
		for _, r := range set.Reports() {
			list = append(list, template{r.Name, r.About})
		}
		if cmd.JSON {
			return printJSON(c.out, list)
		}
		for _, t := range list {
			fmt.Fprintf(c.out, "%s\t%s\n", t.Name, t.About)
		}
		return nil
	}
	form, err := cmd.check(c, append(cmd.Attach, cmd.Notes)...)
	if err != nil {
		return err
	}
	req := assistant.ReportRequest{Topic: strings.Join(cmd.Topic, " "), Template: cmd.Template, Kinds: cmd.Kind, Agencies: cmd.Agency}
	if cmd.Notes != "" {
		if req.Notes, err = readText(cmd.Notes); err != nil {
			return err
		}
	}
	for _, file := range cmd.Attach {
		u, err := s.upload(ctx, cmd.person, file)
		if err != nil {
			return err
		}
		req.Uploads = append(req.Uploads, u)
	}
	a, on, done, err := cmd.open(ctx, c, s)
	if err != nil {
		return err
	}
	defer done()
	req.On = on
	r, err := a.DraftReport(ctx, cmd.principal(), req, nil)
	if err != nil {
		return inFile(cmd.Notes, err, "notes")
	}
	return cmd.write(c, r, export.Options{Form: form})
}

type checkCmd struct {
	File string `arg:"" help:"The draft, in any format that can be ingested."`
	On   string `placeholder:"2006-01-02" help:"Hold it against what was in force on this day (today)."`
	Kind string `name:"as-kind" default:"" enum:",letter,reply,notice,minutes,report,plan,press" help:"Check also the rules for this kind of document: letter, reply, notice, minutes, report, plan or press."`
	JSON bool   `help:"Print one JSON document."`
	person
}

// Run prints what departs from the rules, and each legal citation that does not hold. It
// ends with exit code 0 whatever it finds: the advice is for a person.
func (cmd *checkCmd) Run(ctx context.Context, c *console, s *settings) error {
	text, prose, err := s.readDraft(ctx, cmd.File)
	if err != nil {
		return err
	}
	a, on, done, err := asker{On: cmd.On}.open(ctx, c, s)
	if err != nil {
		return err
	}
	defer done()
	r, err := a.Check(ctx, cmd.principal(), assistant.CheckRequest{Text: text, Kind: official.Kind(cmd.Kind), On: on})
	if err != nil {
		return inFile(cmd.File, err, "text")
	}
	if prose != text {
		r.Findings = []assistant.Hint{}
		for _, f := range official.Lint(prose, official.Options{Kind: official.Kind(cmd.Kind)}) {
			r.Findings = append(r.Findings, assistant.Hint{Code: f.Code, Start: f.Start, End: f.End, Text: f.Text, Fix: f.Fix})
		}
	}
	if cmd.JSON {
		return printJSON(c.out, r)
	}
	runes := []rune(text)
	line := func(at int) int { return 1 + strings.Count(string(runes[:at]), "\n") }
	for _, f := range r.Findings {
		fix := ""
		if f.Fix != "" {
			fix = " → " + f.Fix
		}
		fmt.Fprintf(c.out, "%d행 %s “%s”%s: %s\n", line(f.Start), f.Code, excerpt(string(runes[f.Start:f.End]), 40), fix, f.Text)
	}
	bad := 0
	for _, x := range r.Citations {
		if x.State != assistant.CitationFound {
			bad++
			fmt.Fprintf(c.out, "%d행 인용 %s: %s\n", line(x.Start), x.Cite, x.Why)
		}
	}
	fmt.Fprintf(c.out, "표기 %d건, 확인한 인용 %d건, 확인이 필요한 인용 %d건 (기준일 %s)\n", len(r.Findings), len(r.Citations)-bad, bad, r.On)
	return nil
}

type replyCmd struct {
	File       string `arg:"" help:"File that holds the complaint."`
	Received   string `placeholder:"\"2006-01-02 15:04\"" help:"When the complaint was received, in Korean time (now). The law of that day applies."`
	Number     string `help:"신청번호."`
	Period     string `placeholder:"7일" help:"처리기간 that the agency sets, as for 법정; otherwise that of the kind."`
	Extend     string `placeholder:"REASON" help:"Tell whether the period may be extended for this reason."`
	Kind       string `help:"법정, 질의, 질의(법령), 건의, 기타, 고충 or 정보공개; proposed where it is not given."`
	Decision   string `default:"explain" enum:"explain,accept,reject,transfer,need_info" help:"What is decided: ${enum}."`
	Remedy     string `default:"none" enum:"none,refusal,disposition,disclosure,penalty" help:"Which remedies the reply names: ${enum}."`
	Department string `help:"Department of the handler (담당자)."`
	Name       string `help:"Name and rank of the handler."`
	Phone      string `help:"Telephone of the handler."`
	Public     bool   `help:"Write the 공개용 version, without names and numbers of persons."`
	person
	output
}

func (cmd *replyCmd) Run(ctx context.Context, c *console, s *settings) error {
	received, err := receipt(c, cmd.Received)
	if err != nil {
		return err
	}
	form, err := cmd.check(c, cmd.File)
	if err != nil {
		return err
	}
	d, err := s.readFile(ctx, cmd.File)
	if err != nil {
		return err
	}
	a, x, err := s.assistant(ctx, c)
	if err != nil {
		return err
	}
	defer x.Close()
	r, err := a.DraftReply(ctx, cmd.principal(), assistant.ReplyRequest{
		Text: d.Text, Received: received, Number: cmd.Number, Kind: cmd.Kind, Period: cmd.Period, Extend: cmd.Extend, Decision: cmd.Decision, Remedy: cmd.Remedy,
		Handler: assistant.Handler{Department: cmd.Department, Name: cmd.Name, Phone: cmd.Phone},
	}, nil)
	if err != nil {
		return inFile(cmd.File, err, "text")
	}
	if !cmd.JSON {
		printReply(c, r.Reply)
	}
	return cmd.write(c, r, export.Options{Public: cmd.Public, Form: form})
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
		fmt.Fprintln(c.err, "비슷한 답변:", strings.TrimSpace("「"+s.Title+"」 "+s.Date), "("+s.DocID+")")
	}
}
