-- migrate:up

-- Keys of programs. A request names a business by its address and comes with a key, which is found
-- by its hash alone; so, like accounts, the table is small and not sharded.
CREATE TABLE api_key (
    key_hash     bytea PRIMARY KEY,
    key_id       uuid NOT NULL UNIQUE,
    business_id  uuid NOT NULL,
    name         text NOT NULL,
    scopes       text[] NOT NULL CHECK (
        scopes <@ ARRAY['read', 'book', 'office', 'settings'] AND cardinality(scopes) > 0),
    shown        text NOT NULL,        -- the key's beginning, by which its owner knows it again
    made_by      text NOT NULL,        -- what people called them then
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,          -- null: good until it is revoked
    last_used_at timestamptz           -- to the minute
);
CREATE INDEX api_key_of_business ON api_key (business_id);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
