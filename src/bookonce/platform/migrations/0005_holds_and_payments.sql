-- migrate:up

-- An appointment that is to be paid for first is held until an instant; a hold that has run out
-- blocks nobody, whether or not its rows are still there.
ALTER TABLE appointment DROP CONSTRAINT appointment_status_check;
ALTER TABLE appointment
    ADD CONSTRAINT appointment_status_check CHECK (
        status IN ('held', 'confirmed', 'expired', 'cancelled', 'completed', 'no_show')),
    ADD COLUMN hold_expires_at timestamptz,
    -- What is to be paid before it is confirmed; null: nothing.
    ADD COLUMN deposit_minor   bigint CHECK (deposit_minor > 0),
    -- What the business may keep of it; null: all, while it is confirmed.
    ADD COLUMN keep_minor      bigint CHECK (keep_minor BETWEEN 0 AND deposit_minor),
    ADD CONSTRAINT appointment_held_until CHECK (status <> 'held' OR hold_expires_at IS NOT NULL);
-- Whether somebody has been there before decides whether a deposit is asked of them.
CREATE INDEX appointment_of_client ON appointment (business_id, client_id);
CREATE INDEX appointment_held ON appointment (business_id, hold_expires_at) WHERE status = 'held';

-- Null: for good. Past it the claim is in nobody's way, and whoever meets it takes it away.
ALTER TABLE claim ADD COLUMN expires_at timestamptz;

-- As the business file has them.
ALTER TABLE business ADD COLUMN payments jsonb NOT NULL DEFAULT '{}';
ALTER TABLE service
    ADD COLUMN deposit     text,                       -- "20.00", "30%" or "full"
    ADD COLUMN deposit_for text[] NOT NULL DEFAULT '{}'; -- of whom it is asked; none: of everyone

-- One attempt to pay an appointment's deposit. What the provider knows it by is written before any
-- money can move.
CREATE TABLE payment (
    business_id    uuid NOT NULL,
    payment_id     uuid NOT NULL,
    appointment_id uuid NOT NULL,
    number         integer NOT NULL CHECK (number >= 1), -- of the appointment's attempts
    provider       text NOT NULL,
    provider_ref   text,
    status         text NOT NULL
        CHECK (status IN ('started', 'authorised', 'captured', 'declined', 'cancelled')),
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    currency       text NOT NULL,
    problem        text, -- the provider's word for what went wrong last
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (business_id, payment_id),
    UNIQUE (business_id, appointment_id, number),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment
);
-- One attempt at a time: of two at once, the second finds the first.
CREATE UNIQUE INDEX payment_one_at_a_time ON payment (business_id, appointment_id)
    WHERE status IN ('started', 'authorised', 'captured');
CREATE INDEX payment_unfinished ON payment (business_id, created_at)
    WHERE status IN ('started', 'authorised');

-- What is to be given back. Its id makes asking the provider twice harmless.
CREATE TABLE refund (
    business_id  uuid NOT NULL,
    refund_id    uuid NOT NULL,
    payment_id   uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    status       text NOT NULL CHECK (status IN ('pending', 'done', 'failed')),
    problem      text,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (business_id, refund_id),
    FOREIGN KEY (business_id, payment_id) REFERENCES payment
);
CREATE INDEX refund_of_payment ON refund (business_id, payment_id);

-- The books: rows are added and never changed. `provider_ref` is what the provider calls the
-- movement, so that none can be written twice.
CREATE TABLE ledger_entry (
    business_id    uuid NOT NULL,
    entry_id       uuid NOT NULL,
    appointment_id uuid NOT NULL,
    payment_id     uuid NOT NULL,
    kind           text NOT NULL
        CHECK (kind IN ('authorised', 'captured', 'released', 'refunded', 'fee')),
    amount_minor   bigint NOT NULL CHECK (amount_minor >= 0),
    currency       text NOT NULL,
    provider_ref   text NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (business_id, entry_id),
    UNIQUE (business_id, payment_id, kind, provider_ref),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment,
    FOREIGN KEY (business_id, payment_id) REFERENCES payment
);

-- What providers have told, each once. What they tell is never believed, only asked after.
CREATE TABLE provider_event (
    business_id uuid NOT NULL REFERENCES business,
    provider    text NOT NULL,
    event_ref   text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (business_id, provider, event_ref)
);

-- Events that something is to be done about later: the outbox that the queue is fed from.
ALTER TABLE event ADD COLUMN follow_up boolean NOT NULL DEFAULT false;
CREATE INDEX event_to_follow_up ON event (business_id, event_id) WHERE follow_up;

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
