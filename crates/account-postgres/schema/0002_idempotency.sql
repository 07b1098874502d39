-- The name of the request that made a key: SHA-256 of its Idempotency-Key and the account. It goes with the row.
ALTER TABLE api_key ADD COLUMN idempotency BYTEA CHECK (length(idempotency) = 32);
ALTER TABLE ssh_key ADD COLUMN idempotency BYTEA CHECK (length(idempotency) = 32);
