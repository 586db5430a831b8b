package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"biseo/assistant"
	"biseo/assistant/web/chat"
	"biseo/index"
	"biseo/ingest"
	"biseo/korea/calendar"
)

// reTime are the ways in which officials write a day, with the time behind it:
// 2026-06-30, 2026. 6. 30.(화), 2026/6/30 10:30, 2026년 6월 30일.
var reTime = regexp.MustCompile(`^(\d{4})\s*(?:[-./]|년)\s*(\d{1,2})\s*(?:[-./]|월)\s*(\d{1,2})\s*(?:\.|일)?\s*(?:\([월화수목금토일]\))?(?:[\sT]+(\d{1,2}):(\d{2}))?$`)

// parseTime reads a day, with its time where one is written, in the given zone.
// ok tells whether it is a day and time that exist.
func parseTime(s string, zone *time.Location) (t time.Time, clock, ok bool) {
	m := reTime.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return t, false, false
	}
	var n [5]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // digits, or nothing for 0
	}
	t = time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], 0, 0, zone)
	ok = n[0] >= chat.FirstYear && t.Month() == time.Month(n[1]) && t.Day() == n[2] && t.Hour() == n[3] && t.Minute() == n[4]
	return t, m[4] != "", ok
}

// receipt is when a complaint was received. A day alone counts from the beginning
// of working hours, which is said, as is a receipt that is still to come.
func receipt(c *console, s string) (time.Time, error) {
	if s == "" {
		return c.now(), nil
	}
	t, clock, ok := parseTime(s, calendar.Seoul)
	if !ok {
		return t, errUsage{fmt.Errorf(`--received의 %q은(는) 없는 날이거나 일시가 아니니 "2026-06-30 10:30"이나 "2026. 6. 30. 10:30"처럼 적어 주세요`, s)}
	}
	if !clock {
		t = t.Add(9 * time.Hour)
		fmt.Fprintf(c.err, "※ 접수 시각을 적지 않아 %s에 접수한 것으로 봅니다.\n", t.Format("2006. 1. 2. 15:04"))
	}
	if now := c.now().In(calendar.Seoul); t.After(now) {
		fmt.Fprintf(c.err, "※ 접수 일시 %s이(가) 지금(%s)보다 뒤이니 맞는지 확인해 주세요.\n", t.Format("2006. 1. 2. 15:04"), now.Format("2006. 1. 2. 15:04"))
	}
	return t, nil
}

// statFile refuses a name that is no file, before anything reads it.
func statFile(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errUnreadable{fmt.Errorf("%s 파일이 없으니 이름과 폴더를 확인해 주세요", name)}
	case errors.Is(err, os.ErrPermission):
		return errUnreadable{fmt.Errorf("%s 파일을 읽을 권한이 없으니 파일 권한을 확인해 주세요", name)}
	case err != nil:
		return errUnreadable{fmt.Errorf("%s 파일을 읽지 못했으니 이름과 폴더를 확인해 주세요: %w", name, err)}
	case info.IsDir():
		return errUnreadable{fmt.Errorf("%s: 파일이 아니라 폴더이니 폴더 안의 파일을 지정해 주세요", name)}
	}
	return nil
}

// inFile turns what is wrong with a text into what is wrong with the file that it
// was read from, where it is one of the given fields.
func inFile(name string, err error, fields ...string) error {
	var input *assistant.InputError
	if errors.As(err, &input) && slices.Contains(fields, input.Field) {
		return errUnreadable{fmt.Errorf("%s: %s", name, input.Text)}
	}
	return err
}

// usageSentences are in Korean what the parser of the command line says, as
// patterns of its English and what they become.
var usageSentences = []struct {
	says *regexp.Regexp
	text string
}{
	{regexp.MustCompile(`^(.+?) must be one of (.+) but got "(.*)"$`), "${1} 값 “${3}”은(는) 없으니 다음 가운데 하나로 적어 주세요: ${2}"},
	{regexp.MustCompile(`^unknown flag (\S+?),?(?: did you mean.*)?$`), "${1} 옵션은 없으니 biseo --help에서 옵션 이름을 확인해 주세요"},
	{regexp.MustCompile(`^unexpected argument (\S+?),?(?: did you mean.*)?$`), "“${1}”이(가) 무엇인지 알 수 없으니 biseo --help에서 명령을 확인해 주세요"},
	{regexp.MustCompile(`^expected (".*)$`), "빠진 것이 있으니 적어 주세요: ${1}"},
	{regexp.MustCompile(`^missing flags?: (.*)$`), "빠진 옵션이 있으니 적어 주세요: ${1}"},
	{regexp.MustCompile(`^expected one of (.*)$`), "무엇을 할지 명령을 적어 주세요: ${1}"},
	{regexp.MustCompile(`^(--\S+) and (--\S+) can't be used together$`), "${1}과 ${2}는 함께 쓸 수 없으니 하나만 적어 주세요"},
	{regexp.MustCompile(`^open (.*): no such file or directory$`), "${1} 파일이 없으니 이름과 폴더를 확인해 주세요"},
	{regexp.MustCompile(`^(--\S+): expected .* got "EOL"`), "${1} 뒤에 값을 적어 주세요"},
	{regexp.MustCompile(`^(--\S+?): expected`), "${1} 값을 읽을 수 없으니 biseo --help에서 적는 방법을 확인해 주세요"},
}

// usageSentence is what the parser says, in Korean with the English behind it.
func usageSentence(err error) string {
	said := err.Error()
	for _, s := range usageSentences {
		if m := s.says.FindStringSubmatchIndex(said); m != nil {
			korean := string(s.says.ExpandString(nil, s.text, said, m))
			return strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(korean, `"",`, ""), `","`, ", "), `"`, "") + " (" + said + ")"
		}
	}
	if strings.ContainsFunc(said, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }) { // ours, which the parser passes on
		return said
	}
	return "명령을 알아들을 수 없으니 biseo --help에서 쓰는 방법을 확인해 주세요 (" + said + ")"
}

// folderFileHelp says what a folder file may hold.
var folderFileHelp = "kind는 " + strings.Join(index.KindNames(), ", ") + ", grade는 open, sensitive, classified, " +
	"mask와 keep_contacts는 true, false 가운데 하나, readers는 [public]처럼 그룹의 목록, agency는 기관 이름"

// inFolderFile says in Korean what a folder file may hold, where err is of one.
func inFolderFile(err error) error {
	if err == nil || !strings.Contains(err.Error(), ingest.FolderFile) {
		return err
	}
	return errUsage{fmt.Errorf("%s 파일이 잘못되었으니 고쳐 주세요(%s): %w", ingest.FolderFile, folderFileHelp, err)}
}
