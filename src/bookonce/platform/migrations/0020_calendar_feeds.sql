-- migrate:up

-- A staff member's appointments for their own calendar program, at an unguessable address. It shows
-- them for as long as the account that made it may see them; revoked, the row is gone.
CREATE TABLE calendar_feed (
    business_id   uuid NOT NULL REFERENCES business,
    feed_id       uuid NOT NULL,    -- names it in the office
    token_hash    bytea NOT NULL,
    resource_id   uuid NOT NULL,    -- whose appointments
    account_id    uuid NOT NULL,    -- who made it; no foreign key, accounts aren't sharded
    names_clients boolean NOT NULL, -- whether it says whom an appointment is for
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (business_id, feed_id),
    UNIQUE (business_id, token_hash),
    FOREIGN KEY (business_id, resource_id) REFERENCES resource
);

-- The order in which events are read by programs: given when they are first asked for, so that one
-- that commits late comes after those that were read before it.
CREATE TABLE event_place (
    business_id uuid NOT NULL,
    place       bigint NOT NULL CHECK (place > 0),
    event_id    uuid NOT NULL,
    PRIMARY KEY (business_id, place),
    UNIQUE (business_id, event_id),
    FOREIGN KEY (business_id, event_id) REFERENCES event
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
