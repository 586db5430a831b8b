package hwpx

import (
	"context"
	"strings"
	"unicode"

	"biseo/ingest/extract/hwp"
	"biseo/ingest/extract/xmlzip"
)

// ReadHWPML reads a document in HWPML 2, the XML that older versions of the same
// word processor export. Its elements are those of HWPX under other names, so it
// is renamed and read as such.
func ReadHWPML(ctx context.Context, s string) (*hwp.Document, error) {
	var r reader
	data := []byte(s)
	header := &xmlzip.Element{}
	err := xmlzip.Each(data, "HEAD", func(e *xmlzip.Element) error {
		if e.Name == "DOCSUMMARY" {
			r.doc.Info = hwp.Info{
				Title: e.Child("TITLE").Content(), Subject: e.Child("SUBJECT").Content(), Author: e.Child("AUTHOR").Content(),
				Keywords: e.Child("KEYWORDS").Content(), Comments: e.Child("COMMENTS").Content(),
			}
		}
		renameHWPML(e)
		header.Kids = append(header.Kids, e)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	r.header(header)
	r.section()
	var seen bool
	err = xmlzip.Each(data, "SECTION", func(e *xmlzip.Element) error {
		seen = true
		renameHWPML(e)
		r.top(e)
		return ctx.Err()
	})
	if err == nil && !seen {
		err = xmlzip.ErrXML
	}
	return &r.doc, err
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
func renameHWPML(e *xmlzip.Element) {
	if name, ok := hwpmlElements[e.Name]; ok {
		e.Name = name
	}
	var attrs strings.Builder
	for s := e.Attrs; ; {
		name, value, rest, ok := xmlzip.CutAttr(s)
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
	e.Attrs = attrs.String()
	var kids []*xmlzip.Element
	for _, k := range e.Kids {
		switch renameHWPML(k); k.Name {
		case "SHAPEOBJECT", "DRAWINGOBJECT": // HWPX has what is in them directly in the object
			kids = append(kids, k.Kids...)
		default:
			kids = append(kids, k)
		}
	}
	e.Kids = kids
	switch e.Name { // which has these attributes on elements of their own
	case "paraPr":
		e.Kids = append(e.Kids, &xmlzip.Element{Name: "heading", Attrs: e.Attrs})
	case "tc":
		e.Kids = append(e.Kids, &xmlzip.Element{Name: "cellAddr", Attrs: e.Attrs}, &xmlzip.Element{Name: "cellSpan", Attrs: e.Attrs})
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
