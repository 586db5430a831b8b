package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A complaint that comes as a file is chosen or dropped, and read into the field with
// what its reader says of it; undo brings back what stood there.
func TestPageComplaintFile(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	a := newAxe(t, c)
	d := openDesk(t, nil, withUploads(t))
	c.size(1280, 900)
	c.walk(d, "/reply")
	field, said := labelled("민원 내용 (필수)"), `document.querySelector('.task > .stack').innerText`
	c.fill("민원 내용 (필수)", "앞서 적은 글입니다.")

	files := filepath.Join("..", "..", "deploy", "sample", "files")
	for name, words := range map[string]string{
		"규칙/주차장-조례-시행규칙.hwpx":          "주차장",
		"계획/2026년-겨울철-자연재난-대책.pdf":     "겨울철",
		"계획/인사/2027년-상반기-정기인사-계획.docx": "정기인사",
	} {
		path, err := filepath.Abs(filepath.Join(files, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		c.drop(field, path)
		c.wait(said + `.includes('` + filepath.Base(name) + `에서 읽었습니다')`)
		if got := c.text(field + `.value`); !strings.Contains(got, words) {
			t.Errorf("%s: got %.200s", name, got)
		}
		c.eval(nil, field+`.focus(), document.execCommand('undo')`)
		if got, want := c.text(field+`.value`), "앞서 적은 글입니다."; got != want {
			t.Errorf("%s: after undo got %.100q, want %q", name, got, want)
		}
	}

	c.file(`document.querySelector('#view-other [type=file]')`, upload(t, "민원.csv", "제목,내용\n주차,\"요금이\" 얼마인가요?\n"))
	c.wait(said + `.includes('따옴표가 규칙에 맞지 않아')`)
	c.wait(`document.querySelector('#status').textContent.includes('민원.csv에서 읽었습니다') && document.activeElement === ` + field)
	a.check("reply-file")
	c.size(360, 740)
	c.fits("reply-file")
	c.size(1280, 900)

	// What cannot be read is said, and leaves the field alone.
	before := c.text(field + `.value`)
	c.file(`document.querySelector('#view-other [type=file]')`, upload(t, "민원.hwp", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1깨진 파일"))
	c.wait(`document.querySelector('.task > .stack > .error').checkVisibility()`)
	if got := c.text(said); strings.Contains(got, "읽었습니다") || strings.Contains(got, "따옴표") {
		t.Errorf("a broken file: got %s", got)
	}
	a.check("reply-file-broken")
	c.file(`document.querySelector('#view-other [type=file]')`, upload(t, "빈.txt", " \n"))
	c.wait(said + `.includes('빈.txt에서 글을 찾지 못했습니다.') || document.querySelector('.task > .stack > .error').checkVisibility()`)
	c.drop(field, upload(t, "a.txt", "가"), upload(t, "b.txt", "나"))
	c.wait(`document.querySelector('.task > .stack > .error').textContent === '파일을 하나만 골라 주세요.'`)
	if got := c.text(`(data => { data.items.add(new File(['가'], 'a.txt')); return document.querySelector('h1').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data })) })(new DataTransfer())`); got != "false" {
		t.Error("a file that is dropped beside the field is the browser's, which may leave the page for it")
	}
	if got := c.text(field + `.value`); got != before {
		t.Errorf("after files that cannot be read: got %q, want %q", got, before)
	}
	c.clean(d.url, "415", "422")
}
