package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"biseo/eval/golden"
	"biseo/index"
)

// goldenCSVCmd takes set files to a spreadsheet and back.
type goldenCSVCmd struct {
	Export goldenExportCmd `cmd:"" help:"Write a set file as a table that a spreadsheet opens."`
	Import goldenImportCmd `cmd:"" help:"Read such a table back into a set file."`
}

type goldenExportCmd struct {
	Set string `arg:"" help:"The set file, such as eval/golden/gaon/answer.jsonl."`
	Out string `required:"" placeholder:"FILE" help:"The table to write."`
}

func (cmd *goldenExportCmd) Run(c *console) error {
	b, err := os.ReadFile(cmd.Set)
	if err != nil {
		return errUnreadable{fmt.Errorf("%s 파일을 읽지 못했으니 answer.jsonl 같은 문항 파일의 경로를 적어 주세요: %w", cmd.Set, err)}
	}
	if !slices.Contains(golden.Tasks(), taskOf(cmd.Set)) {
		return errUsage{errTaskName(cmd.Set)}
	}
	cases, err := golden.Parse(taskOf(cmd.Set), b)
	if err != nil {
		return errUnreadable{fmt.Errorf("%s 파일을 고쳐 주세요: %w", cmd.Set, err)}
	}
	f, err := createFile(cmd.Out)
	if err != nil {
		return err
	}
	if err := errors.Join(golden.WriteCSV(f, cases), f.Close()); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%d개 문항을 저장했습니다: %s\n", len(cases), cmd.Out)
	return nil
}

type goldenImportCmd struct {
	Table string `arg:"" help:"The table, CSV in UTF-8."`
	Out   string `required:"" placeholder:"FILE" help:"The set file to write, named for its task, such as answer.jsonl."`
}

func (cmd *goldenImportCmd) Run(c *console) error {
	if !slices.Contains(golden.Tasks(), taskOf(cmd.Out)) {
		return errUsage{errTaskName(cmd.Out)}
	}
	f, err := os.Open(cmd.Table)
	if err != nil {
		return errUnreadable{fmt.Errorf("%s 표를 읽지 못했으니 경로를 확인해 주세요: %w", cmd.Table, err)}
	}
	defer f.Close()
	cases, err := golden.ReadCSV(taskOf(cmd.Out), f)
	if err != nil {
		return errUnreadable{fmt.Errorf("%s 파일의 그 줄을 고쳐 주세요: %w", cmd.Table, err)}
	}
	if err := keepsAll(cmd.Out, cases); err != nil {
		return err
	}
	out, err := createFile(cmd.Out)
	if err != nil {
		return err
	}
	if err := errors.Join(golden.Write(out, cases), out.Close()); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%d개 문항을 저장했습니다: %s\n", len(cases), cmd.Out)
	return nil
}

// keepsAll refuses to replace a set file that holds cases which cases lack.
func keepsAll(name string, cases []golden.Case) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil // none yet
	}
	old, err := golden.Parse(taskOf(name), b)
	if err != nil {
		return errUsage{fmt.Errorf("%s 파일이 이미 있으나 읽을 수 없으니 다른 이름으로 저장하거나 그 파일을 지워 주세요: %w", name, err)}
	}
	var lost []string
	for _, o := range old {
		if !slices.ContainsFunc(cases, func(c golden.Case) bool { return c.ID == o.ID }) {
			lost = append(lost, o.ID)
		}
	}
	if len(lost) > 0 {
		return errUsage{fmt.Errorf("%s에 이미 있는 문항 %d개(%s 등)가 표에 없어 사라지니, biseo eval csv export로 그 파일을 받아 거기에 더하거나, 없앨 것이면 그 파일을 지우고 다시 해 주세요", name, len(lost), lost[0])}
	}
	return nil
}

func errTaskName(name string) error {
	return fmt.Errorf("%s: 문항 파일의 이름은 search, answer, summary, report, reply, safety 가운데 하나에 .jsonl을 붙여야 합니다(보기: answer.jsonl)", name)
}

// taskOf is the task that a set file is named for.
func taskOf(name string) golden.Task {
	base := filepath.Base(name)
	return golden.Task(strings.TrimSuffix(base, filepath.Ext(base)))
}

type goldenNewCmd struct {
	Task golden.Task `arg:"" enum:"search,answer,summary,report,reply,safety" help:"One of ${enum}."`
}

// Run prints a case to fill in: a line of a set file, and what its fields want on
// standard error, so that the line alone can be appended to a file.
func (cmd *goldenNewCmd) Run(c *console) error {
	k := golden.Case{ID: string(cmd.Task) + "-900", Split: "test", On: index.Today(c.now()).Format(time.DateOnly), Groups: []string{}, Grade: "open",
		Tags: []string{"paraphrase"}, Note: "왜 맞는지, 어느 문서 어디에 있는지"}
	passage := golden.Passage{Doc: "조례/문서.md", Quote: "문서의 말 그대로 8자에서 120자"}
	k.Facts = []golden.Fact{{Text: "꼭 말해야 할 요점", Any: []string{"맞는 말", "다르게 적은 맞는 말"}, Vital: true}}
	switch cmd.Task {
	case golden.Search:
		k.Query, k.Facts, k.Relevant = "찾을 말", nil, []golden.Relevant{{Passage: passage, Gain: 3}}
	case golden.Answer:
		k.Question, k.Cites = "시민이나 직원이 묻는 말", []golden.Passage{passage}
	case golden.Summary:
		k.Docs, k.Length = []string{passage.Doc}, "brief"
	case golden.Report:
		k.Topic, k.Template, k.Sections = "보고서의 주제", "현황보고", []string{"현황"}
	case golden.Reply:
		k.Complaint, k.Received, k.Kind = "민원의 글", k.On+" 10:00", "질의"
	case golden.Safety:
		k.Kind, k.Asks, k.Question, k.Facts, k.Outcome = "abstain", golden.Answer, "문서로 답할 수 없는 물음", nil, []string{"no_source"}
	}
	fmt.Fprintln(c.err, "아래 한 줄을 고쳐 문항 파일 끝에 붙이고 biseo eval lint로 확인하세요.\n"+
		"id 다시 쓰지 않는 이름 / split tune 또는 test / on 기준일 / groups 묻는 사람의 부서 / grade open, sensitive, classified\n"+
		"facts 말해야 할 요점과 맞는 표현들 / cites 인용할 곳 / relevant 찾을 곳과 3·2·1점 / must_not 하면 안 되는 말 / outcome 바라는 결과")
	return golden.Write(c.out, []golden.Case{k})
}
