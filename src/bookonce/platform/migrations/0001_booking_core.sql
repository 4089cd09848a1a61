-- migrate:up

-- Rules that hold for every table here (each is tested against the catalog):
-- business_id leads every key and foreign key, is never updated, and there are no triggers,
-- so that one tenant can't reference another's row and the schema can be sharded by business.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- One installation, many businesses.
CREATE TABLE business (
    business_id      uuid PRIMARY KEY,
    name             text NOT NULL,
    currency         text NOT NULL,
    locale           text NOT NULL,
    slot_step_min    integer NOT NULL CHECK (slot_step_min BETWEEN 1 AND 1440),
    notice_min       integer NOT NULL CHECK (notice_min >= 0),
    horizon_days     integer NOT NULL CHECK (horizon_days >= 1),
    cancel_until_min integer NOT NULL CHECK (cancel_until_min >= 0),
    -- Raised by every change to the business, its staff, services or hours. A booking names the
    -- version it was judged by and is refused by the statement itself if that is no longer true.
    version          bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL
);

-- Who answers to an address. Not sharded, so that a slug is unique over all businesses; hence no
-- foreign key.
CREATE TABLE business_slug (
    slug        text PRIMARY KEY,
    business_id uuid NOT NULL
);

-- A place with its own clock.
CREATE TABLE location (
    business_id uuid NOT NULL REFERENCES business,
    location_id uuid NOT NULL,
    key         text NOT NULL,
    name        text NOT NULL,
    timezone    text NOT NULL,
    PRIMARY KEY (business_id, location_id),
    UNIQUE (business_id, key)
);

-- Whatever can be in one place only: people, rooms, equipment.
CREATE TABLE resource (
    business_id uuid NOT NULL REFERENCES business,
    resource_id uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('staff', 'room', 'equipment')),
    key         text NOT NULL,
    name        text NOT NULL,
    email       text,
    position    integer NOT NULL,
    active      boolean NOT NULL DEFAULT true,
    PRIMARY KEY (business_id, resource_id),
    UNIQUE (business_id, kind, key)
);

CREATE TABLE service (
    business_id       uuid NOT NULL REFERENCES business,
    service_id        uuid NOT NULL,
    key               text NOT NULL,
    name              text NOT NULL,
    duration_min      integer NOT NULL CHECK (duration_min > 0),
    buffer_before_min integer NOT NULL CHECK (buffer_before_min >= 0),
    buffer_after_min  integer NOT NULL CHECK (buffer_after_min >= 0),
    price_minor       bigint CHECK (price_minor >= 0),
    -- true: everyone, whoever joins later too; false: those in service_performer
    by_everyone       boolean NOT NULL,
    position          integer NOT NULL,
    active            boolean NOT NULL DEFAULT true,
    PRIMARY KEY (business_id, service_id),
    UNIQUE (business_id, key)
);

CREATE TABLE service_performer (
    business_id uuid NOT NULL,
    service_id  uuid NOT NULL,
    resource_id uuid NOT NULL,
    PRIMARY KEY (business_id, service_id, resource_id),
    FOREIGN KEY (business_id, service_id) REFERENCES service,
    FOREIGN KEY (business_id, resource_id) REFERENCES resource
);

-- Spans are wall-clock minutes since the midnight they begin after; past 1440 is the next day.
CREATE TABLE weekly_hours (
    business_id uuid NOT NULL,
    resource_id uuid NOT NULL,
    location_id uuid NOT NULL,
    weekday     smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7), -- ISO: Monday is 1
    spans       int4range[] NOT NULL,
    PRIMARY KEY (business_id, resource_id, location_id, weekday),
    FOREIGN KEY (business_id, resource_id) REFERENCES resource,
    FOREIGN KEY (business_id, location_id) REFERENCES location
);

