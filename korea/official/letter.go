package official

import "strings"

// InternalApproval is the 수신 of a document that leaves no agency.
const InternalApproval = "내부결재"

// A Letter is a 기안문 or 시행문 without its 결문 of approvals and addresses, which
// the document system writes. Empty fields are left out.
type Letter struct {
	Agency      string // 두문
	To          string // 수신: 내부결재, ○○장관(○○과장) or 수신자 참조
	Recipients  string // the list below Sender where To is 수신자 참조
	Via         string // 경유
	Title       string // 제목
	Items       []Item // 본문
	Attachments []string
	Sender      string // 발신명의; not printed for an internal approval (규정 제13조)
}

// String lays the letter out: 수신, (경유) and 제목 in one column, the items by
// level, 붙임 and 끝.
func (l Letter) String() string {
	var head []string
	if l.Agency != "" {
		head = append(head, l.Agency, "")
	}
	if l.To != "" {
		head = append(head, "수신  "+l.To)
	}
	if l.To != "" && l.To != InternalApproval || l.Via != "" {
		head = append(head, strings.TrimRight("(경유)  "+l.Via, " "))
	}
	if l.Title != "" {
		head = append(head, "제목  "+l.Title)
	}
	if len(head) > 0 {
		head = append(head, "")
	}
	out := strings.Join(append(head, End(Items(l.Items), l.Attachments...)), "\n")
	if l.Sender != "" && l.To != InternalApproval {
		out += "\n\n" + l.Sender
	}
	if l.Recipients != "" {
		out += "\n\n수신자  " + l.Recipients
	}
	return out
}

// A Contact is who handles a complaint. The fields that are empty stay visible
// as gaps, because a contact is never invented (민원 처리에 관한 법률 시행령 제31조).
type Contact struct {
	Agency, Department, Name, Rank, Phone string
}

func (c Contact) print(public bool) string {
	gap := func(s, gap string) string {
		if s == "" {
			return gap
		}
		return s
	}
	who := strings.TrimSpace(c.Agency + " " + gap(c.Department, "○○과"))
	if !public {
		who += " " + gap(c.Name, "○○○") + " " + gap(c.Rank, "담당자")
	}
	return who + "(☎ " + gap(c.Phone, "000-0000") + ")"
}

// A Reply holds the parts of a reply to a complaint.
type Reply struct {
	Channel     string // how it came in; "" is 국민신문고
	Number      string // 신청번호; "" is a gap
	Gist        string // what the complaint is about, a noun phrase
	Findings    []Item // the answers, one for each request, with their bases
	Remedy      Remedy
	Contact     Contact
	Attachments []string
	Public      bool // 공개용: without the application number and the handler's name
}

// String lays the reply out in the four customary parts: greeting, gist,
// findings, contact. No law fixes them. The text is plain, as 국민신문고 takes it.
func (r Reply) String() string {
	channel, number := r.Channel, "(신청번호 "+r.Number+")"
	if channel == "" {
		channel = "국민신문고"
	}
	if r.Number == "" {
		number = "(신청번호 [작성 필요])"
	}
	if r.Public {
		number = ""
	}
	gist := r.Gist
	if gist == "" {
		gist = "[작성 필요]"
	}
	findings := r.Findings
	if len(findings) == 0 {
		findings = []Item{{Text: "[작성 필요]"}}
	}
	items := []Item{
		{Text: "안녕하십니까? 귀하께서 " + channel + "를 통해 신청하신 민원" + number + "에 대한 검토 결과를 다음과 같이 알려드립니다."},
		{Text: "귀하께서 제출하신 민원의 내용은 “" + gist + "”에 관한 것으로 이해됩니다."},
		{Text: "귀하의 민원에 대한 검토 결과는 다음과 같습니다.", Items: findings},
	}
	if text := r.Remedy.Text(); text != "" {
		items = append(items, Item{Text: text})
	}
	items = append(items, Item{Text: "답변 내용에 대한 추가 설명이 필요한 경우 " + r.Contact.print(r.Public) + "에게 연락해 주시면 친절히 안내해 드리겠습니다. 감사합니다."})
	return End(Items(items), r.Attachments...)
}

// A Remedy is what a reply must say about legal remedies. A person chooses it;
// an answer to a query or a suggestion is normally none, because it is no 처분.
type Remedy string

const (
	NoRemedy         Remedy = ""
	StatutoryRefusal Remedy = "법정민원 거부"
	Disposition      Remedy = "처분"
	NonDisclosure    Remedy = "비공개 결정"
)

// Text is the paragraph for r with its time limits and articles; "" for NoRemedy.
func (r Remedy) Text() string {
	const (
		objected = "이의신청을 한 경우에는 그 결과를 통지받은 날부터 90일 이내에 행정심판을 청구하거나 행정소송을 제기할 수 있습니다(「행정기본법」 제36조제4항)."
		court    = "행정심판은 처분이 있음을 알게 된 날부터 90일(처분이 있었던 날부터 180일) 이내에 청구할 수 있고(「행정심판법」 제27조), 행정소송은 처분 등이 있음을 안 날부터 90일(처분 등이 있은 날부터 1년) 이내에 제기할 수 있습니다(「행정소송법」 제20조)."
	)
	switch r {
	case StatutoryRefusal:
		return "이 결정에 불복하는 경우 거부처분을 받은 날부터 60일 이내에 문서로 이의신청을 할 수 있습니다(「민원 처리에 관한 법률」 제35조). 이의신청 여부와 관계없이 " + court + " " + objected
	case Disposition:
		return "이 처분에 이의가 있는 경우 처분을 받은 날부터 30일 이내에 이의신청을 할 수 있습니다(「행정기본법」 제36조). " + court + " " + objected
	case NonDisclosure:
		return "이 결정에 불복하는 경우 통지를 받은 날 또는 결정이 있은 것으로 보는 날부터 30일 이내에 문서로 이의신청을 할 수 있습니다(「공공기관의 정보공개에 관한 법률」 제18조). " + court
	}
	return ""
}
