-- A hash of each row, see hashes.ts: SQLite notices damaged pages, not a changed bit in a text.
-- Rows of before get theirs right after this, in the same transaction.

ALTER TABLE meta ADD COLUMN row_hash INTEGER;
ALTER TABLE tasks ADD COLUMN row_hash INTEGER;
ALTER TABLE checkpoints ADD COLUMN row_hash INTEGER;
ALTER TABLE artifacts ADD COLUMN row_hash INTEGER;
ALTER TABLE events ADD COLUMN row_hash INTEGER;
ALTER TABLE idempotency ADD COLUMN row_hash INTEGER;
ALTER TABLE tokens ADD COLUMN row_hash INTEGER;
