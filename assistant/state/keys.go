package state

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
)

// A Key is an API key of a program, without its secret.
type Key struct {
	ID            string // such as k4q2mzab7f; not secret
	Name          string // says whose it is
	Permissions   []string
	Groups        []string
	Grade         string
	Trusted       bool // may name its end user, whose rights then bound its own
	PerMinute     int  // requests of the key; 0: as the service's setting
	UserPerMinute int  // requests of each end user that it names; 0: as the service's setting
	Created       time.Time
	Expires       time.Time // zero: never
	Revoked       time.Time // zero: it is not
	Used          time.Time // to about a minute; zero: never
}

// secretPrefix lets people and secret scanners see what a string is.
const secretPrefix = "biseo_"

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// randomText returns n random bytes in lower-case base32.
func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: see crypto/rand
	return base32Lower.EncodeToString(b)
}

// checksum tells a mistyped secret from one that is unknown, without the database.
func checksum(secret string) string {
	return base32Lower.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(secret))))
}

// CreateKey stores a key and returns it with its ID, and its secret: "biseo_",
// 32 random bytes and a checksum, 65 characters. The secret is not stored and
// cannot be told again. ID, Created, Revoked and Used of k are ignored.
func (s *Store) CreateKey(ctx context.Context, k Key) (Key, string, error) {
	k.ID, k.Created, k.Revoked, k.Used = "k"+randomText(6)[:9], s.now(), time.Time{}, time.Time{}
	k.Expires = fromMicro(micro(k.Expires))
	secret := secretPrefix + randomText(32)
	secret += checksum(secret)
	sum := sha256.Sum256([]byte(secret))
	err := s.change(ctx, "create key", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO keys(id, sum, name, permissions, groups, grade, trusted, per_minute, user_per_minute, created, expires, revoked, used)
			VALUES(?,?,?,?,?,?,?,?,?,?,?,0,0)`, k.ID, sum[:], k.Name, encode(k.Permissions), encode(k.Groups), k.Grade, k.Trusted,
			k.PerMinute, k.UserPerMinute, micro(k.Created), micro(k.Expires))
		return err
	})
	if err != nil {
		return Key{}, "", err
	}
	return k, secret, nil
}

const selectKey = `SELECT id, name, permissions, groups, grade, trusted, per_minute, user_per_minute, created, expires, revoked, used FROM keys `

func scanKey(row scanner) (k Key, err error) {
	var permissions, groups string
	var created, expires, revoked, used int64
	if err := row.Scan(&k.ID, &k.Name, &permissions, &groups, &k.Grade, &k.Trusted, &k.PerMinute, &k.UserPerMinute, &created, &expires, &revoked, &used); err != nil {
		return Key{}, notFound(err)
	}
	k.Created, k.Expires, k.Revoked, k.Used = fromMicro(created), fromMicro(expires), fromMicro(revoked), fromMicro(used)
	return k, errors.Join(decode(permissions, &k.Permissions), decode(groups, &k.Groups))
}

// usedStep is how exact the time of last use is: a write for each request would
// cost one fsync each.
const usedStep = time.Minute

// FindKey returns the key of a secret and notes that it was used. An unknown, an
// expired and a revoked one are alike [ErrNotFound]. The secret is looked up by its
// SHA-256, so that the time this takes says nothing of other secrets.
func (s *Store) FindKey(ctx context.Context, secret string) (Key, error) {
	body, ok := strings.CutPrefix(secret, secretPrefix)
	if cut := len(secret) - 7; !ok || len(body) != 52+7 || checksum(secret[:cut]) != secret[cut:] {
		return Key{}, fmt.Errorf("find key: %w", ErrNotFound)
	}
	sum := sha256.Sum256([]byte(secret))
	k, err := scanKey(s.read.QueryRowContext(ctx, selectKey+`WHERE sum = ?`, sum[:]))
	now := s.now()
	if err == nil && (!k.Revoked.IsZero() || !k.Expires.IsZero() && !now.Before(k.Expires)) {
		err = ErrNotFound
	}
	if err != nil {
		return Key{}, fmt.Errorf("find key: %w", err)
	}
	if now.Sub(k.Used) >= usedStep {
		// A note that nothing depends on: when it cannot be written, the key is good all the same.
		if _, err := s.write.ExecContext(ctx, `UPDATE keys SET used = ?1 WHERE id = ?2 AND used < ?1`, micro(now), k.ID); err == nil {
			k.Used = now
		}
	}
	return k, nil
}

// Keys returns all keys, expired and revoked ones too, oldest first.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	return query(ctx, s, "list keys", scanKey, selectKey+`ORDER BY created, id`)
}

// AnyKey reports whether a key was ever made: expired and revoked ones count.
func (s *Store) AnyKey(ctx context.Context) (any bool, err error) {
	if err := s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM keys)`).Scan(&any); err != nil {
		return false, fmt.Errorf("look for keys: %w", err)
	}
	return any, nil
}

