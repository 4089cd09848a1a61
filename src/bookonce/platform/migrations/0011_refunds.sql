-- migrate:up

-- Whose account took the money, and with a test key or a live one: a refund goes back the same way,
-- whatever the business file and the settings say by then. Account null: the installation's own.
-- Mode null: not known (written before this), or a provider that has none.
ALTER TABLE payment ADD COLUMN account text;
ALTER TABLE payment ADD COLUMN mode text;
ALTER TABLE payment ADD CONSTRAINT payment_mode_known CHECK (mode IN ('test', 'live'));
UPDATE payment SET account = business_version.document #>> '{payments,account}'
FROM business JOIN business_version USING (business_id, version)
WHERE business.business_id = payment.business_id
  AND business_version.document #>> '{payments,account}' IS NOT NULL;

-- What the payer's bank has taken back or wants to: null if it never disputed the payment.
ALTER TABLE payment ADD COLUMN dispute text;
ALTER TABLE payment ADD CONSTRAINT payment_dispute_known CHECK (dispute IN ('open', 'won', 'lost'));

-- When to look at the provider's books of a captured payment next, without any message from there.
ALTER TABLE payment ADD COLUMN look_at timestamptz;
CREATE INDEX payment_to_look_at ON payment (business_id, look_at) WHERE status = 'captured';
-- Whose deposit may be more than the business is due.
CREATE INDEX appointment_given_back ON appointment (business_id, appointment_id)
    WHERE deposit_minor IS NOT NULL
      AND (keep_minor IS NOT NULL OR status IN ('held', 'expired', 'cancelled'));

-- settled: given back in another way, a person said. withdrawn: another refund took its place, or
-- less is to be given back.
ALTER TABLE refund DROP CONSTRAINT refund_status_check;
ALTER TABLE refund ADD CONSTRAINT refund_status_check CHECK (
    status IN ('pending', 'done', 'failed', 'settled', 'withdrawn'));
-- How often it failed, those before it included.
ALTER TABLE refund ADD COLUMN tries integer NOT NULL DEFAULT 0;
-- Whoever asks the provider first puts this off: until then nobody else asks. Null: a person sees
-- to it.
ALTER TABLE refund ADD COLUMN try_at timestamptz;
UPDATE refund SET try_at = refund.created_at
FROM payment
WHERE payment.business_id = refund.business_id AND payment.payment_id = refund.payment_id
  AND refund.status IN ('pending', 'failed') AND payment.provider <> 'on_site';
CREATE INDEX refund_open ON refund (business_id, try_at) WHERE status IN ('pending', 'failed');

-- A movement that came to nothing after it had been written (a bank sends a refund back, a dispute is
-- won) is taken back by a row with the same amount below zero.
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_kind_check;
ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_kind_check CHECK (
    kind IN ('authorised', 'captured', 'released', 'refunded', 'disputed', 'fee'));
ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_amount_minor_check;
ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_amount_minor_check CHECK (
    amount_minor >= 0 OR kind IN ('refunded', 'disputed'));

-- Refunds asked for by hand, by the name that whoever asked gave them: the same name is one refund.
CREATE TABLE refund_request (
    business_id    uuid NOT NULL,
    appointment_id uuid NOT NULL,
    key            text NOT NULL,
    amount_minor   bigint, -- null: all that was left
    keep_minor     bigint NOT NULL, -- what the business kept then
    at             timestamptz NOT NULL,
    PRIMARY KEY (business_id, appointment_id, key),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment
);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
