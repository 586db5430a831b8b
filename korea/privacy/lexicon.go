package privacy

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A Korean name is a surname and mostly two syllables that names are made of. Such
// syllables also make words, so it takes something beside the name to find it:
// a label, a title, a greeting, or a number that belongs to a person.
const (
	surnames = `김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉부가복태목형감호피`
	// syllables are those of given names, without the ones that rather end a word: 회, 과, 팀.
	syllables = `가강건겸경고관광교구국권귀규균근금기길나남노누늘다단달담대덕도동두라람란래려련령례로록롬루름리림린만명모무문미민바박반배백범별병보복봄봉비빈빛산상새샘서석선설섭성세소솔송수숙순슬승시식신심아안애양언엄여연열영예오옥온완용우욱운울웅원월유윤율은을의이익인일임자장재정제조종주준중지진찬창채천철초춘충치태택평하학한해향혁현형혜호홍화환효후훈휘희흠`
)

// doubleSurnames have two syllables.
var doubleSurnames = words(`남궁 황보 제갈 선우 독고 사공 서문 동방 망절`)

// particles may follow a name directly.
var particles = words(`은 는 이 가 을 를 의 에게 께서 께 님 씨 과 와 도 만 으로 로 이고 이며 이요 이라고 라고 이라는 라는 이라 입니다 인 인데 인데요 이에요 예요 이었 이가 이는 님은 님이 님께 님께서 님의 씨는 씨가 씨의 씨에게 님에게 귀하 드림 올림 이다 한테`)

// labels stand before a name without a colon: 신청인 홍길동. A longer word may end in one.
var labels = words(`성명 성함 이름 신청인 민원인 청구인 진정인 제보자 신고인 신고자 고소인 고발인 예금주 보호자 친권자 환자 원고 피고 피고인 피해자 피해인 임차인 임대인 매도인 매수인 양도인 양수인 담당자 대리인 채무자 채권자 소유자 계약자 세대주 배우자 대표자 변호사 변호인 고객 직원 학생 근로자 사용자 지원자 항소인 상고인 사건본인 본인 당사자 작성자 기안자 검토자 결재자 협조자 신고인 수급자 가입자 피보험자 보험자 주치의 전문의 전공의 집도의 보조의 검진의 상담사 상담원 검사 판사 세무사 회계사 노무사 법무사 간호사 약사 의사 간사 총무 감사 점주 방장 당직 담당 코디네이터 매니저 후보 위탁자 수탁자 상속인 피상속인 증인 참고인 가해자 목격자 신청자 응시자 수험생 연구원 책임자 관리자 소장 원장 교사 강사 대표 사내이사 사외이사 이사 남편 아내 아들 딸 동생 언니 누나 오빠 형 아버지 어머니 부친 모친 할머니 할아버지 조카 며느리 사위 모 부 자녀 손자 손녀 시할머니 보증인 연대보증인 채용후보자 예약자 주문자 수령인 수취인 발신인 수신인 송금인 입금자 위임인 수임인 참석자 발표자 승객명 고객명 환자명 주문자명 성명은 이름은 성함은 성함이 이름이 명의는 명의자 저는 제보자는 신임 방문자 조합원 입주자 거주자 세입자 부양자 망인 운전자 차주 탑승자 진술인 진술자 피진정인 피신고인 민원 대상자 신랑 신부 지도교수`)

// marks stand before a name with a colon, alone or at the end of a longer word:
// 납세의무자: 홍길동.
var marks = []string{"이름", "성함", "인", "자", "명", "의", "원", "생", "사", "관", "님", "주", "장", "대상", "아들", "딸", "동생", "남편", "아내", "형제", "담임", "서명", "어머니", "아버지", "원고", "피고", "교수", "고객", "담당", "작성", "발신", "멘토", "코디네이터", "매니저", "간사", "총무", "대표", "신분증", "후보", "모", "부", "부친", "모친", "갑", "을", "병", "사람", "분", "팀", "과", "부모", "학부모", "PM", "조", "방", "임"}

