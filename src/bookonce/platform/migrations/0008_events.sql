-- migrate:up

-- Who did it, as a typed value: {"kind": "account", "id": …, "role": "owner", "name": "Ada"}.
ALTER TABLE event DROP CONSTRAINT event_actor_check;
ALTER TABLE event ALTER COLUMN actor TYPE jsonb USING
    CASE actor WHEN 'business' THEN '{"kind": "system", "name": "command line"}'::jsonb
               ELSE jsonb_build_object('kind', actor) END;
ALTER TABLE event ADD CONSTRAINT event_actor_kind CHECK (
    actor ->> 'kind' IN ('visitor', 'account', 'key', 'agent', 'system'));

-- Whether followers are still to be given it. Derived from who follows the kind.
ALTER TABLE event RENAME COLUMN follow_up TO is_unrelayed;
ALTER INDEX event_to_follow_up RENAME TO event_unrelayed;

UPDATE event SET kind = 'business.changed' WHERE kind = 'business.applied';
UPDATE event SET kind = 'payment.notified' WHERE kind = 'payment.heard';
UPDATE event SET kind = 'refund.requested' WHERE kind = 'payment.refund_asked';

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
