-- Tokens that were read from the model's cache: part of tokens_in, at a price of their own.
ALTER TABLE request_ledger ADD COLUMN tokens_cached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ledger_day ADD COLUMN tokens_cached INTEGER NOT NULL DEFAULT 0;
