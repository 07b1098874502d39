-- Accounts, their credentials, the audit trail, the outbox, and budgets.
-- Times are Unix milliseconds. Random names, digests, MACs and sealed values are opaque blobs.

CREATE TABLE account (
    id                        INTEGER PRIMARY KEY AUTOINCREMENT, -- a number is never given twice
    uid                       BLOB    NOT NULL CHECK (length(uid) = 16),
    revision                  INTEGER NOT NULL,
    password_epoch            INTEGER NOT NULL,
    factor_epoch              INTEGER NOT NULL,
    username                  TEXT    NOT NULL COLLATE BINARY,
    email                     TEXT    NOT NULL, -- as typed; mail goes here
    email_canonical           TEXT    NOT NULL COLLATE BINARY, -- compared, never shown
    email_verified_at         INTEGER,
    first_name                TEXT,
    last_name                 TEXT,
    language                  TEXT    NOT NULL,
    admin                     INTEGER NOT NULL CHECK (admin IN (0, 1)),
    disabled_at               INTEGER,
    created_at                INTEGER NOT NULL,
    -- Credentials stand last, so that the hot reads stop before them.
    two_factor_enabled_at     INTEGER,
    two_factor_last_step      INTEGER,
    two_factor_secret         BLOB,
    pending_two_factor_made_at INTEGER,
    pending_two_factor_secret BLOB,
    password                  TEXT    NOT NULL,
    CHECK ((two_factor_secret IS NULL) = (two_factor_enabled_at IS NULL)),
    CHECK ((two_factor_secret IS NULL) = (two_factor_last_step IS NULL)),
    CHECK ((pending_two_factor_secret IS NULL) = (pending_two_factor_made_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX account_by_uid ON account (uid);
CREATE UNIQUE INDEX account_by_username ON account (username);
CREATE UNIQUE INDEX account_by_email ON account (email_canonical);
CREATE INDEX account_by_pending_two_factor ON account (pending_two_factor_made_at)
    WHERE pending_two_factor_made_at IS NOT NULL;

CREATE TABLE recovery_code (
    account  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    code_set BLOB    NOT NULL,
    position INTEGER NOT NULL,
    digest   BLOB    NOT NULL,
    PRIMARY KEY (account, code_set, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    number       INTEGER PRIMARY KEY, -- the order of keys made in one millisecond
    account      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    identifier   TEXT    NOT NULL COLLATE BINARY,
    description  TEXT    NOT NULL,
    allowed_ips  TEXT    NOT NULL, -- a JSON array of the entries as written
    secret       BLOB    NOT NULL CHECK (length(secret) = 32),
    mac          BLOB    NOT NULL,
    expires_at   INTEGER,
    made_by      TEXT,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE UNIQUE INDEX api_key_by_identifier ON api_key (identifier);
CREATE INDEX api_key_by_owner ON api_key (account, created_at);

CREATE TABLE ssh_key (
    number      INTEGER PRIMARY KEY,
    account     INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    name        TEXT    NOT NULL,
    public_key  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ssh_key_by_fingerprint ON ssh_key (account, fingerprint);
CREATE INDEX ssh_key_by_owner ON ssh_key (account, created_at);

CREATE TABLE session (
    number         INTEGER PRIMARY KEY,
    account        INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    id             BLOB    NOT NULL CHECK (length(id) = 16),
    token          BLOB    NOT NULL CHECK (length(token) = 32),
    mac            BLOB    NOT NULL,
    password_epoch INTEGER NOT NULL,
    ip             TEXT,
    user_agent     TEXT,
    created_at     INTEGER NOT NULL,
    last_seen_at   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX session_by_token ON session (token);
CREATE UNIQUE INDEX session_by_id ON session (id);
CREATE INDEX session_by_owner ON session (account, created_at);
CREATE INDEX session_by_age ON session (created_at);
CREATE INDEX session_by_last_seen ON session (last_seen_at);

CREATE TABLE pending_sign_in (
    number         INTEGER PRIMARY KEY,
    account        INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    token          BLOB    NOT NULL CHECK (length(token) = 32),
    password_epoch INTEGER NOT NULL,
    factor_epoch   INTEGER NOT NULL,
    tries          INTEGER NOT NULL,
    ip             TEXT,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX pending_sign_in_by_token ON pending_sign_in (token);
CREATE INDEX pending_sign_in_by_owner ON pending_sign_in (account, created_at);
CREATE INDEX pending_sign_in_by_age ON pending_sign_in (created_at);

CREATE TABLE mail_token (
    number         INTEGER PRIMARY KEY,
    account        INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    token          BLOB    NOT NULL CHECK (length(token) = 32),
    purpose        TEXT    NOT NULL,
    email          TEXT    NOT NULL,
    password_epoch INTEGER NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX mail_token_by_token ON mail_token (token);
CREATE INDEX mail_token_by_owner ON mail_token (account, created_at);
CREATE INDEX mail_token_by_age ON mail_token (purpose, created_at);

-- No reference to the account: mail may be for an address that is nobody's.
CREATE TABLE mail (
    number     INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL CHECK (length(id) = 16),
    account    BLOB, -- the uid
    token      BLOB,
    letter     BLOB    NOT NULL,
    attempts   INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX mail_by_id ON mail (id);
CREATE INDEX mail_by_due_time ON mail (due_at);
CREATE INDEX mail_by_age ON mail (created_at);
CREATE INDEX mail_by_token ON mail (token) WHERE token IS NOT NULL;
CREATE INDEX mail_by_owner ON mail (account) WHERE account IS NOT NULL;

-- No reference to the account: the trail outlives it.
CREATE TABLE activity (
    number      INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    subject     BLOB, -- a uid
    actor       BLOB, -- a uid
    event       TEXT    NOT NULL,
    ip          TEXT,
    api_key     TEXT,
    properties  TEXT    NOT NULL, -- a JSON array of pairs, since their order is kept
    description TEXT,
    at          INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX activity_by_id ON activity (id);
-- With the event inside, a page is found and its total counted without a look at the table.
CREATE INDEX activity_by_subject ON activity (subject, at, number, event);
CREATE INDEX activity_by_age ON activity (at);

CREATE TABLE keyring_check (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE throttle_level (
    key        BLOB    NOT NULL PRIMARY KEY,
    mark       INTEGER NOT NULL,
    count      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_level_by_expiry ON throttle_level (expires_at);

CREATE TABLE throttle_memory (
    key        BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_memory_by_expiry ON throttle_memory (expires_at);

-- Written by each readiness check: a store that cannot write is not ready.
CREATE TABLE readiness (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    checks INTEGER NOT NULL
) STRICT;
INSERT INTO readiness (id, checks) VALUES (1, 0);
