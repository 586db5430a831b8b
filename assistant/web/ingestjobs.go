package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"biseo/assistant/audit"
	"biseo/assistant/state"
	"biseo/assistant/web/jobs"
	"biseo/ingest"
)

// A Job is work on the index that goes on after its request.
type Job struct {
	ID       string       `json:"id"`
	Kind     string       `json:"kind" enum:"add,reingest,remove"`
	State    string       `json:"state" enum:"queued,running,done,failed,canceled"`
	Created  time.Time    `json:"created"`
	Updated  time.Time    `json:"updated"`
	Error    string       `json:"error,omitempty" doc:"Why it failed, in Korean"`
	Doc      string       `json:"doc,omitempty" doc:"ID of the document that it is about"`
	Progress *JobProgress `json:"progress,omitempty"`
	Report   *JobReport   `json:"report,omitempty" doc:"What came of it"`
}

// A JobProgress says how far a job is.
type JobProgress struct {
	Done     int `json:"done" doc:"Files"`
	Total    int `json:"total" doc:"Files"`
	Pages    int `json:"pages"`
	Chunks   int `json:"chunks" doc:"Passages written"`
	Embedded int `json:"embedded" doc:"Passages with a vector"`
	Left     int `json:"left" doc:"Seconds that remain by estimate; 0 while unknown"`
}

// A JobReport says what a job did.
type JobReport struct {
	Added      int         `json:"added"`
	Changed    int         `json:"changed"`
	Removed    int         `json:"removed"`
	Unchanged  int         `json:"unchanged"`
	WordsOnly  int         `json:"words_only" doc:"Documents stored without the vectors that the index wants"`
	Duplicates []string    `json:"duplicates" nullable:"false" doc:"Files that hold the same document as another one"`
	Failed     []JobFailed `json:"failed" nullable:"false"`
	Warnings   []string    `json:"warnings" nullable:"false"`
}

// A JobFailed is a file that is not in the index.
type JobFailed struct {
	File   string `json:"file"`
	Reason string `json:"reason" doc:"In Korean"`
	Next   string `json:"next" doc:"What its owner can do, in Korean"`
}

// detail is what of a job is kept beside its state.
type detail struct {
	Doc      string       `json:"doc,omitempty"`
	Progress *JobProgress `json:"progress,omitempty"`
	Report   *JobReport   `json:"report,omitempty"`
}

func progressOf(p ingest.Progress) *JobProgress {
	return &JobProgress{p.Done, p.Total, p.Pages, p.Chunks, p.Embedded, int(p.Left().Seconds())}
}

// reportOf leaves out where on this machine files lie.
func reportOf(r ingest.Report) *JobReport {
	out := &JobReport{Added: r.Added, Changed: r.Changed + r.Described, Removed: r.Removed, Unchanged: r.Unchanged, WordsOnly: r.WordsOnly,
		Duplicates: []string{}, Failed: []JobFailed{}, Warnings: append([]string{}, r.Warnings...)}
	name := func(path string) string { return ingest.PrintPath(filepath.Base(path)) }
	for _, d := range r.Duplicates {
		out.Duplicates = append(out.Duplicates, name(d.Path))
	}
	for _, f := range r.Failed {
		out.Failed = append(out.Failed, JobFailed{name(f.Path), f.Reason, f.Next})
	}
	return out
}

type jobOutput struct {
	Status   int
	Location string `header:"Location"`
	Body     Job
}

func jobOf(j state.Job) Job {
	var d detail
	_ = json.Unmarshal(j.Detail, &d) // written by this program; what it holds is not needed to tell the state
	return Job{ID: j.ID, Kind: j.Kind, State: j.State, Created: j.Created, Updated: j.Updated, Error: j.Error, Doc: d.Doc, Progress: d.Progress, Report: d.Report}
}

