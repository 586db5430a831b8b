package golden

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mark separates the parts of one line of a cell; people write it with and without
// spaces, and as wide characters.
const mark = " :: "

var (
	anyMark = regexp.MustCompile(`\s*(?:::|：：)\s*`)
	anyDay  = regexp.MustCompile(`^\s*(\d{4})\s*[-./]\s*(\d{1,2})\s*[-./]\s*(\d{1,2})\s*\.?\s*$`) // as spreadsheets rewrite a day
)

// WriteCSV writes cases as a table (see [WriteTable]): one column for each field that
// some case has, under the field's JSON name. A list has one element on each line of
// its cell. A passage is DOC :: QUOTE, a relevant one GAIN :: DOC :: QUOTE, a fact
// TEXT :: FORM :: FORM with * before a vital one and (2) before one of the second
// request. A list that cannot be written so stands in its cell as JSON.
func WriteCSV(w io.Writer, cases []Case) error {
	used := columns()
	used = slices.DeleteFunc(used, func(f reflect.StructField) bool {
		return strings.Contains(f.Tag.Get("json"), ",") && !slices.ContainsFunc(cases, func(c Case) bool { return !reflect.ValueOf(c).FieldByIndex(f.Index).IsZero() })
	})
	rows := make([][]string, 1+len(cases))
	for _, f := range used {
		rows[0] = append(rows[0], nameOf(f))
		for i, c := range cases {
			rows[i+1] = append(rows[i+1], cell(reflect.ValueOf(c).FieldByIndex(f.Index).Interface()))
		}
	}
	return WriteTable(w, rows)
}

// ReadCSV reads what [WriteCSV] wrote and a person changed, and validates it as
// cases of t. Columns may stand in any order. Its error, Korean, names the row.
func ReadCSV(t Task, r io.Reader) ([]Case, error) {
	rows, err := ReadTable(r)
	if err != nil {
		return nil, err
	}
	fields := make([]reflect.StructField, len(rows[0]))
	for i, name := range rows[0] {
		k := slices.IndexFunc(columns(), func(f reflect.StructField) bool { return nameOf(f) == strings.TrimSpace(name) })
		if k < 0 {
			return nil, fmt.Errorf("%q(이)라는 열은 없으니 머리줄의 이름을 받은 표의 것으로 고쳐 주세요", name)
		}
		fields[i] = columns()[k]
	}
	var lines bytes.Buffer
	seen := map[string]int{}
	for n, row := range rows[1:] {
		if strings.Join(row, "") == "" {
			continue
		}
		c := Case{Groups: []string{}}
		for i, s := range row {
			if err := parseCell(s, reflect.ValueOf(&c).Elem().FieldByIndex(fields[i].Index).Addr().Interface()); err != nil {
				return nil, fmt.Errorf("%d째 줄의 %s 칸: %w", n+2, rows[0][i], err)
			}
		}
		if m := anyDay.FindStringSubmatch(c.On); m != nil {
			c.On = fmt.Sprintf("%s-%02s-%02s", m[1], m[2], m[3])
		}
		if err := c.Validate(t); err != nil {
			return nil, fmt.Errorf("%d째 줄: %w", n+2, err)
		}
		if seen[c.ID] > 0 {
			return nil, fmt.Errorf("%d째 줄: %w", n+2, errTwice(c.ID, seen[c.ID]))
		}
		seen[c.ID] = n + 2
		if err := Write(&lines, []Case{c}); err != nil {
			return nil, err
		}
	}
	return Parse(t, lines.Bytes())
}

func columns() []reflect.StructField { return reflect.VisibleFields(reflect.TypeFor[Case]()) }

func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// cell writes one field; parseCell must read the same back, or the field is JSON.
func cell(v any) string {
	var lines []string
	switch v := v.(type) {
	case string:
		return v
	case Task:
		return string(v)
	case int:
		if v == 0 {
			return ""
		}
		return strconv.Itoa(v)
	case bool:
		if !v {
			return ""
		}
		return "true"
	case []string:
		lines = v
	case []Passage:
		for _, p := range v {
			lines = append(lines, p.Doc+mark+p.Quote)
		}
	case []Relevant:
		for _, r := range v {
			lines = append(lines, strconv.Itoa(r.Gain)+mark+r.Doc+mark+r.Quote)
		}
	case []Fact:
		for _, f := range v {
			head := f.Text
			if f.Request > 0 {
				head = fmt.Sprintf("(%d) %s", f.Request, head)
			}
			if f.Vital {
				head = "* " + head
			}
			lines = append(lines, strings.Join(append([]string{head}, f.Any...), mark))
		}
	}
	if reflect.ValueOf(v).Len() == 0 {
		return ""
	}
	s := strings.Join(lines, "\n")
	again := reflect.New(reflect.TypeOf(v))
	if parseCell(s, again.Interface()) != nil || !reflect.DeepEqual(again.Elem().Interface(), v) {
		b, _ := json.Marshal(v) // strings, numbers and structs of them
		return string(b)
	}
	return s
}

func parseCell(s string, into any) (err error) {
	switch p := into.(type) {
	case *string:
		*p = s
		return nil
	case *Task:
		*p = Task(s)
		return nil
	case *int:
		if s != "" {
			*p, err = strconv.Atoi(strings.TrimSpace(s))
		}
		return err
	case *bool:
		*p = strings.EqualFold(strings.TrimSpace(s), "true")
		return nil
	}
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	if strings.HasPrefix(s, "[") && json.Valid([]byte(s)) {
		return json.Unmarshal([]byte(s), into)
	}
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		parts := anyMark.Split(line, -1)
		switch p := into.(type) {
		case *[]string:
			*p = append(*p, line)
		case *[]Passage:
			if len(parts) != 2 {
				return fmt.Errorf("%q을(를) '문서 경로 :: 문서의 말'로 적어 주세요", line)
			}
			*p = append(*p, Passage{parts[0], parts[1]})
		case *[]Relevant:
			gain, err := strconv.Atoi(parts[0])
			if err != nil || len(parts) != 3 {
				return fmt.Errorf("%q을(를) '점수 :: 문서 경로 :: 문서의 말'로 적어 주세요", line)
			}
			*p = append(*p, Relevant{Passage{parts[1], parts[2]}, gain})
		case *[]Fact:
			var f Fact
			head := parts[0]
			if head, f.Vital = strings.CutPrefix(head, "*"); f.Vital {
				head = strings.TrimSpace(head)
			}
			if n, rest, ok := strings.Cut(head, ")"); ok && strings.HasPrefix(n, "(") {
				if f.Request, err = strconv.Atoi(n[1:]); err == nil {
					head = strings.TrimSpace(rest)
				}
			}
			f.Text, f.Any = head, parts[1:]
			*p = append(*p, f)
		default:
			return fmt.Errorf("%q은(는) JSON 목록이 아니니 받은 표의 꼴을 따라 주세요", line)
		}
	}
	return nil
}
