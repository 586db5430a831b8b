package index

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// A Grade is a security grade of the N2SF scheme: Open (O), Sensitive (S),
// Classified (C). The zero value is unset: on a document it counts as
// Classified, on a Scope as Open.
type Grade uint8

const (
	Open Grade = iota + 1
	Sensitive
	Classified
)

var gradeNames = [...]string{"", "open", "sensitive", "classified"}

// ParseGrade reads "open", "sensitive" or "classified"; "" is the unset grade.
func ParseGrade(s string) (Grade, error) {
	i := slices.Index(gradeNames[:], s)
	if i < 0 {
		return 0, fmt.Errorf("grade %q: want open, sensitive or classified", s)
	}
	return Grade(i), nil
}

func (g Grade) String() string {
	if int(g) >= len(gradeNames) {
		return fmt.Sprintf("grade(%d)", uint8(g))
	}
	return gradeNames[g]
}

// MarshalJSON writes the grade's name.
func (g Grade) MarshalJSON() ([]byte, error) { return json.Marshal(g.String()) }

// UnmarshalJSON reads what [Grade.MarshalJSON] writes.
func (g *Grade) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := ParseGrade(s)
	*g = v
	return err
}

// Public is the group that everyone belongs to.
const Public = "public"

// Allows reports whether chunk c of document d may be seen in s. Every backend
// filters by it, and the caller of a backend may check each hit with it again.
func (s Scope) Allows(d Doc, c Chunk) bool {
	return s.AllowsDoc(d) && inForce(s.On, c.From, c.Until)
}

// AllowsDoc is the part of [Scope.Allows] that does not depend on the chunk:
// readers, grade, dates and restrictions of the document.
func (s Scope) AllowsDoc(d Doc) bool {
	return s.reads(d) && s.clears(d) && !s.On.IsZero() && inForce(s.On, d.From, d.Until) &&
		within(s.Kinds, d.Kind) && within(s.Agencies, d.Agency) && within(s.Docs, d.ID)
}

func (s Scope) reads(d Doc) bool {
	return slices.ContainsFunc(d.Readers, func(g string) bool {
		return g == Public || slices.Contains(s.Readers, g)
	})
}

func (s Scope) clears(d Doc) bool {
	have, need := s.Grade, d.Grade
	if have == 0 {
		have = Open
	}
	if need == 0 {
		need = Classified
	}
	return need <= have
}

func inForce(on, from, until time.Time) bool {
	return (from.IsZero() || !on.Before(from)) && (until.IsZero() || on.Before(until))
}

func within(allowed []string, v string) bool {
	return len(allowed) == 0 || slices.Contains(allowed, v)
}

// Day is midnight UTC of a calendar day: the form of every date in this package.
func Day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Today is the calendar day in Korea at that moment. Korea has no summer time.
func Today(now time.Time) time.Time {
	return Day(now.In(time.FixedZone("KST", 9*60*60)).Date())
}

// Dimension reads the length of vectors from the name of their space, such as
// 1024 from "bge-m3/1024"; it is 0 for "", the space of no vectors.
func Dimension(space string) (int, error) {
	if space == "" {
		return 0, nil
	}
	_, last, _ := strings.Cut(space, "/")
	n, err := strconv.Atoi(last[strings.LastIndexByte(last, '/')+1:])
	if err != nil || n < 1 {
		return 0, fmt.Errorf("embedding space %q: want model/dimension, such as bge-m3/1024", space)
	}
	return n, nil
}

// ChunkID is the UUIDv5 of a document and of the position of a chunk in it, from 0.
func ChunkID(docID string, position int) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "biseo:%s#%d", docID, position)).String()
}
