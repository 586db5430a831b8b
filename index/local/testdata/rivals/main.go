// Rivals compares the word search of index/local with plain FTS5, by the
// tokenizers unicode61 and trigram, and with bleve (BM25, by its cjk analyzer and by
// bigrams of every word), on the same texts and questions, in one process. It is a module of
// its own, so that Biseo does not depend on bleve. From this folder:
//
//	go run . -set ../../../../../shared/data/retrieval-ko-welfare -queries queries_hard.txt
//	go run . -set ../../../../../shared/data/retrieval-ko-korquad1-dev
//	go run . -laws ../../../../../shared/data/laws-kr/admin-subset
//	go run . -laws FOLDER -n 200 -keep DIR
//
// The last is for all national laws, the folder kr of the archive in laws-kr: making the
// indexes, some 5 GB in DIR, takes most of an hour, and the next run finds them there.
// A set is of the BEIR form. Of laws, every article is a text, and the questions
// are the beginnings of articles, 60 and 300 characters, with that article to be
// found. It prints one row of a Markdown table for each engine.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"biseo/ingest"
	"biseo/ingest/extract"
)

// A document is what every engine is given: title and text.
type document struct{ ID, Title, Text string }

// A question has the documents that answer it.
type question struct {
	text  string
	right map[string]bool
}

// An engine indexes documents and finds the n best for a question.
type engine interface {
	add(docs []document) error
	find(query string, n int) (ids []string, err error)
	Close() error
}

func main() {
	set := flag.String("set", "", "folder with corpus.jsonl, queries.jsonl and qrels.tsv")
	ids := flag.String("queries", "", "file in the set's folder with the IDs of the questions to ask")
	laws := flag.String("laws", "", "folder with laws in Markdown")
	most := flag.Int("n", 1000, "how many questions to ask")
	keep := flag.String("keep", "", "folder in which the indexes stay, for the next run on the same texts")
	only := flag.String("engines", "", "names of the engines to compare, with commas; all if empty")
	flag.Parse()
	if err := run(*set, *ids, *laws, *most, *keep, *only); err != nil {
		log.Fatal(err)
	}
}

