package web

import (
	"errors"
	"io"
	"runtime"
	"sync/atomic"
	"time"
)

// What a request costs before it is known whose it is and how much they may ask is
// bounded, too: the bodies that are in memory, and of how many requests it is looked
// up at a time whose they are. More wait a little, and then are refused.
const (
	maxBodies   = 256 << 20 // bytes of the bodies of all requests
	entrySlots  = 8         // requests for each processor
	entryQueue  = 4096
	entryWait   = 5 * time.Second
	uploadSlots = 16 // requests with files, each of which takes room on the disk
	uploadQueue = 32
	uploadsEach = 4 // of a caller
)

func newEntries() *gate { return newGate(entrySlots*runtime.GOMAXPROCS(0), entryQueue, entryWait) }

// A budget is bytes that may be in use. Safe for concurrent use.
type budget struct {
	most int64
	used atomic.Int64
}

var errNoRoom = errors.New("the bodies of other requests take all the room")

// A share reads a body and takes what arrives from a budget: what is only announced
// takes nothing. [errNoRoom] ends it.
type share struct {
	of   *budget
	body io.Reader
	used int64
}

func (s *share) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	s.used += int64(n)
	if s.of.used.Add(int64(n)) > s.of.most {
		return 0, errNoRoom
	}
	return n, err
}

// giveBack ends the use of what was read.
func (s *share) giveBack() { s.of.used.Add(-s.used) }
