package state

// migrations bring an empty file to schema 1, that to schema 2, and so on. A
// released one is never edited: files that it made are out there.
var migrations = []string{schema1}

const schema1 = `
CREATE TABLE keys (
	id TEXT PRIMARY KEY, sum BLOB NOT NULL UNIQUE, -- sum: SHA-256 of the secret
	name TEXT NOT NULL, permissions TEXT NOT NULL, groups TEXT NOT NULL, grade TEXT NOT NULL, trusted INTEGER NOT NULL,
	per_minute INTEGER NOT NULL, user_per_minute INTEGER NOT NULL,
	created INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER NOT NULL, used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	sum BLOB PRIMARY KEY, subject TEXT NOT NULL, name TEXT NOT NULL, groups TEXT NOT NULL, permissions TEXT NOT NULL, grade TEXT NOT NULL,
	created INTEGER NOT NULL, seen INTEGER NOT NULL, expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_subject ON sessions(subject);

CREATE TABLE drafts (
	id TEXT PRIMARY KEY, owner TEXT NOT NULL, task TEXT NOT NULL, version INTEGER NOT NULL, -- the newest
	created INTEGER NOT NULL, updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_owner ON drafts(owner, created, id);
CREATE INDEX drafts_updated ON drafts(updated);
CREATE TABLE draft_versions (
	draft TEXT NOT NULL REFERENCES drafts(id) ON DELETE CASCADE, version INTEGER NOT NULL, title TEXT NOT NULL, created INTEGER NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (draft, version)
) STRICT;

CREATE TABLE conversations (
	id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX conversations_owner ON conversations(owner, created, id);
CREATE INDEX conversations_updated ON conversations(updated);
CREATE TABLE turns (
	conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE, n INTEGER NOT NULL, question TEXT NOT NULL, at INTEGER NOT NULL, answer BLOB NOT NULL,
	PRIMARY KEY (conversation, n)
) STRICT;

CREATE TABLE jobs (
	id TEXT PRIMARY KEY, owner TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, error TEXT NOT NULL,
	created INTEGER NOT NULL, updated INTEGER NOT NULL, detail BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_owner ON jobs(owner, created, id);
CREATE INDEX jobs_created ON jobs(created, id);
CREATE INDEX jobs_updated ON jobs(updated);

CREATE TABLE feedback (
	n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, task TEXT NOT NULL, request TEXT NOT NULL, sentence TEXT NOT NULL,
	verdict TEXT NOT NULL, comment TEXT NOT NULL, sources TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE INDEX feedback_at ON feedback(at);

CREATE TABLE once (
	owner TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, created INTEGER NOT NULL,
	status INTEGER NOT NULL, header TEXT NOT NULL, body BLOB NOT NULL, -- status 0: still under way
	PRIMARY KEY (owner, key)
) STRICT;
CREATE INDEX once_created ON once(created);
`
