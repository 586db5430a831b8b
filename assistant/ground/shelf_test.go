package ground

// shelved are passages of a city that does not exist as sources 1 to 6: 민원 조례
// 제7조, 제8조, 제9조, 주차 조례 제12조, the audit plan, the guide.
func shelved() []Source {
	return []Source{
		{N: 1, ChunkID: "c07", DocID: "ord/1", Title: "가온시 민원 처리 조례", Cite: "「가온시 민원 처리 조례」 제7조", Kind: "ordinance", Agency: "가온시", Path: []string{}, Text: `제7조(처리기간의 연장)
① 부서의 장은 부득이한 사유로 처리기간 안에 민원을 처리하기 어려운 경우에는 처리기간의 범위에서 한 차례만 그 기간을 연장할 수 있다. 다만, 담당자의 휴가를 이유로 연장할 수 없다. <개정 2026. 5. 6.>
② 제1항에 따라 처리기간을 연장하려는 경우에는 연장 사유와 처리 예정일을 지체 없이 민원인에게 알려야 한다.`},
		{N: 2, ChunkID: "c08", DocID: "ord/1", Title: "가온시 민원 처리 조례", Cite: "「가온시 민원 처리 조례」 제8조", Kind: "ordinance", Agency: "가온시", Path: []string{}, Text: `제8조(민원조정위원회)
① 시장은 다수인관련민원을 심의하기 위하여 민원조정위원회를 둔다.
② 위원회는 위원장 1명을 포함하여 7명 이상 15명 이하의 위원으로 구성한다.
③ 위원회의 위원은 그 직무와 관련하여 알게 된 비밀을 누설하여서는 아니 된다.`},
		{N: 3, ChunkID: "c09", DocID: "ord/1", Title: "가온시 민원 처리 조례", Cite: "「가온시 민원 처리 조례」 제9조", Kind: "ordinance", Agency: "가온시", Path: []string{}, Text: `제9조(수수료)
① 증명서 발급 수수료는 1통에 500원으로 한다. 다만, 무인민원발급창구에서 발급하는 경우에는 200원으로 한다.
② 「국민기초생활 보장법」 제7조에 따른 수급자에게는 수수료를 면제한다.
③ 수수료를 과오납한 사람은 납부한 날부터 30일 이내에 반환을 신청할 수 있다.`},
		{N: 4, ChunkID: "p12", DocID: "ord/2", Title: "가온시 주차장 설치 및 관리 조례", Cite: "「가온시 주차장 설치 및 관리 조례」 제12조", Kind: "ordinance", Agency: "가온시", Path: []string{}, Text: `제12조(주차요금의 감면)
① 다음 각 호의 어느 하나에 해당하는 자동차에 대해서는 주차요금의 100분의 50을 경감한다.
1. 장애인이 탄 자동차
2. 자녀가 2명 이상인 가정의 자동차
3. 배기량 1,000시시 미만의 경형 자동차
② 제1항에 따른 경감은 2026년 7월 1일부터 적용한다.`},
		{N: 5, ChunkID: "s01", DocID: "plan/1", Title: "2026년 감사 계획", Cite: "", Kind: "plan", Agency: "가온시", Path: []string{}, Text: "2026년 감사 계획\n감사담당관은 2026. 9. 7.부터 9. 18.까지 도로과의 보조금 집행을 특정감사한다."},
		{N: 6, ChunkID: "g01", DocID: "guide/1", Title: "민원 담당자 보호 안내", Cite: "", Kind: "guide", Agency: "가온시", Path: []string{}, Text: "민원 담당자 보호 안내\n담당자는 폭언이 3회 이상 반복되면 통화를 종료할 수 있다. 담당자는 통화를 종료하기 전에 그 사유를 민원인에게 알려야 한다."},
	}
}
