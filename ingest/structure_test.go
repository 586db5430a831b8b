package ingest_test

import (
	"strings"
	"testing"

	"biseo/index"
	"biseo/ingest"
)

// A 공개구분 raises the grade above the folder's, and no later run lowers it.
func TestSyncRaisesGrade(t *testing.T) {
	w := newWorld(t, "")
	w.write("공문.txt", "가온시\n수신  내부결재\n(경유)\n제목  제설 장비 구매\n장비를 삽니다.  끝.\n주무관 | 한별온 | 과장 | 차오름\n협조자 | \n시행 | 안전과-1 | ( | 2026. 1. 2. | )\n전화 | 055-000-1000 | / | 비공개(5)\n")
	w.write("안내.txt", "보관대는 시청 앞에 있습니다.\n")
	grades := func() map[string]index.Grade {
		got := map[string]index.Grade{}
		for d, err := range w.index.Docs(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			got[d.Title] = d.Grade
		}
		return got
	}
	rep := syncAll(w)
	if len(rep.Warnings) != 1 || !strings.Contains(rep.Warnings[0], "비공개(5)") {
		t.Errorf("warnings %q", rep.Warnings)
	}
	for range 2 {
		if got := grades(); got["제설 장비 구매"] != index.Sensitive || got["안내"] != index.Open {
			t.Errorf("grades %v", got)
		}
		syncAll(w)
	}
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [public]\ngrade: classified\n")
	syncAll(w)
	if got := grades()["제설 장비 구매"]; got != index.Classified {
		t.Errorf("after the folder became classified: %v", got)
	}
	w.write("biseo-folder.yaml", "kind: plan\nreaders: [public]\ngrade: open\n")
	syncAll(w)
	if got := grades()["제설 장비 구매"]; got != index.Sensitive {
		t.Errorf("after the folder became open again: %v", got)
	}
}

func syncAll(w *world) ingest.Report {
	w.t.Helper()
	rep, err := w.try(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return rep
}
