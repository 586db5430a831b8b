package ground

import "testing"

// Sentences of which every word stands somewhere near, with one thing turned, and
// the same sentences without it.
func TestCheckSwaps(t *testing.T) {
	sources := []Source{
		{Title: "공영주차장 요금 안내", Cite: "", Text: "주차장에 들어온 때부터 10분 안에 나가면 요금을 받지 않습니다(조례 제7조제3항).\n노외주차장은 24시간 운영합니다.\n주차 요금이 높은 곳은 이용률이 낮아졌다."},
		{Title: "7월부터 공영주차장 요금 달라진다", Text: "ㅇ 추가 10분마다 1급지 400원, 2급지 250원, 3급지 100원을 받는다.\nㅇ 1일 최고 요금은 1급지 15,000원, 2급지 10,000원, 3급지 5,000원이다.\nㅇ 다자녀 감면의 기준이 18세 이하 자녀 3명 이상에서 2명 이상으로 바뀐다.\nㅇ 장애인과 국가유공자의 감면은 50%에서 80%로, 전통시장 이용자의 무료 시간은 1시간에서 2시간으로 늘어난다.\nㅇ 문의: 주차관리과 055-000-2851, 교통행정과 055-000-2860"},
		{Title: "2026년 공영주차장 확충 계획", Text: "2026년 공영주차장 확충 계획\n주택가에 공영주차장을 늘리고 민간 주차 공간의 개방을 지원하여 시민의 주차 불편을 덜고자 한다.\n공영주차장 3곳을 2026년 12월까지 준공한다."},
		{Title: "감면 안내", Text: "대상 | 감면 | 증명서\n장애인 | 80% | 장애인등록증\n임산부 | 50% | 산모수첩\n자원봉사자 | 30% | 자원봉사 확인서"},
		{Title: "가온시 청년 기본 조례", Cite: "「가온시 청년 기본 조례」 제5조", Text: "제5조(지원)\n① 시장은 무주택 청년에게 월세를 월 20만원까지 12개월 동안 지원한다.\n② 위원장이 회의를 소집하고 부위원장은 위원장을 보좌한다.\n③ 신청은 한 번만 할 수 있다.\n④ 심의에 동의하지 않는 위원은 그 이유를 밝히고 서명한다.\n⑤ 거짓으로 지원금을 받은 사람은 5년 동안 다시 신청할 수 없다.\n⑥ 동아리 지원은 청년 단체에 한다. 15명 이하의 단체는 제외한다."},
	}
	sources[3].Text += "\n다자녀 가정(18세 이하 자녀 2명 이상) | 50% | 다자녀 우대카드 또는 가족관계증명서"
	sources = append(sources, Source{Title: "민원 처리 지침", Text: `① 위원은 시장이 임명하고, 위원장은 위원 중에서 뽑는다.
② 신청서를 제출하거나 전화로 신청한다. 신청서와 사진을 낸다.
③ 과장이 없으면 팀장이 결재한다.
④ 여비는 시내 출장의 경우 1일 2만원, 시외 출장의 경우 1일 5만원으로 한다.
⑤ 접수는 온라인으로 하고 심사는 서면으로 한다.
⑥ 담당자가 휴가이면 대리인이 처리한다.`})
	for i := range sources {
		sources[i].N = i + 1
	}
	const warned = Status("warned")
	tests := []struct {
		text string
		cite int
		want Status
	}{
		// A negation that the support has and the claim leaves out.
		{"주차장에 들어온 때부터 10분 안에 나가면 요금을 받지 않습니다(조례 제7조제3항).", 1, Verified},
		{"주차장에 들어온 때부터 10분 안에 나가면 요금을 받지 않는다.", 1, Verified},
		{"주차장에 들어온 때부터 10분 안에 나가면 요금을 받습니다(조례 제7조제3항).", 1, Unverified},
		{"주차장에 들어온 때부터 10분 안에 나가면 요금을 받습니다.", 1, Unverified},
		{"주차장에 들어온 때부터 10분 안에 나가면 요금을 받는다.", 1, Unverified},
		{"주차장에 들어온 때부터 10분 안에 나가면 요금을 받음", 1, Unverified},
		{"심의에 동의하는 위원은 그 이유를 밝히고 서명합니다.", 5, Unverified},
		{"심의에 동의하지 않는 위원은 그 이유를 밝히고 서명합니다.", 5, Verified},

		// One word for another.
		{"주차장에 들어온 때부터 10분 뒤에 나가면 요금을 받지 않습니다.", 1, Unverified},
		{"노상주차장은 24시간 운영합니다.", 1, Unverified},
		{"노외주차장은 24시간 운영한다.", 1, Verified},
		{"주차 요금이 낮은 곳은 이용률이 낮아졌습니다.", 1, Unverified},
		{"주차 요금이 높은 곳은 이용률이 높아졌습니다.", 1, Unverified},
		{"주차 요금이 높은 곳은 이용률이 낮아졌습니다.", 1, Verified},
		{"시장은 무주택 청년에게 월세를 월 20만원까지 12개월 동안 지원합니다.", 5, Verified},
		{"시장은 유주택 청년에게 월세를 월 20만원까지 12개월 동안 지원합니다.", 5, Unverified},
		{"시장은 무주택 노인에게 월세를 월 20만원까지 12개월 동안 지원합니다.", 5, Unverified},
		{"시장은 무주택 청년에게 전세를 월 20만원까지 12개월 동안 지원합니다.", 5, Unverified},
		{"시장은 무주택 청년에게 월세를 연 20만원까지 12개월 동안 지원합니다.", 5, Unverified},
		{"시장은 무주택 청년에게 월세를 월 20만원까지 12개월 뒤 지원합니다.", 5, Unverified},
		{"신청은 한 번만 할 수 있습니다.", 5, Verified},
		{"신청은 여러 번 할 수 있습니다.", 5, Unverified},
		{"부위원장이 회의를 소집하고 위원장은 부위원장을 보좌합니다.", 5, Unverified},
		{"위원장이 회의를 소집하고 부위원장은 위원장을 보좌합니다.", 5, Verified},
		{"심의에 동의하지 않는 위원은 그 이유를 밝히거나 서명합니다.", 5, Unverified},
		{"심의에 거부하지 않는 위원은 그 이유를 밝히고 서명합니다.", 5, Unverified},

		// What the source does not say of its subject.
		{"2026년 공영주차장 확충 계획은 폐지됨", 3, Unverified},
		{"2026년 공영주차장 확충 계획은 취소되었습니다.", 3, Unverified},
		{"2026년 공영주차장 확충 계획은 연기됨", 3, Unverified},
		{"공영주차장 3곳을 2026년 12월까지 준공합니다.", 3, Verified},

		// Values of parallel parts, and those that were.
		{"추가 10분마다 2급지는 250원을 받습니다.", 2, Verified},
		{"추가 10분마다 1급지 400원, 2급지 250원, 3급지 100원을 받습니다.", 2, Verified},
		{"추가 10분마다 1급지는 250원을 받습니다.", 2, Unverified},
		{"추가 10분마다 1급지 250원을 받습니다.", 2, Unverified},
		{"1일 최고 요금은 1급지 5,000원입니다.", 2, Unverified},
		{"1일 최고 요금은 3급지 5,000원입니다.", 2, Verified},
		{"1급지의 1일 최고 요금은 5,000원입니다.", 2, Unverified},
		{"주차관리과 문의: 055-000-2860", 2, Unverified},
		{"주차관리과 문의: 055-000-2851", 2, Verified},
		{"장애인과 국가유공자의 감면은 50%입니다.", 2, Unverified},
		{"장애인과 국가유공자의 감면은 50%에서 80%로 늘어납니다.", 2, Verified},
		{"장애인과 국가유공자의 감면은 80%로 늘어납니다.", 2, Verified},
		{"다자녀 감면의 기준은 18세 이하 자녀 3명 이상이다.", 2, Unverified},
		{"다자녀 감면의 기준은 18세 이하 자녀 2명 이상으로 바뀐다.", 2, Verified},

		// Cells of two rows.
		{"장애인의 감면 증명서는 산모수첩입니다.", 4, Unverified},
		{"임산부의 감면 증명서는 산모수첩입니다.", 4, Verified},
		{"장애인의 감면은 80%이고 증명서는 장애인등록증입니다.", 4, Verified},
		{"다자녀 가정의 증명서는 산모수첩입니다.", 4, Unverified},
		{"다자녀 가정의 증명서는 다자녀 우대카드 또는 가족관계증명서입니다.", 4, Verified},

		// Who, or, in which case.
		{"위원은 시장이 임명합니다.", 6, Verified},
		{"위원장은 시장이 임명합니다.", 6, Unverified},
		{"신청서를 제출하고 전화로 신청합니다.", 6, Unverified},
		{"신청서 또는 사진을 냅니다.", 6, Unverified},
		{"신청서와 사진을 냅니다.", 6, Verified},
		{"팀장이 없으면 과장이 결재합니다.", 6, Unverified},
		{"과장이 없으면 팀장이 결재합니다.", 6, Verified},
		{"시내 출장의 여비는 1일 5만원입니다.", 6, Unverified},
		{"시외 출장의 여비는 1일 5만원입니다.", 6, Verified},
		{"담당자가 출장이면 대리인이 처리합니다.", 6, Unverified},
		{"담당자가 휴가이면 대리인이 처리합니다.", 6, Verified},
		{"심사는 온라인으로 합니다.", 6, Unverified},
		{"접수는 서면으로 하고 심사는 온라인으로 합니다.", 6, Unverified},
		{"심사는 서면으로 합니다.", 6, Verified},
		{"접수는 온라인으로 하고 심사는 서면으로 합니다.", 6, Verified},

		// What is left out.
		{"주차장에 들어와 나가면 요금을 받지 않습니다.", 1, warned},
		{"지원금을 받은 사람은 5년 동안 다시 신청할 수 없습니다.", 5, warned},
		{"거짓으로 지원금을 받은 사람은 다시 신청할 수 없습니다.", 5, warned},
		{"거짓으로 지원금을 받은 사람은 5년 동안 다시 신청할 수 없습니다.", 5, Verified},
		{"동아리 지원은 청년 단체에 합니다.", 5, warned},
	}
	for _, tt := range tests {
		got := Check(Sentence{Text: tt.text, Cites: []Cite{{Source: tt.cite}}}, sources)
		status := got.Status
		if got.Warn != "" {
			status = warned
		}
		if status != tt.want && !(tt.want == warned && status == Unverified) {
			t.Errorf("%s: %s (%s%s), want %s", tt.text, status, got.Why, got.Warn, tt.want)
		}
	}
}
