package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Keys are what a log is written and verified with.
type Keys struct {
	HMAC   []byte
	Signer ed25519.PrivateKey // nil where a log is only verified
	Public ed25519.PublicKey
}

// LoadKeys reads the keys of the log in dir from two files of 64 hexadecimal
// digits. If a file is missing and the log has no lines yet, it is made, with mode
// 0600, and SIGNERFILE.pub with the public key for auditors. The keys of a log that
// has lines are never made anew: without them nobody could tell a forger's lines.
func LoadKeys(dir, hmacFile, signerFile string) (Keys, error) {
	all, err := days(dir)
	if err != nil {
		return Keys{}, err
	}
	hmacKey, err := loadKey(hmacFile, len(all) == 0)
	if err != nil {
		return Keys{}, err
	}
	seed, err := loadKey(signerFile, len(all) == 0)
	if err != nil {
		return Keys{}, err
	}
	signer := ed25519.NewKeyFromSeed(seed)
	k := Keys{hmacKey, signer, signer.Public().(ed25519.PublicKey)}
	err = createFile(signerFile+".pub", hex.AppendEncode(nil, k.Public), 0o644)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrPermission) {
		err = nil
	}
	return k, err
}

// ReadKeys reads what a log is verified with: the key of the HMAC and the signer's
// public key, each from a file of 64 hexadecimal digits.
func ReadKeys(hmacFile, publicFile string) (k Keys, err error) {
	if k.HMAC, err = loadKey(hmacFile, false); err != nil {
		return Keys{}, err
	}
	k.Public, err = loadKey(publicFile, false)
	return k, err
}

// loadKey reads 32 bytes, or makes them if the file is missing and create is set.
func loadKey(file string, create bool) ([]byte, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && create {
		key := make([]byte, 32)
		rand.Read(key) // never fails: see crypto/rand
		if err = createFile(file, hex.AppendEncode(nil, key), 0o600); err == nil {
			return key, nil
		}
		if errors.Is(err, fs.ErrExist) { // another process was first
			b, err = os.ReadFile(file)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(b)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("read key %s: it must hold 64 hexadecimal digits", file)
	}
	return key, nil
}

// createFile writes a line to a new file.
func createFile(file string, line []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(file)
	}
	return err
}
