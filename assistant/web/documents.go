package web

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"biseo/assistant"
	"biseo/assistant/audit"
	"biseo/assistant/ground"
	"biseo/assistant/retrieval"
	"biseo/assistant/web/catalog"
	"biseo/index"
	"biseo/ingest"
)

// An Ingester changes what is in the index, and reads files in child processes.
// Add, Again and Remove are called one at a time; tell, which is theirs to call, is
// not nil.
type Ingester interface {
	// Add brings uploaded files in. They lie in a folder of the request and must be
	// moved from there.
	Add(ctx context.Context, in Intake, tell func(ingest.Progress)) (ingest.Report, error)
	// Again reads the file of a document once more, changed or not.
	Again(ctx context.Context, d index.Doc, tell func(ingest.Progress)) (ingest.Report, error)
	// Remove deletes an uploaded file and its documents.
	Remove(ctx context.Context, d index.Doc, tell func(ingest.Progress)) (ingest.Report, error)
	// Uploaded reports whether a document came in by Add. Others belong to a folder.
	Uploaded(d index.Doc) bool
	// Original opens the file of a document; [ingest.ErrOriginal] where it is not to be had.
	Original(ctx context.Context, d index.Doc) (*os.File, error)
	// Read reads one file. An [ingest.FileError] explains itself.
	Read(ctx context.Context, path string) (*ingest.Document, error)
	// Files returns how each file stands, those that failed first.
	Files(ctx context.Context) ([]ingest.FileState, error)
}

// An Intake is uploaded files and what holds for them.
type Intake struct {
	Paths   []string // one folder each
	Kind    string   // "" is what the documents say, or other
	Agency  string
	Readers []string // empty: nobody
	Grade   index.Grade
}

// person is who asks, for the catalog.
func (s *server) person(ctx context.Context) catalog.Person {
	c := CallerOf(ctx)
	return catalog.Person{Groups: c.Groups, Grade: c.Grade, Today: index.Today(s.o.Now())}
}

const documentIDs = `In the path of a document / is written ~1 and ~ is written ~0, as in JSON Pointer (RFC 6901), and then what is not ASCII is percent-encoded: law/001359@239293 is /v1/documents/law~1001359@239293.`

// A ByDocument names a document in a path.
type ByDocument struct {
	ID string `path:"id" maxLength:"1000" doc:"ID of the document: / as ~1, ~ as ~0"`
}

var fromPath = strings.NewReplacer("~1", "/", "~0", "~")

func (d ByDocument) id() string { return fromPath.Replace(d.ID) }

var toPath = strings.NewReplacer("~", "~0", "/", "~1")

type documentsInput struct {
	After    string   `query:"after" maxLength:"2000" doc:"Cursor: next of the page before; the first page if left out"`
	Limit    int      `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Entries wanted"`
	Kinds    []string `query:"kind" maxItems:"50" enum:"law,decree,rule,directive,ordinance,plan,report,reply,guide,press,other" doc:"Kinds of document, separated by commas"`
	Agencies []string `query:"agency" maxItems:"50" doc:"Agencies, separated by commas"`
	Grades   []string `query:"grade" maxItems:"3" enum:"open,sensitive,classified" doc:"Grades, separated by commas"`
	States   []string `query:"state" maxItems:"3" enum:"in_force,past,future" doc:"States today, separated by commas"`
	Title    string   `query:"title" maxLength:"200" doc:"Words of the title"`
	Since    string   `query:"changed_since" format:"date" doc:"Came into force, ceased, are dated or were read on this day or later"`
}

type documentsOutput struct{ Body catalog.Page }

