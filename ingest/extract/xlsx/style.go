package xlsx

import (
	"regexp"
	"strconv"
	"strings"

	"biseo/ingest/extract/xmlzip"
)

// koreanBuiltIn are the number formats that a workbook names by number only and
// that a Korean Excel shows differently (ECMA-376 part 1, 18.8.30, ko-kr; money
// as the program does). excelize has them too, but with its Korean culture it
// counts all years from 단군기원.
var koreanBuiltIn = map[int]string{
	5: `"₩"#,##0;-"₩"#,##0`, 6: `"₩"#,##0;-"₩"#,##0`, 7: `"₩"#,##0.00;-"₩"#,##0.00`, 8: `"₩"#,##0.00;-"₩"#,##0.00`,
	14: `yyyy-mm-dd`, 22: `yyyy-mm-dd h:mm`,
	27: `yyyy"年" mm"月" dd"日"`, 28: `mm-dd`, 29: `mm-dd`, 30: `mm-dd-yy`, 31: `yyyy"년" mm"월" dd"일"`,
	32: `h"시" mm"분"`, 33: `h"시" mm"분" ss"초"`, 34: `yyyy-mm-dd`, 35: `yyyy-mm-dd`, 36: `yyyy"年" mm"月" dd"日"`,
	42: `"₩"#,##0;-"₩"#,##0`, 44: `"₩"#,##0.00;-"₩"#,##0.00`,
	50: `yyyy"年" mm"月" dd"日"`, 51: `mm-dd`, 52: `yyyy-mm-dd`, 53: `yyyy-mm-dd`, 54: `mm-dd`, 55: `yyyy-mm-dd`, 56: `mm-dd`,
	57: `yyyy"年" mm"月" dd"日"`, 58: `mm-dd`,
}

// ownFormat is above the numbers of formats that workbooks define themselves.
const ownFormat = 100_000

var (
	reCellFormats = regexp.MustCompile(`(?s)<(?:\w+:)?cellXfs[ >].*</(?:\w+:)?cellXfs>`)
	reFormatID    = regexp.MustCompile(`numFmtId="(\d+)"`)
	reStyleSheet  = regexp.MustCompile(`<(\w+:)?styleSheet[^>]*>`)
	reFormatCode  = regexp.MustCompile(`formatCode="([^"]*)"`)
)

// koreanStyles makes the part styles say what a Korean Excel shows: its built-in
// formats, and Korean names for days of the week.
func koreanStyles(styles string) string {
	styles = reFormatCode.ReplaceAllStringFunc(styles, func(s string) string {
		if code := s[len(`formatCode="`):]; strings.Contains(code, "aaa") && !strings.Contains(code, "[$") {
			return `formatCode="[$-412]` + code
		}
		return s
	})
	used := map[int]bool{}
	styles = reCellFormats.ReplaceAllStringFunc(styles, func(s string) string {
		return reFormatID.ReplaceAllStringFunc(s, func(s string) string {
			id, _ := strconv.Atoi(reFormatID.FindStringSubmatch(s)[1])
			if koreanBuiltIn[id] == "" {
				return s
			}
			used[id] = true
			return `numFmtId="` + strconv.Itoa(ownFormat+id) + `"`
		})
	})
	at := reStyleSheet.FindStringSubmatchIndex(styles)
	if at == nil || len(used) == 0 {
		return styles
	}
	prefix := ""
	if at[2] >= 0 {
		prefix = styles[at[2]:at[3]]
	}
	var own strings.Builder
	for id := range used {
		code := strings.ReplaceAll(koreanBuiltIn[id], `"`, "&quot;")
		own.WriteString("<" + prefix + `numFmt numFmtId="` + strconv.Itoa(ownFormat+id) + `" formatCode="` + code + `"/>`)
	}
	if open := "<" + prefix + "numFmts"; strings.Contains(styles, open) {
		i := strings.Index(styles, open)
		end := i + strings.IndexByte(styles[i:], '>') + 1
		if end <= i || styles[end-2] == '/' {
			return styles
		}
		return styles[:end] + own.String() + styles[end:]
	}
	return styles[:at[1]] + "<" + prefix + "numFmts>" + own.String() + "</" + prefix + "numFmts>" + styles[at[1]:]
}

// zeroTexts are what the cell formats of the part styles show for the number 0,
// where that is a text of its own, such as the "-" of accounts; by index of cellXfs.
func zeroTexts(styles *xmlzip.Element) map[string]string {
	codes := map[string]string{"41": `_;_;"-"`, "42": `_;_;"-"`, "43": `_;_;"-"`, "44": `_;_;"-"`}
	for _, k := range styles.Child("numFmts").Children() {
		codes[k.Get("numFmtId")] = k.Get("formatCode")
	}
	texts := map[string]string{}
	n := 0
	for _, k := range styles.Child("cellXfs").Children() {
		if k.Name != "xf" {
			continue
		}
		if s := zeroText(codes[k.Get("numFmtId")]); s != "" {
			texts[strconv.Itoa(n)] = s
		}
		n++
	}
	return texts
}

// zeroText is the literal text of the third section of a number format, "" if
// there is no such section or it shows digits.
func zeroText(code string) string {
	var out strings.Builder
	section, quoted := 0, false
	runes := []rune(code)
	for i := 0; i < len(runes) && section < 3; i++ {
		r := runes[i]
		var s string
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
			s = string(r)
		case r == ';':
			section++
		case r == '\\' && i+1 < len(runes):
			i++
			s = string(runes[i])
		case r == '_' || r == '*': // as wide as the next character; filled with it
			i++
		case r == '[':
			for i < len(runes) && runes[i] != ']' {
				i++
			}
		case section == 2 && !strings.ContainsRune(`-+/():△▲ `, r): // a placeholder or a name: General, yyyy
			return ""
		default:
			s = string(r)
		}
		if section == 2 {
			out.WriteString(s)
		}
	}
	return strings.TrimSpace(out.String())
}
