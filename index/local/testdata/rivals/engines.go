package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/lang/cjk"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	"github.com/blevesearch/bleve/v2/analysis/token/ngram"
	unicodetok "github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	_ "modernc.org/sqlite"

	"biseo/index"
	"biseo/index/local"
	"biseo/korea/text"
)

type localEngine struct{ *local.Index }

func openLocal(dir string) (engine, error) {
	x, err := local.Open(context.Background(), dir, local.Options{Rules: text.Version})
	return localEngine{x}, err
}

// documentsAtOnce is how many documents are stored in one transaction: of the
// others' own kind, so that none waits for the disk more often than the rest.
const documentsAtOnce = 75

func (e localEngine) add(docs []document) error {
	for i := 0; i < len(docs); i += documentsAtOnce {
		d := index.Doc{ID: fmt.Sprint("d", i), Readers: []string{index.Public}, Grade: index.Open}
		var chunks []index.Chunk
		for _, doc := range docs[i:min(len(docs), i+documentsAtOnce)] {
			chunks = append(chunks, index.Chunk{ID: doc.ID, DocID: d.ID, Path: []string{doc.Title}, Text: doc.Text})
		}
		if err := e.Replace(context.Background(), d, chunks); err != nil {
			return err
		}
	}
	return nil
}

func (e localEngine) find(query string, n int) (ids []string, err error) {
	hits, err := e.Search(context.Background(), index.Query{Scope: index.Scope{On: index.Day(2026, 6, 8)}, Text: query, Limit: n})
	for _, h := range hits {
		ids = append(ids, h.Chunk.ID)
	}
	return ids, err
}

type ftsEngine struct {
	*sql.DB
	shortest int // syllables of a word that the tokenizer can find
}

func openFTS(tokenizer string) func(dir string) (engine, error) {
	return func(dir string) (engine, error) {
		db, err := sql.Open("sqlite", filepath.Join(dir, "fts.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
		if err != nil {
			return nil, err
		}
		_, err = db.Exec(`CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(id UNINDEXED, title, body, tokenize='` + tokenizer + `')`)
		e := ftsEngine{db, 1}
		if tokenizer == "trigram" {
			e.shortest = 3
		}
		return e, err
	}
}

func (e ftsEngine) add(docs []document) error {
	for i := 0; i < len(docs); i += documentsAtOnce {
		tx, err := e.Begin()
		if err != nil {
			return err
		}
		for _, d := range docs[i:min(len(docs), i+documentsAtOnce)] {
			if _, err := tx.Exec(`INSERT INTO texts(id, title, body) VALUES(?, ?, ?)`, d.ID, d.Title, d.Text); err != nil {
				tx.Rollback()
				return err
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// find asks for any of the words, ranked by FTS5's own BM25.
func (e ftsEngine) find(query string, n int) (ids []string, err error) {
	var words []string
	seen := map[string]bool{}
	for _, w := range strings.FieldsFunc(query, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if utf8.RuneCountInString(w) >= e.shortest && !seen[w] {
			seen[w] = true
			words = append(words, `"`+w+`"`)
		}
	}
	if len(words) == 0 {
		return nil, nil
	}
	rows, err := e.Query(`SELECT id FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?`, strings.Join(words, " OR "), n)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

type bleveEngine struct{ bleve.Index }

// openBleve opens bleve with BM25. Its cjk analyzer makes bigrams of Han and Kana
// but leaves Hangul words whole; bigrams asks for those of every word.
func openBleve(bigrams bool) func(dir string) (engine, error) {
	return func(dir string) (engine, error) {
		dir = filepath.Join(dir, "bleve")
		if x, err := bleve.Open(dir); err == nil {
			return bleveEngine{x}, nil
		}
		m := bleve.NewIndexMapping()
		m.DefaultAnalyzer = cjk.AnalyzerName
		if bigrams {
			if err := m.AddCustomTokenFilter("bigrams", map[string]any{"type": ngram.Name, "min": 2.0, "max": 2.0}); err != nil {
				return nil, err
			}
			if err := m.AddCustomAnalyzer("bigrams", map[string]any{"type": custom.Name, "tokenizer": unicodetok.Name, "token_filters": []string{lowercase.Name, "bigrams"}}); err != nil {
				return nil, err
			}
			m.DefaultAnalyzer = "bigrams"
		}
		m.ScoringModel = "bm25"
		m.StoreDynamic = false
		m.DocValuesDynamic = false
		x, err := bleve.New(dir, m)
		return bleveEngine{x}, err
	}
}

func (e bleveEngine) add(docs []document) error {
	for i := 0; i < len(docs); i += documentsAtOnce {
		b := e.NewBatch()
		for _, d := range docs[i:min(len(docs), i+documentsAtOnce)] {
			if err := b.Index(d.ID, map[string]string{"title": d.Title, "body": d.Text}); err != nil {
				return err
			}
		}
		if err := e.Batch(b); err != nil {
			return err
		}
	}
	return nil
}

func (e bleveEngine) find(query string, n int) (ids []string, err error) {
	r, err := e.Search(bleve.NewSearchRequestOptions(bleve.NewMatchQuery(query), n, 0, false))
	if err != nil {
		return nil, err
	}
	for _, h := range r.Hits {
		ids = append(ids, h.ID)
	}
	return ids, nil
}
