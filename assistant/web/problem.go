package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/danielgtaylor/huma/v2/validation"

	"biseo/assistant"
	"biseo/assistant/state"
	"biseo/assistant/web/catalog"
	"biseo/assistant/web/jobs"
	"biseo/assistant/web/stream"
	"biseo/index"
	"biseo/ingest"
)

// A Problem is the body of every error (RFC 9457, application/problem+json). It
// never repeats what the caller sent.
type Problem struct {
	Title      string       `json:"title" doc:"The HTTP status in words"`
	Status     int          `json:"status"`
	Code       string       `json:"code" doc:"Stable name of the error: audit_unavailable, bad_end_user, bad_form, bad_json, body_timeout, body_too_large, canceled, cross_origin, forbidden, idempotency_busy, idempotency_mismatch, index_outdated, index_unavailable, internal, invalid_request, method_not_allowed, no_original, not_found, not_offered, not_trusted, not_uploaded, overloaded, precondition_required, rate_limited, shutting_down, stream_gone, too_many_answers, too_many_uploads, two_identities, unauthorized, unknown_key, unreadable_file, unsupported_file, unsupported_media_type, version_conflict, wrong_host"`
	Detail     string       `json:"detail" doc:"What happened and what to do, in Korean"`
	Errors     []FieldError `json:"errors,omitempty" doc:"The fields at fault"`
	RetryAfter int          `json:"retry_after,omitempty" doc:"Seconds to wait before the next attempt, as the header Retry-After says"`
	TraceID    string       `json:"trace_id,omitempty" doc:"Names this request in the log, as the header X-Request-Id does"`
}

// A FieldError says what is wrong with one field of a request.
type FieldError struct {
	Field  string `json:"field" doc:"Name of the body member or parameter; body where it is none of the known ones"`
	Detail string `json:"detail" doc:"One Korean sentence that says what to do"`
}

// Error, GetStatus and ContentType make a Problem what huma sends as it is.
func (p *Problem) Error() string               { return p.Code }
func (p *Problem) GetStatus() int              { return p.Status }
func (p *Problem) ContentType(_ string) string { return problemType }

const problemType = "application/problem+json"

func newProblem(status int, code, detail string, fields ...FieldError) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail, Errors: fields}
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	p.complete(w.Header())
	w.Header().Set("Content-Type", problemType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a client that is gone needs no answer
}

