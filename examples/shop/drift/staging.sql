-- Staging runs the newest revision, and yet is not what the models say.

-- Somebody tried whether this would help.
CREATE INDEX ix_orders_note ON orders (note);

-- Test data with negative prices had to go in.
ALTER TABLE products DROP CONSTRAINT ck_products_net_price_not_negative;

-- Renamed by a migration tool of another team: the same constraint under another name.
ALTER TABLE reviews RENAME CONSTRAINT uq_reviews_customer_id_product_id TO reviews_one_for_each_customer;

-- The default of the country is another one here.
ALTER TABLE addresses ALTER COLUMN country SET DEFAULT 'AT';
