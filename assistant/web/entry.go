package web

import (
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
)

func newEntries() *gate { return newGate(entrySlots*runtime.GOMAXPROCS(0), entryQueue, entryWait) }

// A budget is bytes that may be in use. Safe for concurrent use.
type budget struct {
	most int64
	used atomic.Int64
}

// take reports whether there are n bytes left, which the caller gives back.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.most {
		b.give(n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }
