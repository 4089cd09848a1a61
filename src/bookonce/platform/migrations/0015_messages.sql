-- migrate:up

-- The language in which whoever booked read the page, as HTML names it ("de-CH"); null: not known.
ALTER TABLE appointment ADD COLUMN language text;

-- Capabilities of an appointment beside the one its booking answered with: a mail carries one of its
-- own, so that only hashes are kept and one mail's link can be revoked alone.
CREATE TABLE manage_link (
    business_id    uuid NOT NULL,
    token_hash     bytea NOT NULL,
    appointment_id uuid NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (business_id, token_hash),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment
);
CREATE INDEX manage_link_of_appointment ON manage_link (business_id, appointment_id);

-- Who is told what, and what became of it: one row an event, recipient, kind and way.
CREATE TABLE message (
    business_id    uuid NOT NULL REFERENCES business,
    -- Made from what it is about, so that a message that is made twice is one.
    message_id     uuid NOT NULL,
    kind           text NOT NULL CHECK (kind IN (
        'booked', 'held', 'paid', 'moved', 'cancelled', 'taken_off', 'payment_lost', 'refunded',
        'reminder', 'no_show', 'conflicts', 'summary')),
    way            text NOT NULL CHECK (way IN ('mail', 'sms')),
    recipient      text NOT NULL CHECK (recipient IN ('client', 'staff', 'owner')),
    -- Which one: a staff member's key, an owner's address; empty: the appointment's client.
    who            text NOT NULL DEFAULT '',
    event_id       uuid,        -- null: a time led to it, or a person had it sent again
    appointment_id uuid,
    event_at       timestamptz NOT NULL, -- of the event, or when it was due
    lead           text,        -- of a reminder: how long before the start
    subject_start  timestamptz, -- of a reminder: the start that it is about
    subject_date   date,        -- of a summary: the day that it is about
    status         text NOT NULL CHECK (status IN (
        'waiting',     -- until next_at
        'sending',     -- somebody is at it, until lease_until
        'sent',        -- the server took it
        'unknown',     -- handed over, and no answer came
        'not_sent',    -- no server is set up; kept to be read
        'unreachable', -- there is no address, or mails to it come back
        'unwanted',    -- unsubscribed
        'void',        -- no longer true, or told already by a later one
        'late',        -- no longer of use
        'failed',      -- refused for good
        'bounced')),   -- taken, and sent back later
    reason         text,        -- the server's words, or why
    next_at        timestamptz NOT NULL,
    useful_until   timestamptz NOT NULL,
    attempts       integer NOT NULL DEFAULT 0,
    worker_id      uuid,
    lease_until    timestamptz,
    -- Written down before the server is given the content: from then on nobody knows what it did
    -- until its answer is written down, too.
    is_handed_over boolean NOT NULL DEFAULT false,
    hand_overs     integer NOT NULL DEFAULT 0,
    told_sequence  integer,     -- of the appointment, as it was told
    told_status    text,
    told_start     timestamptz,
    told_staff     text[],
    told_place     text,
    address        text,        -- where it went
    language       text,
    subject        text,        -- as it was sent; links are left out
    body           text,
    created_at     timestamptz NOT NULL,
    ended_at       timestamptz, -- when it got a status that is final
    PRIMARY KEY (business_id, message_id),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment,
    CHECK ((status = 'sending') = (worker_id IS NOT NULL)),
    CHECK ((status = 'sending') = (lease_until IS NOT NULL)),
    CHECK ((status IN ('waiting', 'sending')) = (ended_at IS NULL))
);
CREATE INDEX message_open ON message (business_id, next_at) WHERE status IN ('waiting', 'sending');
-- What one recipient is told of one appointment is told one after the other.
CREATE UNIQUE INDEX message_one_at_a_time
    ON message (business_id, appointment_id, recipient, who, way)
    WHERE status = 'sending' AND appointment_id IS NOT NULL;
CREATE INDEX message_of_appointment ON message (business_id, appointment_id);
CREATE INDEX message_newest ON message (business_id, created_at);

-- What a business knows of a mail address: that mails to it come back, that its owner wants none but
-- those about appointments.
CREATE TABLE mail_address (
    business_id     uuid NOT NULL REFERENCES business,
    address         text NOT NULL,
    bounced_at      timestamptz,
    bounce          text,        -- the other server's words
    unsubscribed_at timestamptz,
    PRIMARY KEY (business_id, address)
);
CREATE TABLE unsubscribe_link (
    business_id uuid NOT NULL,
    token_hash  bytea NOT NULL,
    address     text NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (business_id, token_hash),
    FOREIGN KEY (business_id, address) REFERENCES mail_address
);

-- How many messages an address got in an hour, whoever sent them: a keyed hash, so that no business
-- learns of another, and not sharded by business for the same reason.
CREATE TABLE message_count (
    address_hash bytea NOT NULL,
    hour         timestamptz NOT NULL,
    messages     integer NOT NULL,
    PRIMARY KEY (address_hash, hour)
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