func (s *server) documents(ctx context.Context, in *documentsInput) (*documentsOutput, error) {
	if s.library == nil {
		return nil, s.problem(ctx, errNoIngest)
	}
	f := catalog.Filter{Kinds: in.Kinds, Agencies: in.Agencies, Grades: in.Grades, States: in.States, Title: in.Title}
	if in.Since != "" {
		var err error
		if f.Since, err = time.Parse(time.DateOnly, in.Since); err != nil {
			return nil, s.problem(ctx, &assistant.InputError{Field: "changed_since", Text: fieldDetails["on"]})
		}
		if s.o.Ingest != nil {
			files, err := s.o.Ingest.Files(ctx)
			if err != nil {
				return nil, s.problem(ctx, err)
			}
			read := map[string]time.Time{}
			for _, file := range files {
				read[file.File] = index.Today(file.Time)
			}
			f.Read = func(source string) time.Time { return read[source] }
		}
	}
	page, err := catalog.List(ctx, s.library, s.person(ctx), f, in.After, in.Limit)
	if err == nil {
		r := audit.Record{Outcome: "listed"}
		for _, d := range page.Documents {
			r.Docs = append(r.Docs, d.ID)
		}
		err = s.record(ctx, r, nil)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &documentsOutput{page}, nil
}

type documentOutput struct {
	Body struct {
		*catalog.Details
		Uploaded bool `json:"uploaded" doc:"Came in by POST /v1/documents, and can be deleted"`
	}
}

// find returns a document that the caller may see.
func (s *server) find(ctx context.Context, id string) (index.Doc, error) {
	if s.library == nil {
		return index.Doc{}, errNoIngest
	}
	return catalog.Find(ctx, s.library, s.person(ctx), id)
}

func (s *server) document(ctx context.Context, in *ByDocument) (*documentOutput, error) {
	d, err := s.find(ctx, in.id())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(documentOutput)
	out.Body.Details, err = catalog.Describe(ctx, s.library, s.person(ctx), d.ID)
	if err == nil {
		err = s.record(ctx, audit.Record{Outcome: "shown", Docs: []string{d.ID}}, nil)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if CallerOf(ctx).May(Documents) {
		out.Body.Readers = append([]string{}, d.Readers...)
	}
	out.Body.Uploaded = s.o.Ingest != nil && s.o.Ingest.Uploaded(d)
	return out, nil
}

type passagesInput struct {
	ByDocument
	After string `query:"after" maxLength:"64" doc:"Chunk ID: next of the page before; the beginning if left out"`
	Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Passages wanted"`
}

type passagesOutput struct {
	Body struct {
		On       string          `json:"on" format:"date" doc:"The day as of which the document is shown: today, or else when it was in force"`
		Passages []ground.Source `json:"passages" nullable:"false" doc:"In document order"`
		Next     string          `json:"next,omitempty" doc:"Chunk ID to go on behind; left out at the end"`
	}
}

func (s *server) passages(ctx context.Context, in *passagesInput) (*passagesOutput, error) {
	if s.library == nil {
		return nil, s.problem(ctx, errNoIngest)
	}
	_, hits, on, next, err := catalog.Passages(ctx, s.library, s.person(ctx), in.id(), in.After, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	sources := retrieval.Sources(hits, on)
	if err := s.record(ctx, audit.Record{Outcome: "shown"}, sources); err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(passagesOutput)
	out.Body.On, out.Body.Passages, out.Body.Next = on.Format(time.DateOnly), sources, next
	return out, nil
}

// original sends the file that a document was read from.
func (s *server) original(ctx context.Context, in *ByDocument) (*huma.StreamResponse, error) {
	d, err := s.find(ctx, in.id())
	if err == nil && s.o.Ingest == nil {
		err = errNoIngest
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	f, err := s.o.Ingest.Original(ctx, d)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if err := s.record(ctx, audit.Record{Action: "original", Outcome: "sent", Docs: []string{d.ID}}, nil); err != nil {
		f.Close()
		return nil, s.problem(ctx, err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer f.Close()
		c := humagin.Unwrap(hc)
		c.Header("Content-Type", "application/octet-stream")
		c.Header("Content-Disposition", attachment(path.Base(d.Source)))
		http.ServeContent(c.Writer, c.Request, "", time.Time{}, f)
	}}, nil
}

type addInput struct {
	Body struct {
		Kind    string   `json:"kind,omitempty" enum:"law,decree,rule,directive,ordinance,plan,report,reply,guide,press,other" doc:"What the documents say, or other, if left out"`
		Agency  string   `json:"agency,omitempty" maxLength:"200"`
		Readers []string `json:"readers" minItems:"1" maxItems:"100" doc:"Groups that may read them; public is everyone. Only groups of the caller, and public"`
		Grade   string   `json:"grade" enum:"open,sensitive,classified" doc:"At most that of the caller"`
	}
}

// add takes files in. They stay in a folder apart until they could be read.
func (s *server) add(ctx context.Context, in *addInput) (*jobOutput, error) {
	b := in.Body
	files := filesOf(ctx)
	bad := func(field, text string) (*jobOutput, error) {
		return nil, s.problem(ctx, &assistant.InputError{Field: field, Text: text})
	}
	if len(files) == 0 {
		return bad("files", "넣을 문서를 multipart/form-data의 files로 하나 이상 보내 주세요.")
	}
	grade, _ := index.ParseGrade(b.Grade) // one of the names
	caller := CallerOf(ctx)
	if grade > max(caller.Grade, index.Open) {
		return bad("grade", "본인이 볼 수 있는 등급까지만 정할 수 있으니 낮추어 보내 주세요.")
	}
	for i, g := range b.Readers {
		b.Readers[i] = strings.TrimSpace(g)
		if b.Readers[i] == "" || strings.ContainsFunc(g, unicode.IsControl) { // the folder file of the uploads could not be read any more
			return bad("readers", "읽을 그룹의 이름이 비었거나 제어 문자가 있으니 고쳐 주세요.")
		}
		if g := b.Readers[i]; g != index.Public && !slices.Contains(caller.Groups, g) && !caller.May(Admin) {
			return bad("readers", "본인이 속한 그룹과 public만 읽을 사람으로 정할 수 있습니다.")
		}
	}
	if strings.ContainsFunc(b.Agency, unicode.IsControl) {
		return bad("agency", "기관 이름에 제어 문자가 있으니 지우고 보내 주세요.")
	}
	intake := Intake{Kind: b.Kind, Agency: strings.TrimSpace(b.Agency), Readers: b.Readers, Grade: grade}
	for _, f := range files {
		intake.Paths = append(intake.Paths, f.Path)
	}
	return s.begin(ctx, "add", "", intake, nil)
}

func (s *server) again(ctx context.Context, in *ByDocument) (*jobOutput, error) {
	d, err := s.find(ctx, in.id())
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return s.begin(ctx, "reingest", d.ID, Intake{}, func(ctx context.Context, tell func(ingest.Progress)) (ingest.Report, error) {
		return s.o.Ingest.Again(ctx, d, tell)
	})
}

func (s *server) remove(ctx context.Context, in *ByDocument) (*jobOutput, error) {
	d, err := s.find(ctx, in.id())
	if err == nil && s.o.Ingest == nil {
		err = errNoIngest
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	if !s.o.Ingest.Uploaded(d) {
		return nil, newProblem(http.StatusConflict, "not_uploaded", "문서함 폴더에서 읽은 문서이니 폴더에서 파일을 지운 뒤 다시 읽혀 주세요.")
	}
	return s.begin(ctx, "remove", d.ID, Intake{}, func(ctx context.Context, tell func(ingest.Progress)) (ingest.Report, error) {
		return s.o.Ingest.Remove(ctx, d, tell)
	})
}

type filesInput struct {
	State string `query:"state" enum:"failed,warnings,new,done,unchanged" doc:"Only files in this state"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"200"`
}

type filesOutput struct {
	Body struct {
		Files  []fileState    `json:"files" nullable:"false" doc:"Those that failed first"`
		Counts map[string]int `json:"counts" doc:"Files by state"`
	}
}

type fileState struct {
	Path      string    `json:"path"`
	State     string    `json:"state" enum:"failed,warnings,new,done,unchanged"`
	Reason    string    `json:"reason,omitempty" doc:"Why it failed, in Korean"`
	Next      string    `json:"next,omitempty" doc:"What its owner can do, in Korean"`
	Warnings  []string  `json:"warnings,omitempty"`
	Read      time.Time `json:"read" doc:"When it was last read, or tried"`
	Documents int       `json:"documents"`
	Pages     int       `json:"pages"`
	WordsOnly bool      `json:"words_only,omitempty" doc:"Has no vectors yet"`
}

// files tells administrators how each file of the source folders stands.
func (s *server) files(ctx context.Context, in *filesInput) (*filesOutput, error) {
	if s.o.Ingest == nil {
		return nil, s.problem(ctx, errNoIngest)
	}
	all, err := s.o.Ingest.Files(ctx)
	if err == nil {
		err = s.record(ctx, audit.Record{Outcome: "listed"}, nil)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(filesOutput)
	out.Body.Files, out.Body.Counts = []fileState{}, map[string]int{}
	for _, f := range all {
		out.Body.Counts[string(f.State)]++
		if (in.State == "" || in.State == string(f.State)) && len(out.Body.Files) < in.Limit {
			out.Body.Files = append(out.Body.Files, fileState{ingest.PrintPath(f.Path), string(f.State), f.Reason, f.Next, f.Warnings, f.Time, f.Documents, f.Pages, f.WordsOnly})
		}
	}
	return out, nil
}

var errNoIngest = errors.New("the service does not manage documents")
