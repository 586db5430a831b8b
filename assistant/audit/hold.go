package audit

import (
	"errors"
	"fmt"
	"os"
)

// ErrHeld reports a file that another holder has: see [Hold].
var ErrHeld = errors.New("held by another process")

// Hold locks a file for this holder alone, and creates it if there is none, until
// release is called or the process ends, however it ends. It does not wait: where
// another has the lock the error is [ErrHeld]. The file stays and may be held again.
// On systems other than Unix and Windows it always succeeds.
func Hold(file string) (release func() error, err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	ok, err := tryLockFile(f)
	if err == nil && !ok {
		err = ErrHeld
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", file, err), f.Close())
	}
	return f.Close, nil // closing ends the lock
}
