package web

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/http"
	"runtime"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"biseo/assistant"
	"biseo/assistant/ground"
	"biseo/assistant/web/catalog"
	"biseo/index"
)

// Limits bound what callers may ask of the service, and so its memory. A field that
// is 0 has the value named; -1 is no limit, for the fields that allow it.
type Limits struct {
	KeyPerMinute  int // requests of an API key that names no limit of its own: 600, or -1
	UserPerMinute int // requests of a person, logged in or named by a front end: 120, or -1
	Answers       int // answers and drafts of one caller at the same time: 2, or -1

	AllAnswers  int           // answers and drafts of all at the same time: 16
	AnswerQueue int           // more that wait for their turn: 32
	AnswerWait  time.Duration // for so long at most: 5 s

	AllSearches int           // searches of all at the same time: 8 for each processor
	SearchQueue int           // more that wait: 16 times as many
	SearchWait  time.Duration // for so long at most: 1 s
}

func (l Limits) withDefaults() Limits {
	set := func(n *int, value int) {
		if *n == 0 {
			*n = value
		}
	}
	wait := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&l.KeyPerMinute, 600)
	set(&l.UserPerMinute, 120)
	set(&l.Answers, 2)
	set(&l.AllAnswers, 16)
	set(&l.AnswerQueue, 32)
	wait(&l.AnswerWait, 5*time.Second)
	set(&l.AllSearches, 8*runtime.GOMAXPROCS(0))
	set(&l.SearchQueue, 16*l.AllSearches)
	wait(&l.SearchWait, time.Second)
	return l
}

// maxBuckets is how many callers' rates are remembered. Beyond it the one that was
// away longest is forgotten, whose bucket is most likely full again.
const maxBuckets = 10_000

// A limiter holds the service's limits. Its clock is that of the process, which
// does not jump.
type limiter struct {
	limits   Limits
	answers  *gate
	searches *gate
	entries  *gate // requests of which it is looked up whose they are
	uploads  *gate // requests with files
	bodies   budget

	mu      sync.Mutex
	buckets map[string]*list.Element // of *bucket
	order   *list.List               // the most recently used first
	busy    map[string]int           // what of a kind of a caller runs or waits
}

type bucket struct {
	name string
	*rate.Limiter
}

func newLimiter(l Limits) *limiter {
	l = l.withDefaults()
	return &limiter{limits: l, answers: newGate(l.AllAnswers, l.AnswerQueue, l.AnswerWait), searches: newGate(l.AllSearches, l.SearchQueue, l.SearchWait),
		entries: newEntries(), uploads: newGate(uploadSlots, uploadQueue, entryWait), bodies: budget{most: maxBodies},
		buckets: map[string]*list.Element{}, order: list.New(), busy: map[string]int{}}
}