-- One date in place of its weekday; no spans: closed.
CREATE TABLE date_override (
    business_id uuid NOT NULL,
    resource_id uuid NOT NULL,
    location_id uuid NOT NULL,
    on_date     date NOT NULL,
    spans       int4range[] NOT NULL,
    PRIMARY KEY (business_id, resource_id, location_id, on_date),
    FOREIGN KEY (business_id, resource_id) REFERENCES resource,
    FOREIGN KEY (business_id, location_id) REFERENCES location
);

-- Who books. The mail address is as given, but lower-case; a visitor never changes a row.
CREATE TABLE client (
    business_id uuid NOT NULL REFERENCES business,
    client_id   uuid NOT NULL,
    email       text,
    name        text NOT NULL,
    phone       text,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (business_id, client_id),
    UNIQUE (business_id, email)
);

CREATE TABLE appointment (
    business_id    uuid NOT NULL,
    appointment_id uuid NOT NULL,
    location_id    uuid NOT NULL,
    service_id     uuid NOT NULL,
    resource_id    uuid NOT NULL,          -- the staff member who performs it
    client_id      uuid NOT NULL,
    status         text NOT NULL CHECK (status IN ('confirmed', 'cancelled', 'completed', 'no_show')),
    starts_at      timestamptz NOT NULL,   -- the visit itself, without buffers
    ends_at        timestamptz NOT NULL,
    price_minor    bigint,                 -- as agreed when booked
    currency       text NOT NULL,
    client_name    text NOT NULL,          -- as given for this visit
    client_phone   text,
    notes          text,
    token_hash     bytea NOT NULL,         -- SHA-256 of the capability in the client's link
    sequence       integer NOT NULL DEFAULT 0, -- raised by every change
    created_at     timestamptz NOT NULL,
    CHECK (starts_at < ends_at),
    PRIMARY KEY (business_id, appointment_id),
    UNIQUE (business_id, token_hash),
    FOREIGN KEY (business_id, location_id) REFERENCES location,
    FOREIGN KEY (business_id, service_id) REFERENCES service,
    FOREIGN KEY (business_id, resource_id) REFERENCES resource,
    FOREIGN KEY (business_id, client_id) REFERENCES client
);

-- Whatever takes somebody's time, buffers included. The exclusion constraint is the one guard of
-- the whole product: every writer inserts here, and none can pass it.
CREATE TABLE claim (
    business_id    uuid NOT NULL,
    claim_id       uuid NOT NULL,
    resource_id    uuid NOT NULL,
    during         tstzrange NOT NULL CHECK (
        NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)
        AND lower_inc(during) AND NOT upper_inc(during)
    ),
    kind           text NOT NULL CHECK (kind IN ('appointment', 'time_off', 'blocked')),
    appointment_id uuid,
    reason         text,
    CHECK ((kind = 'appointment') = (appointment_id IS NOT NULL)),
    PRIMARY KEY (business_id, claim_id),
    FOREIGN KEY (business_id, resource_id) REFERENCES resource,
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment,
    CONSTRAINT claim_one_at_a_time
        EXCLUDE USING gist (business_id WITH =, resource_id WITH =, during WITH &&)
);

CREATE INDEX claim_of_appointment ON claim (business_id, appointment_id)
    WHERE appointment_id IS NOT NULL;

-- What happened, written in the transaction that made it happen. Also the outbox.
CREATE TABLE event (
    business_id    uuid NOT NULL REFERENCES business,
    event_id       uuid NOT NULL,
    kind           text NOT NULL,
    actor          text NOT NULL CHECK (actor IN ('visitor', 'business', 'system')),
    appointment_id uuid,
    at             timestamptz NOT NULL,
    data           jsonb NOT NULL,
    PRIMARY KEY (business_id, event_id),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment
);

-- What was answered under an idempotency key: the event it led to, refusals included. Only a hash
-- of the key is kept.
CREATE TABLE idempotency (
    business_id  uuid NOT NULL,
    key_hash     bytea NOT NULL,
    request_hash bytea NOT NULL,
    event_id     uuid NOT NULL,
    -- The capability of the appointment booked under the key, sealed with the key.
    sealed_token bytea,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (business_id, key_hash),
    FOREIGN KEY (business_id, event_id) REFERENCES event
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