// begin puts a job into the queue. The files of an intake are moved out of the
// request's folder, which goes with the request, into quarantine: a folder that goes
// with the job.
func (s *server) begin(ctx context.Context, kind, doc string, in Intake, do func(context.Context, func(ingest.Progress)) (ingest.Report, error)) (*jobOutput, error) {
	if s.o.Ingest == nil || s.jobs == nil {
		return nil, s.problem(ctx, errNoIngest)
	}
	r := audit.Record{Action: kind, Outcome: "queued"}
	if doc != "" {
		r.Docs = []string{doc}
	}
	if err := s.record(ctx, r, nil); err != nil {
		return nil, s.problem(ctx, err)
	}
	quarantine := ""
	if do == nil {
		var err error
		if quarantine, err = os.MkdirTemp(s.o.Spool, "biseo-quarantine-"); err != nil {
			return nil, s.problem(ctx, err)
		}
		for i, from := range in.Paths {
			dir := filepath.Join(quarantine, fmt.Sprint(i))
			in.Paths[i] = filepath.Join(dir, filepath.Base(from))
			if err = errors.Join(os.Mkdir(dir, 0o700), os.Rename(from, in.Paths[i])); err != nil {
				return nil, s.problem(ctx, errors.Join(err, os.RemoveAll(quarantine)))
			}
		}
		do = func(ctx context.Context, tell func(ingest.Progress)) (ingest.Report, error) {
			return s.o.Ingest.Add(ctx, in, tell)
		}
	}
	j, err := s.jobs.Add(ctx, CallerOf(ctx).Owner(), kind, func(ctx context.Context, tell func(any)) (_ any, err error) {
		defer func() {
			if v := recover(); v != nil {
				s.panicked(ctx, v)
				err = errPanic
			}
			if quarantine != "" {
				_ = os.RemoveAll(quarantine)
			}
		}()
		d := detail{Doc: doc}
		if err := ctx.Err(); err != nil { // canceled before its turn
			return d, err
		}
		tell(d)
		report, err := do(ctx, func(p ingest.Progress) {
			d.Progress = progressOf(p)
			tell(d)
		})
		d.Report = reportOf(report)
		if err == nil && len(d.Report.Failed) > 0 && d.Report.Added+d.Report.Changed+d.Report.Removed+d.Report.Unchanged == 0 {
			f := d.Report.Failed[0]
			err = &jobs.Explained{Text: f.File + ": " + f.Reason + " " + f.Next}
		}
		outcome := state.Done
		if err != nil {
			outcome = state.Failed
		}
		return d, errors.Join(err, s.record(context.WithoutCancel(ctx), audit.Record{Action: kind, Outcome: outcome, Docs: r.Docs}, nil))
	})
	if err != nil {
		if quarantine != "" {
			err = errors.Join(err, os.RemoveAll(quarantine))
		}
		return nil, s.problem(ctx, err)
	}
	return &jobOutput{http.StatusAccepted, "/v1/jobs/" + j.ID, jobOf(j)}, nil
}

type jobsOutput struct {
	Body struct {
		Jobs []Job  `json:"jobs" nullable:"false" doc:"The last begun first"`
		Next string `json:"next,omitempty" doc:"Cursor of the next page; left out on the last"`
	}
}

// listJobs tells the caller's own jobs, and those of all to administrators.
func (s *server) listJobs(ctx context.Context, in *Paging) (*jobsOutput, error) {
	if s.jobs == nil {
		return nil, s.problem(ctx, errNoState)
	}
	c := CallerOf(ctx)
	page, next, err := s.jobs.Jobs(ctx, c.Owner(), c.May(Admin), in.After, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := new(jobsOutput)
	out.Body.Jobs, out.Body.Next = []Job{}, next
	for _, j := range page {
		out.Body.Jobs = append(out.Body.Jobs, jobOf(j))
	}
	return out, nil
}

// job answers with a job as it is, or with an event for each change until it ends.
func (s *server) job(ctx context.Context, in *ByID) (*huma.StreamResponse, error) {
	if s.jobs == nil {
		return nil, s.problem(ctx, errNoState)
	}
	c := CallerOf(ctx)
	look := func() (state.Job, <-chan struct{}, error) {
		return s.jobs.Job(ctx, c.Owner(), in.ID, c.May(Admin))
	}
	j, changed, err := look()
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		w := humagin.Unwrap(hc).Writer
		w.Header().Set("Vary", "Accept")
		if !wantsStream(hc.Header("Accept")) {
			writeJSON(w, http.StatusOK, jobOf(j))
			return
		}
		write := s.eventWriter(w)
		for n := 1; ; n++ {
			name := "progress"
			if ended(j.State) {
				name = "done"
			}
			b, err := json.Marshal(jobOf(j))
			if err != nil {
				return
			}
			if err := write(fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", n, name, b)); err != nil || name == "done" {
				return
			}
			if changed == nil { // it has ended since
				if j, changed, err = look(); err != nil {
					return
				}
				continue
			}
			if !s.await(ctx, changed, write) {
				return
			}
			if j, changed, err = look(); err != nil {
				return
			}
		}
	}}, nil
}

// await waits for a change, at most ten a second; false means that the client or
// the service is gone.
func (s *server) await(ctx context.Context, changed <-chan struct{}, write func([]byte) error) bool {
	ticker := time.NewTicker(s.keepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-changed:
			select {
			case <-time.After(100 * time.Millisecond):
				return true
			case <-ctx.Done():
				return false
			}
		case <-ticker.C:
			if write([]byte(": keep-alive\n\n")) != nil {
				return false
			}
		case <-ctx.Done():
			return false
		}
	}
}

func ended(st string) bool { return st == state.Done || st == state.Failed || st == state.Canceled }

func (s *server) cancelJob(ctx context.Context, in *ByID) (*deleted, error) {
	if s.jobs == nil {
		return nil, s.problem(ctx, errNoState)
	}
	c := CallerOf(ctx)
	err := s.record(ctx, audit.Record{Docs: []string{actionOf(ctx) + "/" + in.ID}, Outcome: "cancel"}, nil)
	if err == nil {
		err = s.jobs.Cancel(ctx, c.Owner(), in.ID, c.May(Admin))
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &deleted{http.StatusNoContent}, nil
}
