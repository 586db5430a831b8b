package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/complaint"
	"biseo/assistant/export"
	"biseo/assistant/state"
)

// A DraftBody is a version of a draft.
type DraftBody struct {
	ID      string            `json:"id"`
	Version int               `json:"version" doc:"From 1; also the ETag"`
	Task    string            `json:"task" enum:"answer,summary,report,reply"`
	Title   string            `json:"title"`
	Created time.Time         `json:"created" doc:"Of version 1"`
	Updated time.Time         `json:"updated" doc:"Of this version"`
	Answer  *assistant.Answer `json:"answer,omitempty" doc:"Left out in lists"`
}

type draftOutput struct {
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     DraftBody
}

// shown is a draft as it is sent. Its error is that the stored body cannot be read.
func shown(d state.Draft) (DraftBody, error) {
	b := DraftBody{ID: d.ID, Version: d.Version, Task: d.Task, Title: d.Title, Created: d.Created, Updated: d.Updated}
	if d.Body == nil {
		return b, nil
	}
	b.Answer = new(assistant.Answer)
	if err := json.Unmarshal(d.Body, b.Answer); err != nil {
		return b, fmt.Errorf("read draft: %w", err)
	}
	return b, nil
}

func (s *server) shownDraft(ctx context.Context, d state.Draft, err error) (*draftOutput, error) {
	if err == nil {
		err = s.record(ctx, audit.Record{Action: "drafts", Docs: []string{"drafts/" + d.ID}, Outcome: strconv.Itoa(d.Version)}, nil)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	b, err := shown(d)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &draftOutput{Location: "/v1/drafts/" + d.ID, ETag: etag(d.Version), Body: b}, nil
}

func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// titleOf is the title under which an answer is kept.
func titleOf(a *assistant.Answer) string {
	title := a.Title
	if title == "" {
		title = a.Question
	}
	if r := []rune(title); len(r) > 200 {
		title = string(r[:200])
	}
	return title
}

// listed is the title of an answer in a list. Complaint replies are all titled alike,
// so theirs goes on with the first request and the due date.
func listed(a *assistant.Answer) string {
	title := titleOf(a)
	if a.Reply == nil {
		return title
	}
	if len(a.Reply.Requests) > 0 {
		r := []rune(a.Reply.Requests[0].Text)
		if len(r) > 60 {
			r = append(r[:60], '…')
		}
		title += ": " + string(r)
	}
	day, _, _ := strings.Cut(a.Reply.Due, " ")
	if due, err := time.Parse(time.DateOnly, day); err == nil {
		title += due.Format(" (기한 2006. 1. 2.)")
	}
	return title
}

// store keeps an answer of this program as version 1 of a draft.
func (s *server) store(ctx context.Context, a *assistant.Answer) (state.Draft, error) {
	if s.o.State == nil {
		return state.Draft{}, errNoState
	}
	b, err := json.Marshal(a)
	if err != nil {
		return state.Draft{}, err
	}
	d, err := s.o.State.CreateDraft(ctx, state.Draft{Owner: CallerOf(ctx).Owner(), Task: a.Task, Title: listed(a), Body: b})
	d.Body = b
	return d, err
}

type newDraftInput struct {
	Body struct {
		Answer assistant.Answer `json:"answer" doc:"An answer of this service. Its sentences are checked anew against the sources as the index has them"`
	}
}

func (s *server) newDraft(ctx context.Context, in *newDraftInput) (*draftOutput, error) {
	if err := s.keeps(ctx); err != nil {
		return nil, err
	}
	a := in.Body.Answer
	wellFormed := slices.Contains([]string{"answer", "summary", "report", "reply"}, a.Task) && (a.Task == "reply") == (a.Reply != nil) && len(a.Question) <= 20000
	if wellFormed && a.Reply != nil {
		_, wellFormed = complaint.KindOf(a.Reply.Kind)
	}
	if !wellFormed {
		return nil, s.problem(ctx, &assistant.InputError{Field: "answer", Text: "서비스에서 받은 답변을 그대로 보내 주세요."})
	}
	r, err := s.svc.Recheck(ctx, CallerOf(ctx).Principal, assistant.RecheckRequest{Draft: &in.Body.Answer})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	d, err := s.store(ctx, r.Answer)
	return s.shownDraft(ctx, d, err)
}

// A Paging says which page of a list is wanted.
type Paging struct {
	After string `query:"after" maxLength:"500" doc:"Cursor: next of the page before; the first page if left out"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Entries wanted"`
}

type draftsOutput struct {
	Body struct {
		Drafts []DraftBody `json:"drafts" nullable:"false" doc:"The last begun first"`
		Next   string      `json:"next,omitempty" doc:"Cursor of the next page; left out on the last"`
	}
}

func (s *server) drafts(ctx context.Context, in *Paging) (*draftsOutput, error) {
	if err := s.keeps(ctx); err != nil {
		return nil, err
	}
	page, next, err := s.o.State.Drafts(ctx, CallerOf(ctx).Owner(), in.After, in.Limit)
	return s.draftList(ctx, page, next, err)
}

func (s *server) draftList(ctx context.Context, page []state.Draft, next string, err error) (*draftsOutput, error) {
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(draftsOutput)
	out.Body.Drafts, out.Body.Next = []DraftBody{}, next
	for _, d := range page {
		b, err := shown(d)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		out.Body.Drafts = append(out.Body.Drafts, b)
	}
	return out, nil
}

// A ByID names what a request is about.
type ByID struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *server) draftVersions(ctx context.Context, in *ByID) (*draftsOutput, error) {
	if err := s.keeps(ctx); err != nil {
		return nil, err
	}
	all, err := s.o.State.Versions(ctx, CallerOf(ctx).Owner(), in.ID)
	return s.draftList(ctx, all, "", err)
}

