package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"biseo/korea/privacy"
	"biseo/llm"
)

type maskCmd struct {
	File string `arg:"" help:"A text file."`
	JSON bool   `help:"Print one JSON document: the masked text and what was found, offsets in code points."`
}

func (cmd *maskCmd) Run(c *console) error {
	s, err := readText(cmd.File)
	if err != nil {
		return err
	}
	spans := privacy.Find(s)
	masked := privacy.Mask(s, spans)
	if !cmd.JSON {
		_, err = fmt.Fprint(c.out, masked)
		return err
	}
	if spans == nil {
		spans = []privacy.Span{}
	}
	return printJSON(c.out, struct {
		Text  string         `json:"text"`
		Spans []privacy.Span `json:"spans"`
	}{masked, spans})
}

type evalCmd struct {
	Run_    goldenRunCmd     `cmd:"" name:"run" help:"Ask every case of golden sets and keep the results."`
	Score   goldenScoreCmd   `cmd:"" help:"Judge the results of a run."`
	Compare goldenCompareCmd `cmd:"" help:"Hold two runs against each other, case by case."`
	Report  goldenReportCmd  `cmd:"" help:"Write the judged run as one HTML page."`
	Review  goldenReviewCmd  `cmd:"" help:"Take two runs to people who judge them blind, and count what they say."`
	Judge   goldenJudgeCmd   `cmd:"" help:"Have a language model mark the answers of a run; its mean is shown only where people agree with it."`
	Lint    goldenLintCmd    `cmd:"" help:"Hold golden sets against the documents that they ask about."`
	CSV     goldenCSVCmd     `cmd:"" name:"csv" help:"Take golden sets to a spreadsheet and back."`
	New     goldenNewCmd     `cmd:"" help:"Print a case to fill in."`

	BEIR beirCmd `cmd:"" name:"beir" help:"Retrieval metrics on a set in BEIR form: corpus.jsonl, queries.jsonl, qrels.tsv."`
	TREC trecCmd `cmd:"" name:"trec" help:"The same metrics of a TREC run file that any system wrote."`
}

// doctorWait bounds each question that the doctor asks of a server.
const doctorWait = 30 * time.Second

func (s *settings) checkIndex(ctx context.Context, lg *slog.Logger) finding {
	bad := func(err error) finding {
		return finding{"index", "error", "색인에 잘못이 있거나 만든 규칙이 이 프로그램과 다르니 biseo ingest --rebuild 폴더 로 다시 만들어 주세요: " + err.Error()}
	}
	e, err := s.embedder()
	if err != nil {
		return finding{"index", "error", err.Error()}
	}
	x, err := s.openIndex(ctx, lg, reading, s.indexDir(), e)
	if errors.Is(err, fs.ErrNotExist) {
		return finding{"index", "warning", s.indexName() + "에 색인이 아직 없으니 biseo ingest 폴더 로 문서를 읽혀 주세요."}
	}
	if err != nil && s.Index.URL != "" {
		return finding{"index", "error", "Qdrant의 색인을 열지 못했으니 서버와 --index-url, --index-key-file, --index-ca-file, --index-collection을 확인해 주세요: " + err.Error()}
	}
	if err != nil {
		return bad(err)
	}
	defer x.Close()
	if err := checkSpace(x, e); err != nil {
		return finding{"index", "warning", "낱말로만 찾을 수 있습니다. " + err.Error()}
	}
	if err := verify(ctx, x); err != nil {
		return bad(err)
	}
	docs, unreadable := 0, 0
	for d, err := range x.Docs(ctx) {
		if err != nil {
			return bad(err)
		}
		docs++
		if len(d.Readers) == 0 {
			unreadable++
		}
	}
	if unreadable > 0 {
		return finding{"index", "warning", fmt.Sprintf("문서 %d건 가운데 %d건은 읽을 수 있는 사람이 없으니 biseo-folder.yaml에 readers를 적어 주세요.", docs, unreadable)}
	}
	return finding{"index", "ok", fmt.Sprintf("문서 %d건, 이상 없음 (%s)", docs, s.indexName())}
}

func (s *settings) checkModel(ctx context.Context) finding {
	g, err := s.generator()
	if err != nil {
		return finding{"model", "error", err.Error()}
	}
	if g == nil {
		return finding{"model", "off", "언어 모델이 없어 답변은 발췌입니다. 쓰려면 --model-url과 --model-name을 적어 주세요."}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	began := time.Now()
	_, err = g.Generate(ctx, llm.Request{User: "예 또는 아니요로만 답하세요. 준비되었습니까?", MaxTokens: 16}, nil)
	m, took := s.Model, time.Since(began)
	switch {
	case errors.Is(err, llm.ErrRefused):
		return finding{"model", "error", "모델 서버가 거절했으니 --model-name과 --model-key-file을 확인해 주세요: " + err.Error()}
	case errors.Is(err, llm.ErrEmpty):
		return finding{"model", "warning", fmt.Sprintf("%s 모델이 %s에 있으나 아무것도 쓰지 않았으니 다른 모델로 바꾸어 보세요.", g.Model(), m.URL)}
	case err != nil:
		return finding{"model", "error", "모델 서버가 답하지 않으니 서버와 --model-url을 확인해 주세요: " + err.Error()}
	case took > m.Timeout/2:
		return finding{"model", "warning", fmt.Sprintf("%s 모델이 %s에서 답하지만 몇 마디에 %.1f초가 걸렸고 %v 안에 첫마디가 없으면 발췌로 답하니, --model-timeout을 늘리거나 더 작은 모델을 쓰세요.", g.Model(), m.URL, took.Seconds(), m.Timeout)}
	}
	return finding{"model", "ok", fmt.Sprintf("%s 모델이 %s에서 %.1f초에 답합니다. 요청은 한 번에 %d건, 첫마디는 %v까지 기다립니다.", g.Model(), m.URL, took.Seconds(), m.Parallel, m.Timeout)}
}

func (s *settings) checkEmbedder(ctx context.Context) finding {
	e, err := s.embedder()
	if err != nil {
		return finding{"embedder", "error", err.Error()}
	}
	if e == nil {
		return finding{"embedder", "off", "낱말로만 찾습니다. 뜻으로도 찾으려면 --embedder-url, --embedder-name, --embedder-dimension을 적어 주세요."}
	}
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	if _, err := e.Embed(ctx, llm.Question, []string{"민원"}); err != nil {
		return finding{"embedder", "error", "임베딩 서버가 답하지 않거나 설정과 다르니 서버와 --embedder-url, --embedder-name, --embedder-dimension을 확인해 주세요: " + err.Error()}
	}
	return finding{"embedder", "ok", e.Space() + " 모델이 " + s.Embedder.URL + "에서 답합니다."}
}
