-- Accounts, their credentials, the audit trail, the outbox, and budgets.
-- Times are Unix milliseconds. Random names, digests, MACs and sealed values are opaque bytes.
-- Text that is compared or sorted has collation "C": byte by byte, alike on every machine.

CREATE TABLE account (
    id                         BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- a number is never given twice
    uid                        BYTEA   NOT NULL CHECK (length(uid) = 16),
    revision                   BIGINT  NOT NULL,
    password_epoch             BIGINT  NOT NULL,
    factor_epoch               BIGINT  NOT NULL,
    username                   TEXT    COLLATE "C" NOT NULL,
    email                      TEXT    COLLATE "C" NOT NULL, -- as typed; mail goes here
    email_canonical            TEXT    COLLATE "C" NOT NULL, -- compared, never shown
    email_verified_at          BIGINT,
    first_name                 TEXT    COLLATE "C",
    last_name                  TEXT    COLLATE "C",
    language                   TEXT    COLLATE "C" NOT NULL,
    admin                      BOOLEAN NOT NULL,
    disabled_at                BIGINT,
    created_at                 BIGINT  NOT NULL,
    two_factor_enabled_at      BIGINT,
    two_factor_last_step       BIGINT,
    two_factor_secret          BYTEA,
    pending_two_factor_made_at BIGINT,
    pending_two_factor_secret  BYTEA,
    password                   TEXT    COLLATE "C" NOT NULL,
    CHECK ((two_factor_secret IS NULL) = (two_factor_enabled_at IS NULL)),
    CHECK ((two_factor_secret IS NULL) = (two_factor_last_step IS NULL)),
    CHECK ((pending_two_factor_secret IS NULL) = (pending_two_factor_made_at IS NULL))
);
-- Made in this order: where two of them are broken at once, the first is named.
CREATE UNIQUE INDEX account_by_email ON account (email_canonical);
CREATE UNIQUE INDEX account_by_username ON account (username);
CREATE UNIQUE INDEX account_by_uid ON account (uid);
CREATE INDEX account_by_pending_two_factor ON account (pending_two_factor_made_at)
    WHERE pending_two_factor_made_at IS NOT NULL;

CREATE TABLE recovery_code (
    account  BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    code_set BYTEA  NOT NULL,
    position BIGINT NOT NULL,
    digest   BYTEA  NOT NULL,
    PRIMARY KEY (account, code_set, position)
);

CREATE TABLE api_key (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of keys made in one millisecond
    account      BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    identifier   TEXT   COLLATE "C" NOT NULL,
    description  TEXT   COLLATE "C" NOT NULL,
    allowed_ips  TEXT   COLLATE "C" NOT NULL, -- a JSON array of the entries as written
    secret       BYTEA  NOT NULL CHECK (length(secret) = 32),
    mac          BYTEA  NOT NULL,
    expires_at   BIGINT,
    made_by      TEXT   COLLATE "C",
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE UNIQUE INDEX api_key_by_identifier ON api_key (identifier);
CREATE INDEX api_key_by_owner ON api_key (account, created_at, number);

CREATE TABLE ssh_key (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    fingerprint BYTEA  NOT NULL CHECK (length(fingerprint) = 32),
    name        TEXT   COLLATE "C" NOT NULL,
    public_key  TEXT   COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX ssh_key_by_fingerprint ON ssh_key (account, fingerprint);
CREATE INDEX ssh_key_by_owner ON ssh_key (account, created_at, number);

CREATE TABLE session (
    number         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account        BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    id             BYTEA  NOT NULL CHECK (length(id) = 16),
    token          BYTEA  NOT NULL CHECK (length(token) = 32),
    mac            BYTEA  NOT NULL,
    password_epoch BIGINT NOT NULL,
    ip             TEXT   COLLATE "C",
    user_agent     TEXT   COLLATE "C",
    created_at     BIGINT NOT NULL,
    last_seen_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX session_by_token ON session (token);
CREATE UNIQUE INDEX session_by_id ON session (id);
CREATE INDEX session_by_owner ON session (account, created_at, number);
CREATE INDEX session_by_age ON session (created_at);
CREATE INDEX session_by_last_seen ON session (last_seen_at);

CREATE TABLE pending_sign_in (
    number         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account        BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    token          BYTEA  NOT NULL CHECK (length(token) = 32),
    password_epoch BIGINT NOT NULL,
    factor_epoch   BIGINT NOT NULL,
    tries          BIGINT NOT NULL,
    ip             TEXT   COLLATE "C",
    created_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX pending_sign_in_by_token ON pending_sign_in (token);
CREATE INDEX pending_sign_in_by_owner ON pending_sign_in (account, created_at, number);
CREATE INDEX pending_sign_in_by_age ON pending_sign_in (created_at);

CREATE TABLE mail_token (
    number         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account        BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    token          BYTEA  NOT NULL CHECK (length(token) = 32),
    purpose        TEXT   COLLATE "C" NOT NULL,
    email          TEXT   COLLATE "C" NOT NULL,
    password_epoch BIGINT NOT NULL,
    created_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX mail_token_by_token ON mail_token (token);
CREATE INDEX mail_token_by_owner ON mail_token (account, created_at, number);
CREATE INDEX mail_token_by_age ON mail_token (purpose, created_at);

-- No reference to the account: mail may be for an address that is nobody's.
CREATE TABLE mail (
    number     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         BYTEA  NOT NULL CHECK (length(id) = 16),
    account    BYTEA, -- the uid
    token      BYTEA,
    letter     BYTEA  NOT NULL,
    attempts   BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX mail_by_id ON mail (id);
CREATE INDEX mail_by_due_time ON mail (due_at, number);
CREATE INDEX mail_by_age ON mail (created_at);
CREATE INDEX mail_by_token ON mail (token) WHERE token IS NOT NULL;
CREATE INDEX mail_by_owner ON mail (account) WHERE account IS NOT NULL;

-- No reference to the account: the trail outlives it.
CREATE TABLE activity (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          BYTEA  NOT NULL CHECK (length(id) = 16),
    subject     BYTEA, -- a uid
    actor       BYTEA, -- a uid
    event       TEXT   COLLATE "C" NOT NULL,
    ip          TEXT   COLLATE "C",
    api_key     TEXT   COLLATE "C",
    properties  TEXT   COLLATE "C" NOT NULL, -- a JSON array of pairs, since their order is kept
    description TEXT   COLLATE "C",
    at          BIGINT NOT NULL
);
CREATE UNIQUE INDEX activity_by_id ON activity (id);
-- With the event inside, a page is found and its total counted without a look at the table.
CREATE INDEX activity_by_subject ON activity (subject, at, number, event);
CREATE INDEX activity_by_age ON activity (at);

CREATE TABLE keyring_check (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE throttle_level (
    key        BYTEA  NOT NULL PRIMARY KEY,
    mark       BIGINT NOT NULL,
    count      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX throttle_level_by_expiry ON throttle_level (expires_at);

CREATE TABLE throttle_memory (
    key        BYTEA  NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX throttle_memory_by_expiry ON throttle_memory (expires_at);

-- Written by each readiness check: a store that cannot write is not ready.
CREATE TABLE readiness (
    id     BIGINT PRIMARY KEY CHECK (id = 1),
    checks BIGINT NOT NULL
);
INSERT INTO readiness (id, checks) VALUES (1, 0);
