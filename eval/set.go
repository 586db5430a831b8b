package eval

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Text is one document or query of a [Set].
type Text struct {
	ID    string
	Title string // "" for queries
	Text  string
}

// A Set is a retrieval collection in BEIR form (Thakur et al. 2021).
type Set struct {
	Docs    []Text           // in file order
	Queries []Text           // those with judgements, in file order
	Qrels   map[string]Qrels // by query ID
}

// ReadSet reads a BEIR folder: corpus.jsonl with {id, title, text}, queries.jsonl
// with {id, text} ("_id" is read as "id"), and qrels.tsv or qrels/test.tsv with
// the columns query, document, grade under a header line. If queriesFile is not
// "", only the query IDs listed in it, one per line, are kept.
func ReadSet(dir, queriesFile string) (*Set, error) {
	docs, err := readTexts(filepath.Join(dir, "corpus.jsonl"))
	if err != nil {
		return nil, err
	}
	queries, err := readTexts(filepath.Join(dir, "queries.jsonl"))
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(queries))
	for _, q := range queries {
		known[q.ID] = true
	}
	name := filepath.Join(dir, "qrels.tsv")
	if test := filepath.Join(dir, "qrels", "test.tsv"); !exists(name) && exists(test) {
		name = test
	}
	qrels, err := readQrels(name, known)
	if err != nil {
		return nil, err
	}
	if queriesFile != "" {
		if known, err = readIDs(queriesFile, known); err != nil {
			return nil, err
		}
	}
	set := &Set{Docs: docs, Qrels: qrels}
	for _, q := range queries {
		if known[q.ID] && qrels[q.ID] != nil {
			set.Queries = append(set.Queries, q)
		}
	}
	if len(set.Queries) == 0 {
		return nil, fmt.Errorf("%s: 판정이 있는 물음이 하나도 없으니 qrels.tsv를 확인해 주세요", dir)
	}
	return set, nil
}

// A Part is a share of a set's queries that depends on their IDs alone. Constants
// are chosen on [Tuning] and judged on [Unseen].
type Part string

const (
	Tuning Part = "tuning" // a third: those whose ID has an FNV-1a hash (32 bits) divisible by 3
	Unseen Part = "unseen" // the rest
)

// of keeps the queries in p; any other part than the two is all.
func (p Part) of(queries []Text) []Text {
	if p != Tuning && p != Unseen {
		return queries
	}
	var out []Text
	for _, q := range queries {
		h := fnv.New32a()
		h.Write([]byte(q.ID))
		if (h.Sum32()%3 == 0) == (p == Tuning) {
			out = append(out, q)
		}
	}
	return out
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func readTexts(name string) ([]Text, error) {
	var out []Text
	seen := map[string]bool{}
	err := eachLine(name, func(line string) error {
		var v struct {
			ID          string `json:"id"`
			BEIR        string `json:"_id"`
			Title, Text string
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			return fmt.Errorf("id, title, text를 적은 JSON 한 줄이 아니니 그 줄을 고쳐 주세요: %w", err)
		}
		if v.ID == "" {
			v.ID = v.BEIR
		}
		if v.ID == "" {
			return errors.New("id(또는 _id)가 없으니 채워 주세요")
		}
		if seen[v.ID] {
			return fmt.Errorf("id %q이(가) 두 번 있으니 하나를 지우거나 이름을 달리해 주세요", v.ID)
		}
		seen[v.ID] = true
		out = append(out, Text{v.ID, v.Title, v.Text})
		return nil
	})
	return out, err
}

func readQrels(name string, known map[string]bool) (map[string]Qrels, error) {
	out := map[string]Qrels{}
	first := true
	err := eachLine(name, func(line string) error {
		header := first
		first = false
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			return fmt.Errorf("물음, 문서, 등급의 세 칸을 탭으로 나누어 적어 주세요(지금 %d칸)", len(f))
		}
		return addJudgement(out, f, header, known)
	})
	return out, err
}

// addJudgement adds a query, a document and its grade to out. A header is a first line
// whose grade is no number. known are the queries that may be judged, nil for any.
func addJudgement(out map[string]Qrels, f []string, header bool, known map[string]bool) error {
	grade, err := strconv.Atoi(f[2])
	switch {
	case err != nil && header:
		return nil
	case err != nil:
		return fmt.Errorf("등급 %q을(를) 0, 1, 2 같은 정수로 적어 주세요", f[2])
	case known != nil && !known[f[0]]:
		return fmt.Errorf("물음 %q이(가) queries.jsonl에 없으니 id를 확인해 주세요", f[0])
	}
	if out[f[0]] == nil {
		out[f[0]] = Qrels{}
	}
	if _, ok := out[f[0]][f[1]]; ok {
		return fmt.Errorf("물음 %q에 문서 %q의 판정이 두 번 있으니 하나를 지워 주세요", f[0], f[1])
	}
	out[f[0]][f[1]] = grade
	return nil
}

func readIDs(name string, known map[string]bool) (map[string]bool, error) {
	out := map[string]bool{}
	err := eachLine(name, func(line string) error {
		if id := strings.TrimSpace(line); known[id] {
			out[id] = true
			return nil
		}
		return fmt.Errorf("물음 %q이(가) queries.jsonl에 없으니 id를 확인해 주세요", line)
	})
	return out, err
}

// eachLine calls f with each line that is not blank. Its error names the file and the line.
func eachLine(name string, f func(line string) error) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read set: %w", err)
	}
	defer file.Close()
	r := bufio.NewReader(file)
	for n := 1; ; n++ {
		line, err := r.ReadString('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("read set: %w", err)
		}
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if s := strings.TrimRight(line, "\r\n"); strings.TrimSpace(s) != "" {
			if err := f(s); err != nil {
				return fmt.Errorf("%s %d째 줄: %w", name, n, err)
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}
