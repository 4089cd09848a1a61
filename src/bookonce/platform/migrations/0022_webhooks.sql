-- migrate:up

-- Addresses of programs that are sent what happens.
CREATE TABLE webhook (
    business_id   uuid NOT NULL REFERENCES business,
    webhook_id    uuid NOT NULL,
    name          text NOT NULL,
    url           text NOT NULL,
    kinds         text[] NOT NULL,      -- of events; empty: every kind that is sent
    secret        bytea NOT NULL,       -- sealed; what is sent is signed with it
    old_secret    bytea,                -- until old_until it signs, too
    old_until     timestamptz,
    made_by       text NOT NULL,        -- what people called them then
    created_at    timestamptz NOT NULL,
    failures      integer NOT NULL DEFAULT 0, -- attempts that failed since the last that succeeded
    failing_since timestamptz,          -- the first of them
    rest_until    timestamptz,          -- nothing is sent before
    disabled_at   timestamptz,          -- nothing is sent any more
    disabled_why  text CHECK (disabled_why IN (
        'gone',      -- it answered 410
        'failing',   -- for days
        'by_hand')), -- somebody wanted it so
    PRIMARY KEY (business_id, webhook_id),
    CHECK ((disabled_at IS NULL) = (disabled_why IS NULL)),
    CHECK ((old_secret IS NULL) = (old_until IS NULL))
);

-- An event on its way to a webhook, and what became of it. Whoever receives it knows it by the
-- event's id, however often it comes.
CREATE TABLE webhook_delivery (
    business_id   uuid NOT NULL,
    webhook_id    uuid NOT NULL,
    event_id      uuid NOT NULL,
    status        text NOT NULL CHECK (status IN (
        'waiting',   -- until next_at
        'sending',   -- somebody is at it, until lease_until
        'delivered', -- answered with 2xx
        'failed')),  -- given up
    attempts      integer NOT NULL DEFAULT 0,
    next_at       timestamptz NOT NULL,
    worker_id     uuid,
    lease_until   timestamptz,
    answer_status integer,     -- of the last attempt, with the first words of the answer
    answer        text,
    problem       text,        -- why there was no answer
    created_at    timestamptz NOT NULL,
    tried_at      timestamptz,
    ended_at      timestamptz, -- when it was delivered or given up
    PRIMARY KEY (business_id, webhook_id, event_id),
    FOREIGN KEY (business_id, webhook_id) REFERENCES webhook ON DELETE CASCADE,
    FOREIGN KEY (business_id, event_id) REFERENCES event,
    CHECK ((status = 'sending') = (worker_id IS NOT NULL)),
    CHECK ((status = 'sending') = (lease_until IS NOT NULL)),
    CHECK ((status IN ('waiting', 'sending')) = (ended_at IS NULL))
);
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (business_id, webhook_id, next_at)
    WHERE status = 'waiting';
CREATE INDEX webhook_delivery_under_way ON webhook_delivery (business_id, worker_id)
    WHERE status = 'sending';

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
