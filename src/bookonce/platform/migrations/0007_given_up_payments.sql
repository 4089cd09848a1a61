-- migrate:up

-- An attempt that nobody waits for any more: given up here first, so that nothing is confirmed by it
-- while the provider is told to let go.
ALTER TABLE payment DROP CONSTRAINT payment_status_check;
ALTER TABLE payment ADD CONSTRAINT payment_status_check CHECK (
    status IN ('started', 'authorised', 'captured', 'given_up', 'declined', 'cancelled'));
DROP INDEX payment_unfinished;
CREATE INDEX payment_unfinished ON payment (business_id, created_at)
    WHERE status IN ('started', 'authorised', 'given_up');

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
