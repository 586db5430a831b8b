// Package review takes the answers of two runs to people who judge them without
// knowing which run gave which, and counts what they say.
//
// [Export] writes a table with one row for each case and a [Key] that tells the runs
// apart; [Read] reads a table that one reviewer filled in, and [Score] holds the
// reviewers together.
package review

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/eval/golden"
	"biseo/eval/suite"
)

// A Key tells which run stands where in a table. It is kept from the reviewers.
type Key struct {
	A    string         `json:"a"` // what the runs are called
	B    string         `json:"b"`
	Seed uint64         `json:"seed"`
	X    map[string]Run `json:"x"` // by case: the run whose answer is X
	Left Left           `json:"left"`
}

// Of tells which of the two runs is called name.
func (k Key) Of(name string) (Run, error) {
	switch {
	case k.A == k.B:
		return "", fmt.Errorf("열쇠의 두 실행이 모두 %q이니 biseo eval run --name으로 이름을 달리해 다시 만들어 주세요", k.A)
	case name == k.A:
		return A, nil
	case name == k.B:
		return B, nil
	}
	return "", fmt.Errorf("실행 %q이(가) 열쇠에 없으니 심사한 실행(%q, %q) 가운데 하나를 적어 주세요", name, k.A, k.B)
}

// A Run is one of the two that are reviewed.
type Run string

const (
	A    Run = "A"
	B    Run = "B"
	Same Run = "same" // neither is preferred
)

// Left counts the cases that a table leaves out.
type Left struct {
	Same   int `json:"same"`   // both runs gave the same answer
	Silent int `json:"silent"` // one of them or both gave none
}

// The columns of a table; what stands in brackets after a name is for the reader.
const (
	colCase, colTask, colAsked    = "문항", "일", "물음"
	colX, colSourcesX             = "답 X", "근거 X"
	colY, colSourcesY             = "답 Y", "근거 Y"
	colPrefer, colMarkX, colMarkY = "나은 답", "점수 X", "점수 Y"
	colComment                    = "의견"
)

// Export writes the cases that both runs answered, but not alike, as a table (see
// [golden.WriteTable]) in ID order. A hash of seed and case decides which answer is
// X, and, if limit is above 0, which cases are among the limit that are taken.
// Searches are left out: they have right and wrong passages, not better answers.
func Export(w io.Writer, a, b *suite.Report, seed uint64, limit int) (Key, error) {
	key := Key{A: a.Manifest.Name, B: b.Manifest.Name, Seed: seed, X: map[string]Run{}}
	other := map[string]*assistant.Answer{}
	for _, j := range b.Cases {
		other[j.Case.ID] = j.Result.Answer
	}
	type pair struct {
		suite.Judged
		b    *assistant.Answer
		hash uint64
	}
	var pairs []pair
	for _, j := range a.Cases {
		p := pair{j, other[j.Case.ID], hash(seed, j.Case.ID)}
		switch {
		case j.Task == golden.Search || j.Case.Asks == golden.Search:
		case !answered(j.Result.Answer) || !answered(p.b):
			key.Left.Silent++
		case answerText(j.Result.Answer) == answerText(p.b) && sourceText(j.Result.Answer) == sourceText(p.b):
			key.Left.Same++
		default:
			pairs = append(pairs, p)
		}
	}
	if limit > 0 && limit < len(pairs) {
		slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.hash, b.hash) })
		pairs = pairs[:limit]
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.Case.ID, b.Case.ID) })
	rows := [][]string{{colCase, colTask, colAsked, colX, colSourcesX, colY, colSourcesY,
		colPrefer + " (X, Y, 같음)", colMarkX + " (1~5)", colMarkY + " (1~5)", colComment}}
	for _, p := range pairs {
		x, y, run := p.Result.Answer, p.b, A
		if p.hash&1 == 1 {
			x, y, run = y, x, B
		}
		key.X[p.Case.ID] = run
		row := []string{p.Case.ID, string(p.Task), p.Case.Asked(), answerText(x), sourceText(x), answerText(y), sourceText(y), "", "", "", ""}
		for i := range row {
			row[i] = clip(row[i])
		}
		rows = append(rows, row)
	}
	return key, golden.WriteTable(w, rows)
}

// hash spreads cases evenly: its last bit is as good as a coin.
func hash(seed uint64, id string) uint64 {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(id), seed))
	return binary.LittleEndian.Uint64(sum[:])
}

// clip cuts what Excel would refuse: a cell holds 32,767 characters.
func clip(s string) string {
	const most = 32_000
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "… (줄임)"
	}
	return s
}

func answered(a *assistant.Answer) bool {
	return a != nil && slices.Contains([]assistant.Outcome{assistant.Answered, assistant.Partial, assistant.Extractive}, a.Outcome)
}

