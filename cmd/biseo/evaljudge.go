package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"biseo/eval"
	"biseo/eval/review"
	"biseo/eval/suite"
	"biseo/llm"
)

// goldenJudgeCmd has the language model of the settings mark a run. Its marks advise;
// they enter no gate.
type goldenJudgeCmd struct {
	Run_   string   `arg:"" name:"run" help:"Folder of the run. The model's marks are kept there in judge.jsonl."`
	Sets   []string `arg:"" help:"Folders of the golden sets that it asked."`
	Human  []string `required:"" placeholder:"FILE" help:"Review tables with marks that people gave this run, to hold the model against."`
	Key    string   `required:"" placeholder:"FILE" help:"The .key.json that was written with the tables."`
	Replay bool     `help:"Take the marks from judge.jsonl alone. --model-name names the model that wrote them."`
}

func (cmd *goldenJudgeCmd) Run(ctx context.Context, c *console, s *settings) error {
	if s.Model.Name == "" || s.Model.URL == "" && !cmd.Replay {
		return errUsage{fmt.Errorf("심사할 모델을 --model-url과 --model-name으로 적어 주세요(--replay에는 --model-name만)")}
	}
	key, reviews, err := readReviews(cmd.Key, cmd.Human)
	if err != nil {
		return err
	}
	runs, err := judgeRuns(cmd.Sets, cmd.Run_)
	if err != nil {
		return err
	}
	r := runs[0]
	run, err := key.Of(r.Manifest.Name)
	if err != nil {
		return errUsage{err}
	}
	set, err := s.prompts()
	if err != nil {
		return err
	}
	name, open := filepath.Join(cmd.Run_, "judge.jsonl"), suite.Record
	var g llm.Generator
	if cmd.Replay {
		open = suite.Play
	} else if g, err = s.generator(); err != nil {
		return err
	}
	tape, err := open(name)
	if err != nil {
		return errUnreadable{fmt.Errorf("모델이 매긴 점수의 기록을 열지 못했으니 %s 파일을 확인해 주세요: %w", name, err)}
	}
	defer tape.Close()
	if !cmd.Replay {
		tape.Retry()
	}
	step, told := c.progress()
	m, err := review.Judge(ctx, tape.Generator(g, s.Model.Name), set, r, step)
	told()
	switch {
	case errors.Is(err, suite.ErrNotRecorded):
		return errUnreadable{fmt.Errorf("%s에 이 모델의 점수가 없는 답이 있으니 --replay 없이 모델에 물어 주세요: %w", name, err)}
	case err != nil:
		return err
	case m.Failed > 0 && len(m.Cases) == 0:
		return fmt.Errorf("모델이 답 %d건에 점수를 매기지 못했으니 서버와 --model 설정을 확인하고 같은 명령을 다시 내려 주세요: %w", m.Failed, m.Failure)
	case m.Failed > 0:
		fmt.Fprintf(c.err, "주의: 모델에 묻지 못한 답이 %d건 있으니 서버를 확인하고 같은 명령을 다시 내리면 그 답만 다시 묻습니다: %v\n", m.Failed, m.Failure)
	}
	agreed, ok := m.Calibrate(reviews, run)
	fmt.Fprintf(c.out, "%s, %s: %d answers marked, %d without a mark\n", m.Model, m.Prompt, len(m.Cases), m.Unmarked)
	printAgreement(c, "model and people, marks (ordinal)", agreed)
	if !ok {
		return fmt.Errorf("모델의 점수는 보이지 않습니다: 사람이 매긴 답 %d건 이상에서 alpha의 95 %% 구간이 %.3f 위에 있어야 합니다", review.Labels, review.Bound)
	}
	var marks []float64
	for _, id := range slices.Sorted(maps.Keys(m.Cases)) {
		marks = append(marks, float64(m.Cases[id]))
	}
	ci := eval.Bootstrap(marks)
	fmt.Fprintf(c.out, "mean mark %.2f [%.2f, %.2f], advisory\n", eval.Mean(marks), ci[0], ci[1])
	return nil
}
