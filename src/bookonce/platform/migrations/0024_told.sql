-- migrate:up

-- Whose message it is, of those to clients: an appointment can be put in another name, and then each
-- has heard something else. Null: of who works there, or written by a release that didn't know.
ALTER TABLE message ADD COLUMN client_id uuid;
ALTER TABLE message ADD FOREIGN KEY (business_id, client_id) REFERENCES client;
UPDATE message SET client_id = appointment.client_id
FROM appointment
WHERE appointment.business_id = message.business_id
  AND appointment.appointment_id = message.appointment_id AND message.recipient = 'client';
CREATE INDEX message_of_client ON message (business_id, client_id) WHERE client_id IS NOT NULL;

-- What was told besides: when it ends, what the clock there shows at the start, and to who works
-- there for whom it is.
ALTER TABLE message ADD COLUMN told_end timestamptz;
ALTER TABLE message ADD COLUMN told_wall timestamp;
ALTER TABLE message ADD COLUMN told_client text;

ALTER TABLE message DROP CONSTRAINT message_kind_check;
ALTER TABLE message ADD CONSTRAINT message_kind_check CHECK (kind IN (
    'booked', 'held', 'paid', 'moved', 'resized', 'rezoned', 'changed', 'overbooked', 'cancelled',
    'taken_off', 'payment_lost', 'refunded', 'reminder', 'no_show', 'conflicts', 'summary'));

-- A link of a mail is good for whoever the mail went to, as long as the appointment is theirs.
-- Null: written by a release that didn't know.
ALTER TABLE manage_link ADD COLUMN client_id uuid;
ALTER TABLE manage_link ADD FOREIGN KEY (business_id, client_id) REFERENCES client;
UPDATE manage_link SET client_id = appointment.client_id
FROM appointment
WHERE appointment.business_id = manage_link.business_id
  AND appointment.appointment_id = manage_link.appointment_id;

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