// answerText is an answer as a person reads it, without what would give the run away.
func answerText(a *assistant.Answer) string {
	lines := []string{a.Title}
	sentence := func(s ground.Sentence) string {
		t := s.Text
		var cited []int
		for _, c := range s.Cites {
			if !slices.Contains(cited, c.Source) {
				cited = append(cited, c.Source)
				t += fmt.Sprintf(" [%d]", c.Source)
			}
		}
		if s.Status == ground.Unverified {
			t += " (근거 확인 필요)"
		}
		return t
	}
	line := func(sentences []ground.Sentence, between string) string {
		var parts []string
		for _, s := range sentences {
			parts = append(parts, sentence(s))
		}
		return strings.Join(parts, between)
	}
	for _, b := range a.Blocks {
		mark := map[string]string{"heading": "■ ", "item": "· "}[b.Kind]
		if s := line(b.Sentences, " "); s != "" {
			lines = append(lines, mark+s)
		}
		for _, r := range b.Rows {
			lines = append(lines, line(r, " | "))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// sourceText is what the sentences cite, by number.
func sourceText(a *assistant.Answer) string {
	quotes := map[int][]string{}
	for _, b := range a.Blocks {
		for _, row := range append([][]ground.Sentence{b.Sentences}, b.Rows...) {
			for _, s := range row {
				for _, c := range s.Cites {
					if !slices.Contains(quotes[c.Source], c.Quote) {
						quotes[c.Source] = append(quotes[c.Source], c.Quote)
					}
				}
			}
		}
	}
	var lines []string
	for _, s := range a.Sources {
		if q := quotes[s.N]; len(q) > 0 {
			lines = append(lines, fmt.Sprintf("[%d] %s: %s", s.N, s.Cite, strings.Join(q, " / ")))
		}
	}
	return strings.Join(lines, "\n")
}

// A Judgement is what one reviewer says of one case.
type Judgement struct {
	Prefer Run         // "" where nothing is said
	Marks  map[Run]int // 1 to 5, of those given
}

// Read reads a table that a reviewer filled in, by case. Rows left empty are left
// out. Its error, Korean, says which row is wrong and what to do.
func Read(r io.Reader, key Key) (map[string]Judgement, error) {
	rows, err := golden.ReadTable(r)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		name, _, _ = strings.Cut(name, "(")
		if name = strings.TrimSpace(name); name != "" && at[name] > 0 {
			return nil, fmt.Errorf("'%s' 열이 두 번 있으니 받은 표의 머리줄을 그대로 두고 다시 저장해 주세요", name)
		}
		at[name] = i + 1
	}
	for _, name := range []string{colCase, colPrefer, colMarkX, colMarkY} {
		if _, ok := at[name]; !ok {
			return nil, fmt.Errorf("'%s' 열이 없으니 받은 표의 머리줄을 그대로 두고 다시 저장해 주세요", name)
		}
	}
	out, seen := map[string]Judgement{}, map[string]bool{}
	for n, row := range rows[1:] {
		cell := func(name string) string { return strings.TrimSpace(row[at[name]-1]) }
		wrong := func(name, want string) error {
			return fmt.Errorf("%d째 줄(%s)의 '%s' 값 %q은(는) 쓸 수 없으니 %s로 적거나 비워 주세요", n+2, cell(colCase), name, cell(name), want)
		}
		id := cell(colCase)
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		x, ok := key.X[id]
		switch {
		case !ok:
			return nil, fmt.Errorf("%d째 줄의 문항 %q은(는) 열쇠 파일에 없으니 이 표와 함께 만든 열쇠 파일인지 확인해 주세요", n+2, id)
		case seen[id]:
			return nil, fmt.Errorf("%d째 줄의 문항 %s이(가) 두 번 있으니 한 줄만 남겨 주세요", n+2, id)
		}
		seen[id] = true
		y := B
		if x == B {
			y = A
		}
		j := Judgement{Marks: map[Run]int{}}
		switch strings.ToUpper(cell(colPrefer)) {
		case "":
		case "X":
			j.Prefer = x
		case "Y":
			j.Prefer = y
		case "같음", "=":
			j.Prefer = Same
		default:
			return nil, wrong(colPrefer, "X, Y, 같음 가운데 하나")
		}
		for i, run := range []Run{x, y} {
			name := []string{colMarkX, colMarkY}[i]
			if cell(name) == "" {
				continue
			}
			m, err := strconv.Atoi(cell(name))
			if err != nil || m < 1 || m > 5 {
				return nil, wrong(name, "1에서 5까지의 정수")
			}
			j.Marks[run] = m
		}
		if j.Prefer != "" || len(j.Marks) > 0 {
			out[id] = j
		}
	}
	if len(out) == 0 {
		return nil, errors.New("판정이 하나도 없으니 '나은 답'과 '점수' 열을 채운 표인지 확인해 주세요")
	}
	return out, nil
}
