package web

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The three views that README shows, over the sample agency without a model.
// BISEO_SCREENSHOTS=$PWD/deploy/screenshots go test -run TestPageScreenshots ./assistant/web
// takes them anew, in 1280 by 800.
func TestPageScreenshots(t *testing.T) {
	t.Parallel()
	c := startChrome(t)
	d := openDesk(t, nil, withUploads(t))
	d.be(lee)
	c.size(1280, 800)

	c.open(d.url + "/")
	c.ask("불법 주정차 단속 유예시간은 몇 분인가요?")
	c.wait(outcome + ` === 'extractive' && document.querySelector('#source mark')`)
	c.eval(nil, `document.activeElement.blur(), scrollTo(0, 0)`)
	c.picture("answer")

	c.walk(d, "/reply")
	c.fill("민원 내용 (필수)", "안녕하세요. 새봄구에 사는 시민입니다.\n다자녀 가정은 공영주차장 요금을 얼마나 감면받나요?\n담당자 휴가로 민원 처리 기간을 연장할 수 있나요?")
	c.fill("접수일 (필수)", "2026-10-02")
	c.fill("민원 종류", "")
	for range 2 {
		c.key("ArrowDown", 40, "")
	}
	c.wait(`document.querySelector('.task .due-date')`)
	c.press("초안 만들기")
	c.press("초안 고치기")
	c.wait(`document.querySelectorAll('[data-part=requests] li').length === 2 && document.querySelector('.doc .chip')`)
	c.eval(nil, `document.activeElement.blur(), scrollTo(0, 0)`)
	c.picture("reply")

	c.open(d.url + "/search")
	c.eval(nil, `document.querySelector('#query').focus()`)
	c.eval(nil, `document.querySelector('#search-kind').value = 'ordinance'`)
	c.typeText("임산부 주차요금 감면")
	c.key("Enter", 13, "\r")
	c.wait(`document.querySelectorAll('.hits > li').length > 5`)
	c.eval(nil, `document.querySelector('.hits h3 button').click()`)
	c.wait(`document.querySelector('#source .passage')`)
	c.eval(nil, `document.activeElement.blur(), scrollTo(0, 0)`)
	c.picture("search")
	c.clean(d.url)
}

// picture writes the page as it is to the folder of BISEO_SCREENSHOTS, if that is
// set, with the 256 colours that it has most of.
func (c *chrome) picture(name string) {
	c.t.Helper()
	dir := os.Getenv("BISEO_SCREENSHOTS")
	if dir == "" {
		return
	}
	var r struct{ Data string }
	c.call("Page.captureScreenshot", map[string]any{"format": "png"}, &r)
	b, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		c.t.Fatal(err)
	}
	full, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		c.t.Fatal(err)
	}
	area := full.Bounds()
	count := map[color.Color]int{}
	for y := range area.Dy() {
		for x := range area.Dx() {
			count[color.RGBAModel.Convert(full.At(x, y))]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return cmp.Compare(count[b], count[a]) })
	few := image.NewPaletted(area, colours[:min(len(colours), 256)])
	draw.Draw(few, area, full, image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few); err != nil {
		c.t.Fatal(err)
	}
	if out.Len() > 200_000 {
		c.t.Errorf("%s.png has %d bytes, at most 200,000 are wanted", name, out.Len())
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), out.Bytes(), 0o644); err != nil {
		c.t.Error(err)
	}
}