// admit takes n requests from the caller's rate, all or none; taken is how many the
// same request has taken before, which it needs again when it is sent again. It sets
// the headers RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10)
// to the tightest one. Of a front end that names its users, user and key each have
// their rate.
func (l *limiter) admit(c Caller, h http.Header, n, taken int) *Problem {
	type quota struct {
		kind, name string
		perMinute  int
	}
	var quotas []quota
	if c.User != "" || c.Via == "session" {
		quotas = append(quotas, quota{"user", "user " + c.Owner(), orDefault(c.userPerMinute, l.limits.UserPerMinute)})
	}
	if c.Key != "" {
		quotas = append(quotas, quota{"key", "key " + c.Key, orDefault(c.perMinute, l.limits.KeyPerMinute)})
	}
	l.mu.Lock() // all or none: nobody takes anything meanwhile
	defer l.mu.Unlock()
	now, least := time.Now(), math.Inf(1)
	var reserved []*rate.Reservation
	giveBack := func() {
		for _, r := range reserved {
			r.CancelAt(now)
		}
	}
	for _, q := range quotas {
		if q.perMinute < 0 {
			continue
		}
		if taken+n > q.perMinute {
			giveBack()
			return newProblem(http.StatusRequestEntityTooLarge, "body_too_large", fmt.Sprintf("1분에 %d건까지 보낼 수 있으니 한 요청의 호출을 그 안으로 나누어 보내 주세요.", q.perMinute))
		}
		b := l.bucket(q.name, q.perMinute)
		r := b.ReserveN(now, n)
		reserved = append(reserved, r)
		ok := r.DelayFrom(now) == 0
		if !ok {
			giveBack()
		}
		tokens, perSecond := b.TokensAt(now), float64(q.perMinute)/60
		if tokens < least || !ok {
			least = tokens
			h.Set("RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;w=60`, q.kind, q.perMinute))
			h.Set("RateLimit", fmt.Sprintf(`"%s";r=%d;t=%d`, q.kind, max(0, int(tokens)), int(math.Ceil((float64(q.perMinute)-tokens)/perSecond))))
		}
		if !ok {
			p := newProblem(http.StatusTooManyRequests, "rate_limited", fmt.Sprintf("1분에 %d건까지 보낼 수 있습니다. 잠시 뒤 다시 보내 주세요.", q.perMinute))
			p.RetryAfter = max(1, int(math.Ceil((float64(taken+n)-tokens)/perSecond)))
			return p
		}
	}
	return nil
}

func orDefault(n, value int) int {
	if n == 0 {
		return value
	}
	return n
}

// bucket is called with mu held.
func (l *limiter) bucket(name string, perMinute int) *bucket {
	if e := l.buckets[name]; e != nil {
		l.order.MoveToFront(e)
		return e.Value.(*bucket)
	}
	if l.order.Len() >= maxBuckets {
		oldest := l.order.Back()
		delete(l.buckets, l.order.Remove(oldest).(*bucket).name)
	}
	b := &bucket{name, rate.NewLimiter(rate.Limit(float64(perMinute)/60), perMinute)}
	l.buckets[name] = l.order.PushFront(b)
	return b
}

// answer lets one answer or draft of the caller of ctx begin; done ends it. The
// error is a [*Problem], or that of ctx.
func (l *limiter) answer(ctx context.Context) (done func(), err error) {
	p := newProblem(http.StatusTooManyRequests, "too_many_answers", fmt.Sprintf("답변은 한 번에 %d건까지 받을 수 있습니다. 앞의 답변이 끝난 뒤 다시 보내 주세요.", l.limits.Answers))
	return l.one(ctx, "answer", l.limits.Answers, l.answers, p)
}

// upload is answer for a request with files.
func (l *limiter) upload(ctx context.Context) (done func(), err error) {
	p := newProblem(http.StatusTooManyRequests, "too_many_uploads", fmt.Sprintf("파일은 한 번에 요청 %d건까지 받을 수 있습니다. 앞의 것이 끝난 뒤 다시 보내 주세요.", uploadsEach))
	return l.one(ctx, "upload", uploadsEach, l.uploads, p)
}

// one lets one of the caller's tasks of a kind through g, most at a time; of more the
// error is p. A service for one person knows no callers, and below 0 is no bound.
func (l *limiter) one(ctx context.Context, kind string, most int, g *gate, p *Problem) (done func(), err error) {
	c := CallerOf(ctx)
	free := func() {}
	if c.Via != "local" && most >= 0 {
		owner := kind + " " + c.Owner()
		l.mu.Lock()
		if l.busy[owner] >= most {
			l.mu.Unlock()
			p.RetryAfter = 5
			return nil, p
		}
		l.busy[owner]++
		l.mu.Unlock()
		free = func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.busy[owner]--; l.busy[owner] == 0 {
				delete(l.busy, owner)
			}
		}
	}
	leave, err := g.enter(ctx)
	if err != nil {
		free()
		return nil, err
	}
	return func() { leave(); free() }, nil
}

// A gate lets a bounded number in at a time; a bounded number waits, in the order
// of arrival, for a bounded time.
type gate struct {
	slots, queue chan struct{}
	wait         time.Duration
}

func newGate(slots, queue int, wait time.Duration) *gate {
	return &gate{make(chan struct{}, slots), make(chan struct{}, queue), wait}
}

func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-g.slots }
	select {
	case g.slots <- struct{}{}: // a channel is full as long as anybody waits: nobody is overtaken
		return leave, nil
	default:
	}
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		return nil, overloaded(g.wait)
	}
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return leave, nil
	case <-timer.C:
		return nil, overloaded(g.wait)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func overloaded(wait time.Duration) *Problem {
	p := newProblem(http.StatusServiceUnavailable, "overloaded", "요청이 몰려 지금은 받을 수 없습니다. 잠시 뒤 다시 보내 주세요.")
	p.RetryAfter = max(1, int(math.Ceil(wait.Seconds())))
	return p
}

// bounded is a [Service] that holds to the limits and counts the tasks, by whatever
// protocol its callers come.
type bounded struct {
	Service
	limits  *limiter
	metrics Metrics
}

func (b bounded) Search(ctx context.Context, who assistant.Principal, req assistant.SearchRequest) (*assistant.SearchResult, error) {
	leave, err := b.limits.searches.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return b.Service.Search(ctx, who, req)
}

func (b bounded) Passage(ctx context.Context, who assistant.Principal, req assistant.PassageRequest) ([]ground.Source, error) {
	sources, err := b.Service.Passage(ctx, who, req)
	if errors.Is(err, index.ErrNotFound) {
		settle(ctx)
	}
	return sources, err
}

func (b bounded) Answer(ctx context.Context, who assistant.Principal, req assistant.AnswerRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	return b.task(ctx, "answers", func() (*assistant.Answer, error) { return b.Service.Answer(ctx, who, req, emit) })
}

func (b bounded) Summarize(ctx context.Context, who assistant.Principal, req assistant.SummaryRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	return b.task(ctx, "summaries", func() (*assistant.Answer, error) { return b.Service.Summarize(ctx, who, req, emit) })
}

func (b bounded) DraftReport(ctx context.Context, who assistant.Principal, req assistant.ReportRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	return b.task(ctx, "reports", func() (*assistant.Answer, error) { return b.Service.DraftReport(ctx, who, req, emit) })
}

func (b bounded) DraftReply(ctx context.Context, who assistant.Principal, req assistant.ReplyRequest, emit func(assistant.Event) error) (*assistant.Answer, error) {
	return b.task(ctx, "replies", func() (*assistant.Answer, error) { return b.Service.DraftReply(ctx, who, req, emit) })
}

// task does a task within the limits, and counts it.
func (b bounded) task(ctx context.Context, name string, do func() (*assistant.Answer, error)) (*assistant.Answer, error) {
	began := time.Now()
	ans, err := limited(ctx, b.limits, do)
	outcome := "failed"
	if err == nil {
		outcome = string(ans.Outcome)
	}
	b.metrics.task(name, outcome, time.Since(began))
	return ans, err
}

// Check and Recheck go through the law of a whole text: they count as answers.
func (b bounded) Check(ctx context.Context, who assistant.Principal, req assistant.CheckRequest) (*assistant.Checked, error) {
	return limited(ctx, b.limits, func() (*assistant.Checked, error) { return b.Service.Check(ctx, who, req) })
}

func (b bounded) Recheck(ctx context.Context, who assistant.Principal, req assistant.RecheckRequest) (*assistant.Rechecked, error) {
	return limited(ctx, b.limits, func() (*assistant.Rechecked, error) { return b.Service.Recheck(ctx, who, req) })
}

// boundedLibrary reads an index as searches are done: so many at a time. Each goes
// through all documents, or through one.
type boundedLibrary struct {
	catalog.Index
	limits *limiter
}

func (l boundedLibrary) Docs(ctx context.Context) iter.Seq2[index.Doc, error] {
	return func(yield func(index.Doc, error) bool) {
		leave, err := l.limits.searches.enter(ctx)
		if err != nil {
			yield(index.Doc{}, err)
			return
		}
		defer leave()
		l.Index.Docs(ctx)(yield)
	}
}

func (l boundedLibrary) Passage(ctx context.Context, s index.Scope, chunkID string, around int) ([]index.Hit, error) {
	leave, err := l.limits.searches.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return l.Index.Passage(ctx, s, chunkID, around)
}

// limited does one answer or draft within the limits.
func limited[T any](ctx context.Context, l *limiter, do func() (T, error)) (T, error) {
	done, err := l.answer(ctx)
	if err != nil {
		var none T
		return none, err
	}
	defer done()
	return do()
}
