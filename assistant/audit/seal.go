package audit

import (
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A Vault keeps prompts, answers and drafts that the log only names, where an
// office has decided to keep them: sealed for the holder of a key that the service
// itself does not need (HPKE of RFC 9180: X25519, HKDF-SHA-256, AES-256-GCM), in
// one file for each UTC day. It is safe for concurrent use, by several processes too.
type Vault struct {
	dir    string
	public hpke.PublicKey
	now    func() time.Time

	mu sync.Mutex
}

// Sealed is one text of a vault.
type Sealed struct {
	Time  time.Time `json:"time"`
	Trace string    `json:"trace"` // that of the log's record
	Kind  string    `json:"kind"`  // prompt, answer, draft
	Text  string    `json:"text"`
}

type sealedLine struct {
	Time  time.Time `json:"time"`
	Trace string    `json:"trace"`
	Kind  string    `json:"kind"`
	Box   []byte    `json:"box"`
}

// info binds a box to its line: in another it does not open.
func (s sealedLine) info() []byte {
	return fmt.Appendf(nil, "biseo sealed %s %q %q", s.Time.Format(time.RFC3339Nano), s.Trace, s.Kind)
}

func suite() (hpke.KEM, hpke.KDF, hpke.AEAD) {
	return hpke.DHKEM(ecdh.X25519()), hpke.HKDFSHA256(), hpke.AES256GCM()
}

// MakeVaultKey makes the key pair of a vault in two new files of 64 hexadecimal
// digits, unless the public one is there: keyFile (mode 0600), which opens and may
// be kept elsewhere, and keyFile.pub, with which [OpenVault] seals.
func MakeVaultKey(keyFile string) error {
	if _, err := os.Stat(keyFile + ".pub"); err == nil {
		return nil
	}
	seed, err := loadKey(keyFile, true)
	if err != nil {
		return err
	}
	private, err := privateKey(seed)
	if err != nil {
		return err
	}
	return createFile(keyFile+".pub", hex.AppendEncode(nil, private.PublicKey().Bytes()), 0o644)
}

func privateKey(b []byte) (hpke.PrivateKey, error) {
	kem, _, _ := suite()
	return kem.NewPrivateKey(b)
}

// OpenVault opens the vault in a folder for sealing. publicFile holds the public
// key; a nil now is time.Now.
func OpenVault(dir, publicFile string, now func() time.Time) (*Vault, error) {
	b, err := loadKey(publicFile, false)
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	kem, _, _ := suite()
	public, err := kem.NewPublicKey(b)
	if err != nil {
		return nil, fmt.Errorf("open vault: key %s: %w", publicFile, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	if now == nil {
		now = time.Now
	}
	return &Vault{dir: dir, public: public, now: now}, nil
}

// Seal keeps a text and returns when it is on the disk.
func (v *Vault) Seal(ctx context.Context, trace, kind, text string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := sealedLine{Time: v.now().UTC().Truncate(time.Microsecond), Trace: trace, Kind: kind}
	_, kdf, aead := suite()
	var err error
	if s.Box, err = hpke.Seal(v.public, kdf, aead, s.info(), []byte(text)); err != nil {
		return fmt.Errorf("seal %s: %w", kind, err)
	}
	line, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("seal %s: %w", kind, err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.append(s.Time.Format(time.DateOnly), append(line, '\n')); err != nil {
		return fmt.Errorf("seal %s: %w", kind, err)
	}
	return nil
}

func (v *Vault) append(day string, line []byte) (err error) {
	path := filepath.Join(v.dir, day+dayExt)
	_, statErr := os.Stat(path)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }() // also unlocks
	if err := lockFile(f, true); err != nil {
		return err
	}
	end, err := wholeLines(f)
	if err != nil {
		return err
	}
	if err := appendAt(f, end, line); err != nil {
		return err
	}
	if statErr != nil {
		return syncDir(v.dir)
	}
	return nil
}

// Expire removes the files of whole days that ended longer than keep ago, and says
// how many.
func (v *Vault) Expire(keep time.Duration) (int, error) {
	all, err := days(v.dir)
	if err != nil {
		return 0, fmt.Errorf("expire vault: %w", err)
	}
	for n, day := range all {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil || v.now().Sub(t.AddDate(0, 0, 1)) <= keep {
			return n, err
		}
		if err := os.Remove(filepath.Join(v.dir, day+dayExt)); err != nil {
			return n, fmt.Errorf("expire vault: %w", err)
		}
	}
	return len(all), nil
}

// Unseal ranges over the texts of [from, to) of the vault in a folder, for the
// holder of the key. A zero time is no bound. A text that does not open, since it
// was changed or sealed for another key, is an error, and the range goes on.
func Unseal(dir, keyFile string, from, to time.Time) iter.Seq2[Sealed, error] {
	return func(yield func(Sealed, error) bool) {
		b, err := loadKey(keyFile, false)
		if err != nil {
			yield(Sealed{}, err)
			return
		}
		private, err := privateKey(b)
		if err != nil {
			yield(Sealed{}, err)
			return
		}
		all, err := days(dir)
		if err != nil {
			yield(Sealed{}, err)
			return
		}
		_, kdf, aead := suite()
		errStop := errors.New("stop")
		for _, day := range all {
			path := filepath.Join(dir, day+dayExt)
			info, err := os.Stat(path)
			if err == nil {
				n := 0
				err = readLines(path, 0, info.Size(), func(line []byte) error {
					n++
					var s sealedLine
					var text []byte
					err := json.Unmarshal(line, &s)
					if err == nil {
						if s.Time.Before(from) || !to.IsZero() && !s.Time.Before(to) {
							return nil
						}
						text, err = hpke.Open(private, kdf, aead, s.info(), s.Box)
					}
					if err != nil {
						err = fmt.Errorf("open %s:%d: %w", day+dayExt, n, err)
					}
					if !yield(Sealed{s.Time, s.Trace, s.Kind, string(text)}, err) {
						return errStop
					}
					return nil
				})
			}
			if err == errStop {
				return
			}
			if err != nil {
				yield(Sealed{}, err)
				return
			}
		}
	}
}