func run(set, ids, laws string, most int, dir, only string) error {
	var docs []document
	var questions []question
	var err error
	if laws != "" {
		docs, questions, err = readLaws(laws)
	} else {
		docs, questions, err = readSet(set, ids)
	}
	if err != nil {
		return err
	}
	if step := len(questions) / most; step > 1 {
		for i := range most {
			questions[i] = questions[i*step/2*2+i%2] // of laws, short and long in turn
		}
		questions = questions[:most]
	}
	if len(docs) == 0 || len(questions) == 0 {
		return fmt.Errorf("%d documents and %d questions: give -set or -laws", len(docs), len(questions))
	}
	fmt.Printf("%d texts, %d questions\n\n", len(docs), len(questions))
	if dir == "" {
		if dir, err = os.MkdirTemp("", "rivals"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	rivals := []*rival{{name: "index/local", open: openLocal}, {name: "FTS5 unicode61", open: openFTS("unicode61")},
		{name: "FTS5 trigram", open: openFTS("trigram")}, {name: "bleve cjk", open: openBleve(false)}, {name: "bleve bigrams", open: openBleve(true)}}
	if only != "" {
		names := strings.Split(only, ",")
		rivals = slices.DeleteFunc(rivals, func(r *rival) bool { return !slices.Contains(names, r.name) })
	}
	for _, r := range rivals {
		if err := r.fill(filepath.Join(dir, strings.ReplaceAll(r.name, "/", "-")), docs); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		defer r.Close()
	}
	for _, q := range questions {
		for _, r := range rivals {
			if err := r.ask(q); err != nil {
				return fmt.Errorf("%s: question %q: %w", r.name, q.text, err)
			}
		}
	}
	fmt.Println("| engine | recall@10 | nDCG@10 | p50 ms | p99 ms | texts/s |\n|---|---|---|---|---|---|")
	for _, r := range rivals {
		n := float64(len(questions))
		slices.Sort(r.took)
		ms := func(share int) float64 { return float64(r.took[(len(r.took)-1)*share/100].Microseconds()) / 1000 }
		fmt.Printf("| %s | %.3f | %.3f | %.1f | %.1f | %s |\n", r.name, r.recall/n, r.ndcg/n, ms(50), ms(99), r.rate)
	}
	return nil
}

// A rival is an engine and what was measured of it.
type rival struct {
	name string
	open func(dir string) (engine, error)
	engine
	rate         string // texts a second, "" if its index was there
	recall, ndcg float64
	took         []time.Duration
}

// fill makes the index in dir, or opens the one that an earlier run has made.
func (r *rival) fill(dir string, docs []document) (err error) {
	if _, err := os.Stat(dir); err == nil {
		r.engine, err = r.open(dir)
		return err
	}
	part := dir + ".part"
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(part, 0o755)); err != nil {
		return err
	}
	if r.engine, err = r.open(part); err != nil {
		return err
	}
	start := time.Now()
	if err := r.add(docs); err != nil {
		return err
	}
	r.rate = fmt.Sprintf("%.0f", float64(len(docs))/time.Since(start).Seconds())
	if err := errors.Join(r.Close(), os.Rename(part, dir)); err != nil {
		return err
	}
	r.engine, err = r.open(dir)
	return err
}

func (r *rival) ask(q question) error {
	start := time.Now()
	found, err := r.find(q.text, 10)
	if err != nil {
		return err
	}
	r.took = append(r.took, time.Since(start))
	var hits, gain, best float64
	for i := range max(10, len(found)) {
		discount := 1 / math.Log2(float64(i+2))
		if i < len(found) && q.right[found[i]] {
			hits++
			gain += discount
		}
		if i < min(10, len(q.right)) {
			best += discount
		}
	}
	r.recall += hits / float64(len(q.right))
	r.ndcg += gain / best
	return nil
}

// eachLine calls use with each line of a file.
func eachLine(path string, use func(line []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if err := use(lines.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return lines.Err()
}

func readSet(dir, ids string) (docs []document, questions []question, err error) {
	wanted := map[string]bool{}
	if ids != "" {
		if err := eachLine(filepath.Join(dir, ids), func(line []byte) error {
			wanted[strings.TrimSpace(string(line))] = true
			return nil
		}); err != nil {
			return nil, nil, err
		}
	}
	right := map[string]map[string]bool{}
	if err := eachLine(filepath.Join(dir, "qrels.tsv"), func(line []byte) error {
		if f := strings.Split(string(line), "\t"); len(f) == 3 && f[2] != "score" && f[2] != "0" {
			if right[f[0]] == nil {
				right[f[0]] = map[string]bool{}
			}
			right[f[0]][f[1]] = true
		}
		return nil
	}); err != nil {
		return nil, nil, err
	}
	if err := eachLine(filepath.Join(dir, "corpus.jsonl"), func(line []byte) error {
		var d document
		err := json.Unmarshal(line, &d)
		docs = append(docs, d)
		return err
	}); err != nil {
		return nil, nil, err
	}
	err = eachLine(filepath.Join(dir, "queries.jsonl"), func(line []byte) error {
		var q document
		if err := json.Unmarshal(line, &q); err != nil {
			return err
		}
		if (ids == "" || wanted[q.ID]) && len(right[q.ID]) > 0 {
			questions = append(questions, question{q.Text, right[q.ID]})
		}
		return nil
	})
	return docs, questions, err
}

func readLaws(dir string) (docs []document, questions []question, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		d, err := extract.Read(context.Background(), path)
		if err != nil {
			return err
		}
		for i, c := range ingest.Split(d, ingest.SplitOptions{}) {
			id := fmt.Sprint(path, "#", i)
			docs = append(docs, document{id, c.Cite, strings.Join(append(c.Path, c.Text), "\n")})
			if text := []rune(strings.Join(strings.Fields(c.Text), " ")); len(docs)%20 == 0 && len(text) > 30 {
				for _, n := range []int{60, 300} {
					questions = append(questions, question{string(text[:min(n, len(text))]), map[string]bool{id: true}})
				}
			}
		}
		return nil
	})
	return docs, questions, err
}
