package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"biseo/eval/review"
)

// goldenReviewCmd takes runs to human reviewers and back.
type goldenReviewCmd struct {
	Export reviewExportCmd `cmd:"" help:"Write the answers of two runs as a table in which nobody can tell the runs apart."`
	Score  reviewScoreCmd  `cmd:"" help:"Count the tables that reviewers filled in."`
}

type reviewExportCmd struct {
	A     string   `arg:"" help:"Folder of one run, such as the earlier."`
	B     string   `arg:"" help:"Folder of the other run."`
	Sets  []string `arg:"" help:"Folders of the golden sets that both asked."`
	Out   string   `required:"" placeholder:"FILE" help:"The table to write. FILE.key.json beside it tells the runs apart: keep it from the reviewers."`
	Limit int      `help:"Only this many cases, drawn by the seed (all)."`
	Seed  uint64   `default:"1" help:"Decides which answer stands first in each case (${default})."`
}

func (cmd *reviewExportCmd) Run(c *console) error {
	if cmd.Limit < 0 {
		return errUsage{errors.New("--limit에는 0보다 큰 문항 수를 적어 주세요")}
	}
	runs, err := judgeRuns(cmd.Sets, "", cmd.A, cmd.B)
	if err != nil {
		return err
	}
	var table bytes.Buffer
	key, err := review.Export(&table, runs[1], runs[2], cmd.Seed, cmd.Limit)
	if err != nil {
		return err
	}
	if len(key.X) == 0 {
		return fmt.Errorf("두 실행이 함께, 서로 다르게 답한 문항이 없으니 다른 실행을 골라 주세요(같은 답 %d건, 한쪽이라도 답 없음 %d건)", key.Left.Same, key.Left.Silent)
	}
	keyFile := cmd.Out + ".key.json"
	for _, name := range []string{cmd.Out, keyFile} { // a table filled in, or the key to one
		if _, err := os.Lstat(name); err == nil {
			return errUsage{fmt.Errorf("%s 파일이 이미 있으니 --out에 다른 이름을 적어 주세요", name)}
		}
	}
	k, err := json.MarshalIndent(key, "", "  ")
	if err != nil {
		return err
	}
	f, err := createFile(cmd.Out)
	if err != nil {
		return err
	}
	_, err = table.WriteTo(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.WriteFile(keyFile, append(k, '\n'), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%d개 문항을 저장했습니다: %s\n열쇠는 심사자에게 주지 마세요: %s.key.json\n뺀 문항: 같은 답 %d건, 한쪽이라도 답 없음 %d건\n",
		len(key.X), cmd.Out, cmd.Out, key.Left.Same, key.Left.Silent)
	return nil
}

type reviewScoreCmd struct {
	Tables []string `arg:"" help:"The tables filled in, one of each reviewer."`
	Key    string   `required:"" placeholder:"FILE" help:"The .key.json that was written with the table."`
	JSON   bool     `help:"Print one JSON document."`
}

func (cmd *reviewScoreCmd) Run(c *console) error {
	key, reviews, err := readReviews(cmd.Key, cmd.Tables)
	if err != nil {
		return err
	}
	s := review.Score(reviews)
	if cmd.JSON {
		return printJSON(c.out, struct {
			A string `json:"a"`
			B string `json:"b"`
			review.Summary
		}{key.A, key.B, s})
	}
	return printReview(c, key, s)
}

// readReviews reads a key and the tables filled in that belong to it.
func readReviews(keyFile string, tables []string) (key review.Key, reviews []review.Review, err error) {
	b, err := os.ReadFile(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return key, nil, errUnreadable{fmt.Errorf("--key %s 파일이 없으니 biseo eval review export가 표 옆에 만든 .key.json 파일을 적어 주세요", keyFile)}
	}
	if err == nil {
		err = json.Unmarshal(b, &key)
	}
	if err == nil && len(key.X) == 0 {
		err = errors.New("문항이 없음")
	}
	if err != nil {
		return key, nil, errUnreadable{fmt.Errorf("--key %s 파일은 열쇠 파일이 아니니 biseo eval review export가 표 옆에 만든 .key.json 파일을 적어 주세요: %w", keyFile, err)}
	}
	for i, name := range tables {
		if slices.ContainsFunc(tables[:i], func(s string) bool { return filepath.Clean(s) == filepath.Clean(name) }) {
			return key, nil, errUsage{fmt.Errorf("%s 파일을 두 번 적었으니 심사자마다 한 파일씩 적어 주세요", name)}
		}
		cases, err := readReview(name, key)
		if err != nil {
			return key, nil, err
		}
		reviews = append(reviews, review.Review{Reviewer: name, Cases: cases})
	}
	return key, reviews, nil
}

func readReview(name string, key review.Key) (map[string]review.Judgement, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errUnreadable{fmt.Errorf("%s 파일이 없으니 심사자가 저장한 표의 경로를 확인해 주세요", name)}
	}
	if err != nil {
		return nil, errUnreadable{err}
	}
	defer f.Close()
	cases, err := review.Read(f, key)
	if err != nil {
		return nil, errUnreadable{fmt.Errorf("%s: %w", name, err)}
	}
	return cases, nil
}

func printReview(c *console, key review.Key, s review.Summary) error {
	fmt.Fprintf(c.out, "A = %s\nB = %s\nleft out: %d answered alike, %d that one of them did not answer\n", key.A, key.B, key.Left.Same, key.Left.Silent)
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "reviewer\tcases\tA\tsame\tB\tB wins\t95 % interval\tp\tmarked\tmark A\tmark B\t95 % interval of B − A\tp")
	for _, l := range s.Lines {
		name := strings.TrimSuffix(l.Reviewer, filepath.Ext(l.Reviewer))
		if name == "" {
			name = "all"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%.3f\t[%.3f, %.3f]\t%.4f\t", name, l.Cases, l.A, l.Same, l.B, l.Win, l.CI95[0], l.CI95[1], l.P)
		if l.Marked > 0 {
			fmt.Fprintf(w, "%d\t%.2f\t%.2f\t[%+.2f, %+.2f]\t%.4f\n", l.Marked, l.MarkA, l.MarkB, l.MarkCI95[0], l.MarkCI95[1], l.MarkP)
		} else {
			fmt.Fprintln(w, "0\t–\t–\t–\t–")
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	printAgreement(c, "preference (nominal)", s.Preference)
	printAgreement(c, "marks (ordinal)", s.Marks)
	return nil
}

func printAgreement(c *console, what string, a review.Agreement) {
	if a.Alpha == nil {
		fmt.Fprintf(c.out, "%s: no alpha, %d judged by two or more\n", what, a.Units)
		return
	}
	fmt.Fprintf(c.out, "%s: Krippendorff's alpha %.3f [%.3f, %.3f], %d judged by two or more\n", what, *a.Alpha, a.CI95[0], a.CI95[1], a.Units)
}