// complete makes problem and header of a response say the same.
func (p *Problem) complete(h http.Header) {
	p.TraceID = h.Get(requestIDHeader)
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="biseo"`)
	}
}

var errNoState = errors.New("the service keeps nothing")

var errShutdown = errors.New("the service is shutting down")

// problem turns an error of the service into what the caller may know of it. What
// the caller cannot mend goes to the log, and only there.
func (s *server) problem(ctx context.Context, err error) *Problem {
	var input *assistant.InputError
	var known *Problem
	var refused *Problem
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &input):
		return newProblem(http.StatusUnprocessableEntity, "invalid_request", input.Text, FieldError{input.Field, input.Text})
	case errors.As(err, &known):
		return known
	case errors.Is(err, index.ErrNotFound):
		settle(ctx)
		return newProblem(http.StatusNotFound, "not_found", "문서를 찾을 수 없습니다.")
	case errors.Is(err, state.ErrNotFound), errors.Is(err, stream.ErrNotFound):
		return newProblem(http.StatusNotFound, "not_found", "찾는 것이 없거나 보관 기간이 지났습니다. 주소를 확인해 주세요.")
	case errors.Is(err, ingest.ErrOriginal):
		return newProblem(http.StatusNotFound, "no_original", "원본 파일을 내줄 수 없습니다. 읽은 뒤 바뀌었거나 옮겨졌거나, 개인정보를 가리고 읽은 문서이거나, 압축 파일에 든 문서입니다.")
	case errors.Is(err, state.ErrConflict):
		return newProblem(http.StatusPreconditionFailed, "version_conflict", "그사이 다른 판이 저장되었으니 새로 읽어 고친 뒤 다시 저장해 주세요.")
	case errors.Is(err, stream.ErrGone):
		return newProblem(http.StatusGone, "stream_gone", "그 뒤의 이벤트가 남아 있지 않으니 다시 요청해 주세요.")
	case errors.Is(err, state.ErrCursor), errors.Is(err, catalog.ErrCursor):
		return s.problem(ctx, &assistant.InputError{Field: "after", Text: "앞쪽의 next 값을 그대로 보내 주세요."})
	case errors.Is(err, stream.ErrFull), errors.Is(err, jobs.ErrFull):
		return overloaded(5 * time.Second)
	case errors.Is(err, errAudit):
		return newProblem(http.StatusServiceUnavailable, "audit_unavailable", "감사 기록을 남길 수 없어 처리하지 않았습니다. 관리자에게 알려 주세요.")
	case errors.Is(err, errNoState), errors.Is(err, errNoIngest):
		return newProblem(http.StatusNotImplemented, "not_offered", "이 서비스에서는 쓸 수 없는 기능입니다. /v1/status의 features를 확인해 주세요.")
	case errors.Is(context.Cause(ctx), errShutdown), errors.Is(err, jobs.ErrClosed):
		return newProblem(http.StatusServiceUnavailable, "shutting_down", "서비스를 멈추는 중입니다. 잠시 뒤 다시 시도해 주세요.")
	case ctx.Err() != nil: // nobody is left to read it
		return newProblem(http.StatusServiceUnavailable, "canceled", "요청이 취소되었습니다.")
	case errors.Is(err, index.ErrUnavailable):
		s.lg.Error("request failed", "id", requestID(ctx), "err", err)
		p := newProblem(http.StatusServiceUnavailable, "index_unavailable", "색인 서버가 응답하지 않아 찾지 못했습니다. 잠시 뒤 다시 시도하고, 계속되면 관리자에게 알려 주세요.")
		p.RetryAfter = 10
		return p
	case errors.Is(err, index.ErrFingerprint):
		s.lg.Error("request failed", "id", requestID(ctx), "err", err)
		return newProblem(http.StatusServiceUnavailable, "index_outdated",
			"색인을 만든 규칙이 지금과 달라 검색할 수 없습니다. 관리자에게 알려 주세요. (biseo doctor)")
	}
	s.lg.Error("request failed", "id", requestID(ctx), "err", err)
	return internal()
}

func internal() *Problem {
	return newProblem(http.StatusInternalServerError, "internal", "처리하지 못했습니다. 잠시 뒤 다시 시도하고, 계속되면 문의 번호를 관리자에게 알려 주세요.")
}

// rewrite is a huma transformer: it completes our problems and replaces huma's
// own, which are in English and echo the rejected values.
func rewrite(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*Problem)
	if !ok {
		m, ok := v.(*huma.ErrorModel)
		if !ok {
			return v, nil
		}
		p = fromHuma(ctx.Operation(), m)
	}
	p.complete(humagin.Unwrap(ctx).Writer.Header())
	return p, nil
}

func fromHuma(op *huma.Operation, m *huma.ErrorModel) *Problem {
	switch m.Status {
	case http.StatusBadRequest:
		return newProblem(m.Status, "bad_json", "본문을 JSON으로 읽을 수 없습니다. UTF-8로 쓴 JSON 객체를 보내 주세요.")
	case http.StatusUnsupportedMediaType:
		return newProblem(m.Status, "unsupported_media_type", "Content-Type: application/json으로 보내 주세요.")
	case http.StatusUnprocessableEntity:
		p := newProblem(m.Status, "invalid_request", "")
		for _, e := range m.Errors {
			f := fieldError(op, e)
			if !slices.Contains(p.Errors, f) {
				p.Errors = append(p.Errors, f)
			}
		}
		if len(p.Errors) > 0 {
			p.Detail = p.Errors[0].Detail
		}
		return p
	}
	return internal()
}

// fieldError words one of huma's findings. Its location is "body.kinds[0]",
// "query.on", or "body" with the missing property named in the message.
func fieldError(op *huma.Operation, e *huma.ErrorDetail) FieldError {
	in, name, _ := strings.Cut(e.Location, ".")
	name, _, _ = strings.Cut(name, "[")
	if missing, ok := strings.CutPrefix(e.Message, "expected required property "); ok {
		name, _, _ = strings.Cut(missing, " ")
	}
	for _, p := range op.Parameters {
		if p.In != in || p.Name != name {
			continue
		}
		if low, high := p.Schema.Minimum, p.Schema.Maximum; name == "limit" && low != nil && high != nil {
			return FieldError{name, fmt.Sprintf("결과 수를 %g 이상 %g 이하의 정수로 적어 주세요.", *low, *high)}
		}
		return FieldError{name, cmp.Or(fieldDetails[name], name+"의 값을 /openapi.json에 적힌 형식과 범위에 맞게 고쳐 주세요: "+op.OperationID)}
	}
	if in == "query" {
		return FieldError{"body", "주소에 정해진 매개변수만 적어 주세요. 매개변수는 /openapi.json에 있습니다: " + op.OperationID}
	}
	if detail := fieldDetails[name]; detail != "" && e.Message != validation.MsgUnexpectedProperty {
		return FieldError{name, detail}
	}
	return FieldError{"body", "정해진 항목만 담은 JSON 객체를 보내 주세요. 항목은 /openapi.json에 있습니다: " + op.OperationID}
}

var fieldDetails = map[string]string{
	"question": "질문을 1자 이상 2,000자 이하로 적어 주세요.",
	"query":    "찾을 말을 1자 이상 2,000자 이하로 적어 주세요.",
	"on":       "기준일을 2026-10-02처럼 실제로 있는 날짜로 적어 주세요.",
	"limit":    "결과 수를 1 이상 100 이하의 정수로 적어 주세요.",
	"around":   "앞뒤 문단 수를 0 이상 20 이하의 정수로 적어 주세요.",
	"kinds":    "문서 종류(kinds)를 " + strings.Join(index.KindNames(), ", ") + "의 목록으로 적어 주세요. 50개까지 됩니다.",
	"agencies": "기관(agencies)을 문자열 목록으로 적어 주세요. 50개까지 됩니다.",
	"format":   "형식(format)을 hwpx, docx, md, txt 가운데 하나로 적어 주세요.",
	"docs":     "문서 식별자(docs)를 문자열 목록으로 적어 주세요. 50개까지 됩니다.",
}