// RevokeKey ends a key at once. That of one revoked before is kept.
func (s *Store) RevokeKey(ctx context.Context, id string) error {
	return s.changeOne(ctx, "revoke key", `UPDATE keys SET revoked = iif(revoked = 0, ?, revoked) WHERE id = ?`, micro(s.now()), id)
}

// A Session is a person who has logged in to the page.
type Session struct {
	Subject     string // who, as the identity provider calls them
	Name        string
	Groups      []string
	Permissions []string
	Grade       string
	Created     time.Time
	Seen        time.Time     // to about a minute
	Expires     time.Time     // however much it is used
	Idle        time.Duration // unused for less than this it does not end before Expires
}

// CreateSession stores a session and returns its token, 32 random bytes in base32,
// of which only the SHA-256 is kept. Created, Seen and Idle of v are ignored; an Expires
// that is sooner than Options.SessionLife allows is kept.
func (s *Store) CreateSession(ctx context.Context, v Session) (token string, err error) {
	now := s.now()
	if last := now.Add(s.o.SessionLife); v.Expires.IsZero() || v.Expires.After(last) {
		v.Expires = last
	}
	token = randomText(32)
	sum := sha256.Sum256([]byte(token))
	return token, s.change(ctx, "create session", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions(sum, subject, name, groups, permissions, grade, created, seen, expires) VALUES(?,?,?,?,?,?,?,?,?)`,
			sum[:], v.Subject, v.Name, encode(v.Groups), encode(v.Permissions), v.Grade, micro(now), micro(now), micro(v.Expires))
		return err
	})
}

// FindSession returns the session of a token and notes that it was seen. One that
// is unknown, too old or unused for too long is [ErrNotFound].
func (s *Store) FindSession(ctx context.Context, token string) (Session, error) {
	sum := sha256.Sum256([]byte(token))
	var v Session
	var groups, permissions string
	var created, seen, expires int64
	err := s.read.QueryRowContext(ctx, `SELECT subject, name, groups, permissions, grade, created, seen, expires FROM sessions WHERE sum = ?`, sum[:]).
		Scan(&v.Subject, &v.Name, &groups, &permissions, &v.Grade, &created, &seen, &expires)
	if err == nil {
		err = errors.Join(decode(groups, &v.Groups), decode(permissions, &v.Permissions))
	}
	v.Created, v.Seen, v.Expires = fromMicro(created), fromMicro(seen), fromMicro(expires)
	now := s.now()
	if err == nil && (!now.Before(v.Expires) || now.Sub(v.Seen) >= s.o.SessionIdle) {
		err = ErrNotFound
	}
	if err != nil {
		return Session{}, fmt.Errorf("find session: %w", notFound(err))
	}
	step := min(usedStep, s.o.SessionIdle/4)
	v.Idle = s.o.SessionIdle - step
	if now.Sub(v.Seen) >= step {
		// When it cannot be written, the session only ends sooner.
		if _, err := s.write.ExecContext(ctx, `UPDATE sessions SET seen = ?1 WHERE sum = ?2 AND seen < ?1`, micro(now), sum[:]); err == nil {
			v.Seen = now
		}
	}
	return v, nil
}

// EndSession forgets one session; one that is unknown is no error.
func (s *Store) EndSession(ctx context.Context, token string) error {
	sum := sha256.Sum256([]byte(token))
	return s.change(ctx, "end session", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE sum = ?`, sum[:])
		return err
	})
}

// EndSessions forgets all sessions of a subject.
func (s *Store) EndSessions(ctx context.Context, subject string) error {
	return s.change(ctx, "end sessions", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE subject = ?`, subject)
		return err
	})
}