// A DraftVersion names a version of a draft.
type DraftVersion struct {
	ByID
	Version int `query:"version" minimum:"1" doc:"The newest if left out"`
}

func (s *server) draftOf(ctx context.Context, id string, version int) (state.Draft, error) {
	if err := s.keeps(ctx); err != nil {
		return state.Draft{}, err
	}
	return s.o.State.Draft(ctx, CallerOf(ctx).Owner(), id, version)
}

func (s *server) readDraft(ctx context.Context, in *DraftVersion) (*draftOutput, error) {
	d, err := s.draftOf(ctx, in.ID, in.Version)
	return s.shownDraft(ctx, d, err)
}

type putDraftInput struct {
	ByID
	Match string `header:"If-Match" doc:"ETag of the version that was edited"`
	Body  struct {
		Answer assistant.Answer `json:"answer" doc:"As edited. Of it count title, gist, keywords and blocks; the state of each sentence is decided anew, the rest stays as it was"`
	}
}

func (s *server) putDraft(ctx context.Context, in *putDraftInput) (*draftOutput, error) {
	if in.Match == "" {
		return nil, newProblem(http.StatusPreconditionRequired, "precondition_required", "고친 판의 ETag를 If-Match 머리말에 넣어 보내 주세요.")
	}
	from, err := strconv.Atoi(strings.Trim(in.Match, `"`))
	if err != nil {
		return nil, s.problem(ctx, state.ErrConflict)
	}
	base, err := s.draftOf(ctx, in.ID, from)
	if errors.Is(err, state.ErrNotFound) {
		if _, there := s.draftOf(ctx, in.ID, 0); there == nil {
			err = state.ErrConflict
		}
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	r, err := s.recheck(ctx, base, &in.Body.Answer)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	b, err := json.Marshal(r.Answer)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	d, err := s.o.State.UpdateDraft(ctx, CallerOf(ctx).Owner(), in.ID, from, listed(r.Answer), b)
	d.Body = b
	return s.shownDraft(ctx, d, err)
}

// recheck holds an edited draft against the stored version; nil is that version as
// it is.
func (s *server) recheck(ctx context.Context, d state.Draft, edited *assistant.Answer) (*assistant.Rechecked, error) {
	stored := new(assistant.Answer)
	if err := json.Unmarshal(d.Body, stored); err != nil {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	if edited == nil {
		edited = stored
	}
	return s.svc.Recheck(ctx, CallerOf(ctx).Principal, assistant.RecheckRequest{Draft: edited, Stored: stored})
}

type checkDraftInput struct {
	ByID
	Body *struct {
		Answer *assistant.Answer `json:"answer,omitempty" doc:"As edited and not saved yet; the newest version if left out"`
	} `required:"false"`
}

type checkDraftOutput struct{ Body *assistant.Rechecked }

func (s *server) checkDraft(ctx context.Context, in *checkDraftInput) (*checkDraftOutput, error) {
	d, err := s.draftOf(ctx, in.ID, 0)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	var edited *assistant.Answer
	if in.Body != nil {
		edited = in.Body.Answer
	}
	r, err := s.recheck(ctx, d, edited)
	if err == nil {
		err = s.record(ctx, audit.Record{Docs: []string{"drafts/" + in.ID}, Outcome: "checked"}, r.Answer.Sources)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &checkDraftOutput{r}, nil
}

type deleted struct{ Status int }

func (s *server) deleteDraft(ctx context.Context, in *ByID) (*deleted, error) {
	err := s.keeps(ctx)
	if err == nil {
		err = s.record(ctx, audit.Record{Docs: []string{"drafts/" + in.ID}, Outcome: "deleted"}, nil)
	}
	if err == nil {
		err = s.o.State.DeleteDraft(ctx, CallerOf(ctx).Owner(), in.ID)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &deleted{http.StatusNoContent}, nil
}

// A Layout says how an answer becomes a file.
type Layout struct {
	Format string `query:"format" json:"format" enum:"hwpx,docx,md,txt" default:"hwpx"`
	Public bool   `query:"public" json:"public,omitempty" doc:"Of a complaint reply the 공개용 version"`
}

type exportInput struct {
	Body struct {
		Answer assistant.Answer `json:"answer"`
		Layout
	}
}

type exportDraftInput struct {
	DraftVersion
	Layout
}

type fileOutput struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

// export is a file of an answer that is not kept. Like a draft it is checked anew:
// what leaves as supported has been checked here.
func (s *server) export(ctx context.Context, in *exportInput) (*fileOutput, error) {
	r, err := s.svc.Recheck(ctx, CallerOf(ctx).Principal, assistant.RecheckRequest{Draft: &in.Body.Answer})
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return s.exported(ctx, r.Answer, in.Body.Layout)
}

func (s *server) exportDraft(ctx context.Context, in *exportDraftInput) (*fileOutput, error) {
	d, err := s.draftOf(ctx, in.ID, in.Version)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	b, err := shown(d)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return s.exported(ctx, b.Answer, in.Layout)
}

var fileTypes = map[string]string{
	"hwpx": "application/hwp+zip", "md": "text/markdown; charset=utf-8", "txt": "text/plain; charset=utf-8",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

func (s *server) exported(ctx context.Context, a *assistant.Answer, l Layout) (*fileOutput, error) {
	if a.Task == "reply" && a.Reply == nil {
		return nil, s.problem(ctx, &assistant.InputError{Field: "answer", Text: "민원 답변의 항목(reply)이 빠졌으니 받은 그대로 보내 주세요."})
	}
	var b bytes.Buffer
	err := export.Write(&b, l.Format, a, export.Options{Public: l.Public, Agency: s.o.Agency})
	if err == nil {
		err = s.record(ctx, audit.Record{Action: "export", Outcome: l.Format}, a.Sources)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &fileOutput{fileTypes[l.Format], attachment(titleOf(a) + "." + l.Format), b.Bytes()}, nil
}

// attachment is a Content-Disposition that saves a file under a name in any script
// (RFC 6266), with a plain one for clients that know no other.
func attachment(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, name)
	plain := "biseo"
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		plain += strings.Map(func(r rune) rune {
			if r > '~' {
				return '_'
			}
			return r
		}, name[i:])
	}
	return fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, plain, strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
}
