package mcp

import (
	"encoding/json"
	"strings"

	"biseo/index"
)

// The input schemas. They bound what a call may hold; the service's own limits are
// the same or tighter.

var kinds = `"` + strings.Join(index.KindNames(), `", "`) + `"`

// fields of the tools that look for passages.
var where = `
  "on": {"type": "string", "format": "date", "maxLength": 10, "description": "기준일 YYYY-MM-DD: 그날 시행 중인 규정만. Only what is in force that day; today in Korea if left out."},
  "kinds": {"type": "array", "maxItems": 50, "items": {"type": "string", "enum": [` + kinds + `]}, "description": "문서 종류. Kinds of document; all if left out."},
  "agencies": {"type": "array", "maxItems": 50, "items": {"type": "string", "maxLength": 200}, "description": "기관 이름. Agencies that issued the document; all if left out."}`

const docs = `,
  "docs": {"type": "array", "maxItems": 50, "items": {"type": "string", "maxLength": 500}, "description": "문서 식별자(doc_id). Document IDs; all if left out."}`

var (
	searchInput = object("query", `
  "query": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "찾을 말, 질문 또는 「민원 처리에 관한 법률」 제19조 같은 조문. Words, a question or a citation, in Korean."},
  "limit": {"type": "integer", "minimum": 1, "maximum": 50, "description": "결과 수. Passages wanted, 10 if left out."},`+where+docs)

	passageInput = object("chunk_id", `
  "chunk_id": {"type": "string", "minLength": 1, "maxLength": 200, "description": "search나 ask가 준 chunk_id. As a hit or a source names it."},
  "around": {"type": "integer", "minimum": 0, "maximum": 20, "description": "앞뒤로 함께 볼 문단 수. Passages of the same document wanted on either side."},
  "on": {"type": "string", "format": "date", "maxLength": 10, "description": "기준일 YYYY-MM-DD. Only if in force that day; today in Korea if left out."}`)

	askInput = object("question", `
  "question": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "기관 문서로 답할 질문. The question, in Korean."},
  "earlier": {"type": "array", "maxItems": 10, "items": {"type": "string", "maxLength": 2000}, "description": "앞서 물은 질문, 오래된 것부터. The person's earlier questions, oldest first, for a follow-up."},`+where+docs)

	replyInput = object("complaint", `
  "complaint": {"type": "string", "minLength": 1, "maxLength": 20000, "description": "접수한 민원 전문. The complaint as received; personal data in it is masked before anything reads it."},
  "received": {"type": "string", "maxLength": 40, "description": "접수 일시 YYYY-MM-DD HH:MM(한국 시각). When it was received; now if left out. The law of that day applies."},
  "kind": {"type": "string", "maxLength": 20, "description": "민원 종류: 법정, 질의, 질의(법령), 건의, 기타, 고충, 정보공개. One is proposed if left out."},
  "period": {"type": "string", "maxLength": 20, "description": "처리기간: 7일, 3시간, 1개월. That of the kind if left out."},
  "decision": {"type": "string", "enum": ["explain", "accept", "reject", "transfer", "need_info"], "description": "처리 방향. What the official decides; explain if left out."},
  "remedy": {"type": "string", "enum": ["none", "refusal", "disposition", "disclosure", "penalty"], "description": "안내할 구제절차. The remedies that the reply names; none if left out."},
  "agency": {"type": "string", "maxLength": 100, "description": "담당 기관"},
  "department": {"type": "string", "maxLength": 100, "description": "담당 부서"},
  "name": {"type": "string", "maxLength": 50, "description": "담당자 이름"},
  "phone": {"type": "string", "maxLength": 50, "description": "담당자 전화번호"},
  "kinds": {"type": "array", "maxItems": 50, "items": {"type": "string", "enum": [`+kinds+`]}, "description": "문서 종류. Kinds of document to look at; all if left out."},
  "agencies": {"type": "array", "maxItems": 50, "items": {"type": "string", "maxLength": 200}, "description": "기관 이름. Agencies whose documents to look at; all if left out."}`)

	checkInput = object("text", `
  "text": {"type": "string", "minLength": 1, "maxLength": 100000, "description": "점검할 글. The text of an official document or draft."},
  "kind": {"type": "string", "enum": ["letter", "reply", "notice", "minutes", "report", "plan", "press"], "description": "글의 종류. Kind of the text; the rules for all documents if left out."},
  "on": {"type": "string", "format": "date", "maxLength": 10, "description": "기준일 YYYY-MM-DD. The day whose law applies; today in Korea if left out."}`)
)

// object is the schema of an object with these properties and no others.
func object(required, properties string) json.RawMessage {
	return json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["` + required + `"], "properties": {` + strings.TrimSpace(properties) + `}}`)
}
