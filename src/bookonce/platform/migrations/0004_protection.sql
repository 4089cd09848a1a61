-- migrate:up

-- How the business guards itself against bots and against visitors who hold too much, as the
-- business file has it.
ALTER TABLE business ADD COLUMN protection jsonb NOT NULL DEFAULT '{}';
-- What only this installation knows: keys the hashes below, and signs what forms carry.
ALTER TABLE business ADD COLUMN secret uuid NOT NULL DEFAULT gen_random_uuid();

-- The bookings that count towards a visitor's limit. A subject is a mail address, a telephone
-- number or a network; only a keyed hash is kept. Its numbers run from 1 to the limit, so that the
-- primary key is the limit: no race can pass it. A row whose appointment isn't ahead any more is
-- taken over by the next booking.
CREATE TABLE visitor_booking (
    business_id    uuid NOT NULL,
    subject        bytea NOT NULL,
    number         integer NOT NULL CHECK (number >= 1),
    appointment_id uuid NOT NULL,
    PRIMARY KEY (business_id, subject, number),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
