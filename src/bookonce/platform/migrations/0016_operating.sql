-- migrate:up

-- An appointment's history, in the office and for whoever judges a torture.
CREATE INDEX event_of_appointment ON event (business_id, appointment_id)
    WHERE appointment_id IS NOT NULL;

-- While there is a row, no worker does anything: of a restored copy nobody knows yet whether it is
-- to take the place of the original or stand beside it, where it would send everything again.
CREATE TABLE job_halt (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    since    timestamptz NOT NULL DEFAULT now(),
    reason   text NOT NULL
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
