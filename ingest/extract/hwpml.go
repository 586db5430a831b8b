package extract

import (
	"context"
	"strings"
	"unicode"

	"biseo/ingest"
	"biseo/ingest/extract/hwp"
)

// readHWPML reads a document in HWPML 2, the XML that older versions of the same
// word processor export. Its elements are those of HWPX under other names, so it
// is renamed and read as such.
func readHWPML(ctx context.Context, s string) (*ingest.Document, error) {
	r := hwpxReader{walker: hwpWalker{b: &builder{}}}
	data := []byte(s)
	var info hwp.Info
	header := &element{}
	err := eachElement(data, "HEAD", func(e *element) error {
		if e.name == "DOCSUMMARY" {
			info = hwp.Info{
				Title: e.child("TITLE").content(), Subject: e.child("SUBJECT").content(), Author: e.child("AUTHOR").content(),
				Keywords: e.child("KEYWORDS").content(), Comments: e.child("COMMENTS").content(),
			}
		}
		renameHWPML(e)
		header.kids = append(header.kids, e)
		return ctx.Err()
	})
	if err != nil {
		return nil, asError("HWPML", err)
	}
	r.header(header)
	var seen bool
	err = eachElement(data, "SECTION", func(e *element) error {
		seen = true
		renameHWPML(e)
		r.top(e)
		return ctx.Err()
	})
	if err == nil && !seen {
		err = errXML
	}
	if err != nil {
		return nil, asError("HWPML", err)
	}
	r.walker.properties(info)
	return r.walker.b.finish()
}

var hwpmlElements = map[string]string{
	"P": "p", "TEXT": "run", "CHAR": "t", "SECDEF": "secPr",
	"TAB": "tab", "LINEBREAK": "lineBreak", "NBSPACE": "nbSpace", "FWSPACE": "fwSpace", "HYPEN": "hyphen", "HYPHEN": "hyphen",
	"TABLE": "tbl", "ROW": "tr", "CELL": "tc", "PARALIST": "subList", "CAPTION": "caption",
	"RECTANGLE": "rect", "ELLIPSE": "ellipse", "ARC": "arc", "POLYGON": "polygon", "CURVE": "curve", "LINE": "line", "CONNECTLINE": "connectLine",
	"CONTAINER": "container", "PICTURE": "pic", "OLE": "ole", "TEXTART": "textart", "DRAWTEXT": "drawText",
	"EQUATION": "equation", "SCRIPT": "script", "FOOTNOTE": "footNote", "ENDNOTE": "endNote",
	"HEADER": "header", "FOOTER": "footer", "HIDDENCOMMENT": "hiddenComment",
	"AUTONUM": "autoNum", "AUTONUMFORMAT": "autoNumFormat", "COMPOSE": "compose",
	"DUTMAL": "dutmal", "MAINTEXT": "mainText", "SUBTEXT": "subText",
	"PARASHAPE": "paraPr", "STYLE": "style", "NUMBERING": "numbering", "PARAHEAD": "paraHead", "BULLET": "bullet",
}

// The other attributes have the same names but for their first letter.
var hwpmlAttributes = map[string]string{
	"ParaShape": "paraPrIDRef", "Style": "styleIDRef", "OutlineShape": "outlineShapeIDRef",
	"HeadingType": "type", "Heading": "idRef", "Number": "num", "NumberType": "numType",
}

// renameHWPML gives e and what is in it the names of HWPX.
func renameHWPML(e *element) {
	if name, ok := hwpmlElements[e.name]; ok {
		e.name = name
	}
	var attrs strings.Builder
	for s := e.attrs; ; {
		name, value, rest, ok := cutAttr(s)
		if !ok {
			break
		}
		if n, ok := hwpmlAttributes[name]; ok {
			name = n
		} else {
			name = strings.ToLower(name[:1]) + name[1:]
		}
		switch name {
		case "type", "numType", "numFormat", "side":
			value = upperSnake(value)
		}
		quote := `"`
		if strings.Contains(value, quote) {
			quote = "'"
		}
		attrs.WriteString(" " + name + "=" + quote + value + quote)
		s = rest
	}
	e.attrs = attrs.String()
	var kids []*element
	for _, k := range e.kids {
		switch renameHWPML(k); k.name {
		case "SHAPEOBJECT", "DRAWINGOBJECT": // HWPX has what is in them directly in the object
			kids = append(kids, k.kids...)
		default:
			kids = append(kids, k)
		}
	}
	e.kids = kids
	switch e.name { // which has these attributes on elements of their own
	case "paraPr":
		e.kids = append(e.kids, &element{name: "heading", attrs: e.attrs})
	case "tc":
		e.kids = append(e.kids, &element{name: "cellAddr", attrs: e.attrs}, &element{name: "cellSpan", attrs: e.attrs})
	}
}

// upperSnake writes HangulSyllable as HANGUL_SYLLABLE.
func upperSnake(s string) string {
	var out strings.Builder
	for i, r := range s {
		if i > 0 && unicode.IsUpper(r) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToUpper(r))
	}
	return out.String()
}