// titles stand behind a name, 홍길동 과장, and before it in lists of officials: 도로과장 전결 홍길동.
var titles = words(`과장 팀장 주무관 대리 사무관 서기관 전문관 계장 국장 실장 차장 부장 본부장 센터장 주임 사원 교수 부교수 조교수 판사 변호사 원장 위원 대표 대표이사 기자 이사 상무 전무 소장 관리소장 반장 박사 간호사 약사 경위 경사 순경 경장 경감 조사관 회장 동호회장 부회장 상담원 상담사 책임 선임 수석 전임 강사 임상강사 과장님 팀장님 대리님 부장님 교수님 사장 사장님 원장님 담당관 주사 서기 총무 간사 감사 전문위원 연구원 지점장 점장 매니저 의사 전문의 조합장 의장 시장 이장 통장 단장 소방위 소방장 소방사 소방교 교사 담임 의원 검사 부사장`)

// greetings stand behind a name in letters: 홍길동 님.
var greetings = words(`님 씨 귀하 드림 올림 배상 선생님 선생 어르신 학생 고객님 고객님께 고객님의 님께 님의 님은 님이 님께서 씨는 씨가 씨의 씨에게 군 양 환자 환자분 어린이 회원님 민원인님`)

// notNames are words that look like a name beside a label or a title.
var notNames = words(`고객 사장 기사 정보 주소 성명 서명 전화 표시 신청 전치 명의 원고 피고 현장 지도 담당 성함 이름 연락 주민 기관 부서 위원 원장 국장 실장 시장 구청 소장 반장 지원 기타 주임 안내 공무 여러 소유 임시 이하 전원 전임 선임 인사 정식 주무 기간 조사 조정 심사 선정 지정 지명 제정 개정 신고 고지 공고 공지 수신 수령 성인 방문 문의 이용 이전 이후 전문 전공 공동 공인 배우 상담 안전 보안 보건 의료 기술 연구 연수 교육 시설 소방 도로 도시 주택 주차 주거 유지 현재 현황 이상 이의 이유 이사 이익 인원 인정 인증 명단 명시 정산 정지 정원 조례 조건 조치 조합 주의 주장 지급 지방 지역 진단 진료 진행 하단 하자 한도 한시 현금 현지 호수 신규 신분 신용 심의 안건 양식 양도 양수 여부 연도 연차 예산 예정 예약 오전 오후 외국 용도 우선 우편 운영 유효 은행 의견 의무 기재 기준 기록 기한 경력 경우 경비 경찰 고등 고시 고용 공개 공사 공장 구분 구역 국가 국민 국내 국제 권리 금액 가능 가족 가입 강제 강의 강사 남자 여자 노인 대상 대표 도장 동의 동일 모두 모집 문서 문제 민원 민간 방법 방안 배상 보호 부담 부모 부분 사용 사유 사업 상기 상세 상태 서류 선택 설명 설치 성별 소속 소재 손해 송달 수집 수수 승인 시행 신원 장소 장애 장비 장기 전체 정부 정책 제출 제공 제도 조회 종류 종합 주요 주체 지도 진술 차량 채용 천원 추가 추진 추천 해당 허가 현행 형사 홍보 확인 황색 하여 하는 하고 하나 이라 이러 이를 이에 이때 이번 이런 그런 어떤 어느 우리 여기 나머 모든 서로 스스 바로 다시 다음 다른 나이 나라 도움 마음 아래 위의 위와 위에 위하 위한 인하 인한 의한 의하 대하 대한 관하 관한 기하 전하 전혀 정하 정한 제한 제외 주로 주어 주시 지나 지난 지금 진정 편의 표기 하지 한다 한번 함께 해야 현저 형태 호의 공무원 주민등 전문의 전공의 전담자 정규직 이사장 변호사 노약자 임산부 유공자 수급자 임차인 임대인 원고인 피고인 피해자 고소인 고령자 장애인 배우자 소유자 사용자 신청인 신청자 신고인 신고자 민원인 이용자 이용인 주무관 서기관 기관장 부서장 위원장 구청장 주소지 안내문 신분증 고객센 상담사 간호사 관계자 보호자 제출자 기안자 검토자 협조자 결재자 서명란 예약자 명의인 계약자 가입자 작성자 수신자 정보주 선생님 지원팀 인사팀 법무팀 총무팀 기획팀 어머니 아버지 서귀포 도서관 주차장 기숙사 고양시 성남시 안양시 안산시 이천시 여주시 하남시 광주시 양주시 공주시 나주시 전주시 경주시 상주시 원주시 제주시 청주시 충주시 용인시 구미시 김해시 김제시 남원시 오산시 서산시 강남구 강서구 강동구 강북구 노원구 도봉구 동작구 마포구 서초구 성동구 성북구 송파구 양천구 용산구 은평구 종로구 중랑구 구로구 금천구 유성구 대덕구 연수구 남동구 부평구 계양구 수성구 달서구 해운대 기장군 이사회 위원회 조합원 임원진 주주총 유가족 사무소 사무실 지점장 고객님 고객명 환자명 예금주 세대주 대표자 대표님 담당자 담당관 부동산 변경일 이수자 이수증 재직자 재학생 졸업생 신입생 수험생 응시자 지원자 채권자 채무자 연대보 보증인 임직원 전직원 임금은 정기적 지배인 관리인 상속인 대리인 성년후 미성년 경과일 인가일 만료일 시행일 공고일 제정일 개정일 신고일 여러분 이외의 주식회 유한회 합자회 전기차 주민센 노동조 노동자 근로자 소상공 이해관 장기요 조세심 고용노 고용보 국민건 국민연 산재보 공공기 지방자 지방의 국회의 장관이 도지사 시도지 전자문 전자정 인감증 인터넷 홍길동전 소관부 주무부 관할법 이메일 전화번 주관기 주관부 소유의 원하는 여권번 성별은 명의로 심사관 심판관 조사관 감독관 감사관 수사관 검사관 방문자 인수자 인계자 인도인 양수인 양도인 수익자 수탁자 위탁자 수취인 수령인 기술자 기능사 기사보 사업주 사업자 고용주 이주자 이재민 주거지 소재지 근무지 거주지 도급인 하도급 하수급 수급인 발주자 시공자 설계자 감리자 제조자 판매자 수입자 공급자 매수인 매도인 선순위 후순위 은행장 지방청 지방법 고등법 대법원 가정법 신임 변호인 천만원 감정인 공유인 가구별 이자율 임금률 소송인 공소인 배당금 원심판 이사진 감사원 조정인 유언자 위임장 동의자 제삼자 당사자 전입자 유치인 송하인 수하인 임치인 임차권 도로명 지배주 방조자 교사자 공범자 이해당 주심판 선박소 선원법 공인중 공증인 공무상 공익요 전문인 기능인 경제인 정치인 언론인 장례지 정신보 정신건 영양사 조리사 안경사 위생사 유치원 고등학 초등학 중학교 대학교 대학원 교감은 교장은 하여금 변경인 표시장 인건비 서식 부여 부정 지하식 공고문 이란 의장 부의장 지하 지상 인가 공고 서면 서명 부칙 조문 소정 상당 주문 주장 원심 정관 정본 원본 사본 연명 연장 성적 성과 조직 조정 공정 공제 원자 우체 국도 시도 지도 임원 이송 이임 이수 금전 연구 심판 심리 소송 송금 위원 채무 채권 배당 도급 하도 하수 상수 용수 고도 고압 남용 남은 전력 전세 전염 감염 감정 감면 감독 감리 선박 선원 선거 선임 인명 인상 인수 인계 원격 강우 성별 양성 여성 남성 노동 노무 복지 민법 상법 형법 유해 유가 유치 육성 임대 임업 임야 임상 임금 임명 임무 방재 방송 방수 방제 방사 배수 배치 배관 문화 문서 주권 주민 주거 조세 조달 조성 조림 조합 신체 신설 신재 구매 구성 구조 구제 구간 국세 국유 국방 국무 기금 기업 기계 기상 기초 기관 기반 나무 남북 도매 도심 도착 동물 동종 모델 모의 목재 목적 문헌 반환 반출 반입 변경 변동 변호 부도 부대 부설 부속 부정 부지 석유 석면 설계 설정 설립 소득 소비 소매 소음 소각 손실 수입 수출 수산 수질 수도 수급 수치 승강 승계 시정 시험 심해 안심 양도 양수 어업 어린 어선 엄격 여객 여신 연금 연체 연합 예방 예비 예치 오염 온실 옥외 용역 용기 우수 우대 운송 운전 원료 원산 원인 위탁 위임 위반 위험 위치 유통 유류 은닉 음식 이자 이동 이행 이주 인력 인터 인쇄 자동 장관 장학 전기 전자 전산 전략 정보 정비 정당 제조 제품 제작 제한 조명 주식 주사 주류 지원 지표 지점 지하 지적 진흥 진로 차량 차액 차단 채취 채광 천연 천재 최고 최종 최초 최소 최대 추징 추적 탁송 태양 표준 표면 피해 하천 하역 하자 학교 학습 한정 한국 함정 해양 해상 해당 해외 해산 해제 허용 현물 현장 형식 혼합 홍수 화물 화재 화학 확정 확대 환경 환급 황산 유해성 유해 유독 유동 가정 차고 명령 이주민 공유지 주민인 한국인 하반기 상반기 정기권 정액권 차고지`)

