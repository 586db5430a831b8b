package ingest

// A write is a document that was given to the index, or, without done, the end of a
// file: what there is to tell of it when the documents before are stored.
type write struct {
	work string
	done <-chan error
	then func() error
}

// write calls do, which stores a document of a Work, while Sync goes on, and then when
// that and all that was begun before is done. It waits while the index has as many
// documents at once as it wants.
func (s *syncer) write(work string, do, then func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	s.begun = append(s.begun, write{work, done, then})
	s.writing++
	return s.finish(s.writers - 1)
}

// after calls then when all that was begun is done.
func (s *syncer) after(then func() error) error {
	s.begun = append(s.begun, write{then: then})
	return s.finish(s.writers - 1)
}

// await returns when no document of a Work is being stored any more.
func (s *syncer) await(work string) error {
	for _, w := range s.begun {
		if w.done != nil && w.work == work {
			return s.finish(0)
		}
	}
	return s.failed
}

// finish ends the oldest of what was begun, until n documents at most are being
// stored. After an error, which it always returns from then on, documents that the
// index has are still counted, but no file is told as done.
func (s *syncer) finish(n int) error {
	for len(s.begun) > 0 && (s.begun[0].done == nil || s.writing > n) {
		w := s.begun[0]
		s.begun = s.begun[1:]
		var err error
		if w.done != nil {
			err = <-w.done
			s.writing--
		} else if s.failed != nil {
			continue
		}
		if err == nil {
			err = w.then()
		}
		if s.failed == nil {
			s.failed = err
		}
	}
	return s.failed
}
