package web

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	needsAge  = 5 * time.Second // anybody may ask whether the service is ready: its parts are not asked each time
	needsWait = 3 * time.Second
)

// needs is what was last found out about Options.Needs.
type needs struct {
	mu      sync.Mutex
	at      time.Time
	missing []string
}

// missing names what the service needs and does not have, as reasons for which it
// is not ready. What is wrong with it the log tells.
func (s *server) missing(ctx context.Context) []string {
	s.needs.mu.Lock()
	defer s.needs.mu.Unlock()
	if !s.needs.at.IsZero() && time.Since(s.needs.at) < needsAge {
		return slices.Clone(s.needs.missing)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), needsWait)
	defer cancel()
	s.needs.missing = []string{}
	for _, name := range slices.Sorted(maps.Keys(s.o.Needs)) {
		if err := s.o.Needs[name](ctx); err != nil {
			s.lg.Error("not ready", "needs", name, "err", err)
			s.needs.missing = append(s.needs.missing, name+"_unavailable")
		}
	}
	s.needs.at = time.Now()
	return slices.Clone(s.needs.missing)
}