// notLabels end like a label or a title and are none: 주차장 is no 차장.
var notLabels = []string{"주차장", "승차장", "하차장", "정차장", "세차장", "공사장", "회의장", "전시장", "다자녀", "두 자녀", "세 자녀"}

var (
	// facility is a word that names a place which people use.
	facility = regexp.MustCompile(`(?:주차장|운동장|수영장|경기장|전시장|예식장|장례식장|처리장|정류장|공연장|터미널|도서관|체육관|회관|미술관|박물관|기념관|문화관|복지관|병원|공원|휴양림|보건소|정류소|휴게소|경로당|센터|시설)$`)
	// thing is how words for what one gets or pays at a facility end: 정기권, 이용증.
	thing = regexp.MustCompile(`[권증료금표장관과소원]$`)
)

// introduction stands before a name with which a writer begins: 늘봄동에 사는 홍길동입니다.
var introduction = regexp.MustCompile(`(?:하는|사는|살고 있는|거주 ?중인|다니는|키우는|모시는|안녕하(?:세요|십니까)[.,!~]*|(?:^|[\s.,])(?:저는|제가|시민|주민|입주민|학부모|회원))$`)

// wordTails end words that begin like a name: 이상의, 정하여. With particleTails any
// word may end, though hardly a name does.
const (
	wordTails     = `의은을이로도고만가기지여인자시와한함해서라용`
	particleTails = `의을로고만도`
	nounTails     = `인자원생민권증료금소관용` // of a noun that begins with a word of notNames
)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// A word is a run of Hangul in the folded text.
type word struct {
	lo, hi int
	text   string
}

