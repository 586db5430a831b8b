package extract

import (
	"cmp"
	"path"
	"strings"
)

// What the formats of ECMA-376 (DOCX, XLSX, PPTX) share: relations between the
// parts of an archive, and properties.

// A related is one relation of a part: its ID there, its type and the part that
// it points to.
type related struct{ id, kind, part string }

// relations are those of the part from ("" is the package) within the archive,
// in their order.
func relations(a *archive, from string) ([]related, error) {
	dir, base := path.Split(from)
	rels, err := a.tree(dir + "_rels/" + base + ".rels")
	if err != nil {
		return nil, err
	}
	var found []related
	rels.all("Relationship", func(e *element) {
		if e.get("TargetMode") == "External" {
			return
		}
		target := e.get("Target")
		if absolute, ok := strings.CutPrefix(target, "/"); ok {
			target = absolute
		} else {
			target = path.Join(dir, target)
		}
		found = append(found, related{e.get("Id"), path.Base(e.get("Type")), target})
	})
	return found, nil
}

// relation is the first part in a relation of that type to the part from; "" if
// there is none.
func relation(a *archive, from, kind string) (string, error) {
	rels, err := relations(a, from)
	for _, r := range rels {
		if r.kind == kind {
			return r.part, nil
		}
	}
	return "", err
}

// properties fills in what the package says of itself. The title is what the
// body says too, else otherwise, else the property.
func (a *archive) properties(b *builder, otherwise string) error {
	part, err := relation(a, "", "core-properties")
	if err != nil {
		return err
	}
	core, err := a.tree(cmp.Or(part, "docProps/core.xml"))
	if err != nil {
		return err
	}
	meta := &b.doc.Meta
	meta.Gist = oneLine(core.child("description").content())
	meta.Keywords = keywords([]string{core.child("keywords").content(), core.child("subject").content()})
	title := oneLine(core.child("title").content())
	meta.Title = cmp.Or(b.title(title, cmp.Or(otherwise, firstLine(b.parts))), title)
	return nil
}

// symbolFont is the encoding of the font Symbol from 0x20 and, after the line
// break, from 0xa0 (Adobe's symbol encoding; · where it has no character).
const symbolFont = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼·" +
	"\n€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪·〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭·"

// symbols are the characters that s shows in a symbol font; s itself in any
// other. Those of Wingdings are private-use characters, which clean replaces.
func symbols(font, s string) string {
	low, high, _ := strings.Cut(symbolFont, "\n")
	return strings.Map(func(r rune) rune {
		n := r
		if n >= 0xf000 && n < 0xf100 {
			n -= 0xf000
		}
		switch {
		case n <= ' ' || n > 0xff || r == '%':
			return r
		case font == "Symbol" && n < 0x80:
			return []rune(low)[n-0x20]
		case font == "Symbol" && n >= 0xa0:
			return []rune(high)[n-0xa0]
		case font == "Symbol" || strings.HasPrefix(font, "Wingdings") || r != n:
			return 0xf000 + n
		}
		return r
	}, s)
}
