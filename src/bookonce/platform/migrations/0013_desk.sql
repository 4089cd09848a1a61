-- migrate:up

-- Who books by themselves is known by their mail address. Who works there may write down several
-- people with one address, such as a mother and her child, and people without any; at most one of
-- those with an address is the one that a visitor with it is taken for.
ALTER TABLE client DROP CONSTRAINT client_business_id_email_key;
ALTER TABLE client ADD COLUMN is_known_by_email boolean NOT NULL DEFAULT true;
CREATE UNIQUE INDEX client_known_by_email ON client (business_id, email) WHERE is_known_by_email;

-- A walk-in is nobody's: nobody was asked who they are.
ALTER TABLE appointment ALTER COLUMN client_id DROP NOT NULL;

-- A person's second lane, on which lies what they do at a time that they had promised already: an
-- overbooking, which takes a right and a reason. Nobody is offered a lane.
ALTER TABLE resource ADD COLUMN lane_of uuid;
ALTER TABLE resource ADD FOREIGN KEY (business_id, lane_of) REFERENCES resource;
CREATE INDEX resource_lane ON resource (business_id, lane_of) WHERE lane_of IS NOT NULL;
ALTER TABLE appointment ADD COLUMN overbooked text; -- why it may lie over another; null: it doesn't

-- Whether another may lie over it, on a lane: whoever gives such a claim back has the other take its
-- place in the same transaction. Written by who lies down over it, so that who gives it back at the
-- same moment waits, and then reads it.
ALTER TABLE claim ADD COLUMN is_below boolean NOT NULL DEFAULT false;

-- The time that an appointment was moved away from is kept for a moment, so that the move can be
-- undone for certain.
ALTER TABLE claim DROP CONSTRAINT claim_kind_check;
ALTER TABLE claim ADD CONSTRAINT claim_kind_check
    CHECK (kind IN ('appointment', 'kept', 'time_off', 'blocked'));
ALTER TABLE claim DROP CONSTRAINT claim_check;
ALTER TABLE claim ADD CONSTRAINT claim_check
    CHECK ((kind = 'appointment' OR kind = 'kept') = (appointment_id IS NOT NULL));
CREATE INDEX claim_kept ON claim (business_id, expires_at) WHERE kind = 'kept';
CREATE TABLE undo (
    business_id    uuid NOT NULL,
    appointment_id uuid NOT NULL,
    sequence       integer NOT NULL,     -- of the appointment as the move left it
    location_id    uuid NOT NULL,
    performer_ids  uuid[] NOT NULL,      -- of its parts, in order
    overbooked     text,
    before         jsonb NOT NULL,       -- the appointment's facts before the move
    claims         jsonb NOT NULL,       -- [{"resource_id": …, "low": …, "high": …}]
    expires_at     timestamptz NOT NULL,
    PRIMARY KEY (business_id, appointment_id),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment
);

-- The office reads days.
CREATE INDEX appointment_by_start ON appointment (business_id, starts_at);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