func hangulWords(s string) []word {
	var all []word
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isHangul(r) {
			i += size
			continue
		}
		lo := i
		for i < len(s) {
			if r, size = utf8.DecodeRuneInString(s[i:]); !isHangul(r) {
				break
			}
			i += size
		}
		all = append(all, word{lo, i, s[lo:i]})
	}
	return all
}

func isHangul(r rune) bool { return r >= '가' && r <= '힣' }

// syllable is the length of a Hangul syllable in bytes.
const syllable = 3

// first is the first n syllables of w, or all.
func first(w string, n int) string { return w[:min(len(w), n*syllable)] }

// nameAt is the length in syllables of the name with which w begins, if what
// follows it in w is a particle; 0 if there is none.
func nameAt(w string) int {
	for _, n := range []int{3, 4, 2} {
		if len(w) < n*syllable || !isName(first(w, n)) {
			continue
		}
		if rest := w[n*syllable:]; rest == "" || particles[rest] {
			return n
		}
	}
	return 0
}

// isName reports whether a word has the shape of a name and is no other word.
func isName(w string) bool {
	n := len(w) / syllable
	if n < 2 || n > 4 || notNames[w] || notNames[first(w, 3)] || titles[w] || labels[w] || n == 3 && titles[w[syllable:]] {
		return false
	}
	given := w[syllable:]
	if doubleSurnames[first(w, 2)] && n > 2 {
		given = w[2*syllable:]
	} else if n == 4 || !hasSurname(w) {
		return false
	}
	for _, r := range given {
		if !strings.ContainsRune(syllables, r) {
			return false
		}
	}
	return true
}

// wordy reports a name that could as well be another word.
func wordy(name string) bool {
	last := name[len(name)-syllable:]
	begin := first(name, 2)
	return strings.Contains(particleTails, last) || strings.Contains(wordTails, last) && (notNames[begin] || titles[begin] || labels[begin])
}

func hasSurname(w string) bool { return strings.Contains(surnames, first(w, 1)) }

// sureLabel reports a label that nothing but a name follows.
func sureLabel(label string) bool {
	return strings.HasSuffix(label, "성명") || strings.HasSuffix(label, "이름") || strings.HasSuffix(label, "성함")
}
