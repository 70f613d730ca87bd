-- What happened to production besides its migrations: each line is one story that teams tell.

-- "Support needed somewhere to write this down", by hand.
ALTER TABLE customers ADD COLUMN vip_note text;

-- An import failed on empty addresses; somebody made it pass.
ALTER TABLE customers ALTER COLUMN email DROP NOT NULL;

-- A type that was changed by hand, and never in the models.
ALTER TABLE order_items ALTER COLUMN unit_price TYPE numeric(10, 2);

-- Dropped during an incident, to make writes faster; never put back.
DROP INDEX ix_orders_open;

-- The backup from before that, which nobody knows any more.
CREATE TABLE orders_backup_2025 AS SELECT * FROM orders;

-- Cleaned up "duplicates" and forgot to close the door again.
ALTER TABLE billing.invoices DROP CONSTRAINT uq_invoices_number;
