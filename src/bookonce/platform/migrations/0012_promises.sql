-- migrate:up

-- What a client was promised, as it was when they were: where it is, what the clock shows there when
-- it begins, and by which rules of the zone that was worked out. A change of the business's file, or
-- of the zone's rules, leaves it as it is.
ALTER TABLE appointment
    ADD COLUMN location_name    text,
    ADD COLUMN location_address text,
    ADD COLUMN zone             text,
    ADD COLUMN wall_start       timestamp,   -- by the zone's clock; null: not written down yet
    ADD COLUMN zone_rules       text,        -- the version of the zone database; null likewise
    ADD COLUMN confirmed_at     timestamptz, -- for a while from then on anything can be undone
    ADD COLUMN forfeit_minor    bigint;      -- of the deposit, by moving late

-- Of appointments made before, the place as it is in the version that is kept.
WITH promised AS (
    SELECT appointment.business_id, appointment.appointment_id,
           business_version.document AS document,
           (SELECT place FROM jsonb_array_elements(business_version.document -> 'location') AS place
            WHERE place ->> 'key' = location.key) AS place,
           location.key <> 'main' AS is_listed, location.name
    FROM appointment
    JOIN location ON location.business_id = appointment.business_id
                 AND location.location_id = appointment.location_id
    JOIN business_version ON business_version.business_id = appointment.business_id
                         AND business_version.version = appointment.business_version
)
UPDATE appointment
SET location_name = CASE
        WHEN promised.place IS NOT NULL THEN promised.place ->> 'name'
        WHEN promised.is_listed THEN promised.name
        ELSE '' END,
    location_address = coalesce(promised.place ->> 'address', ''),
    zone = coalesce(promised.place ->> 'timezone', promised.document #>> '{business,timezone}'),
    confirmed_at = CASE WHEN status NOT IN ('held', 'expired') THEN created_at END
FROM promised
WHERE appointment.business_id = promised.business_id
  AND appointment.appointment_id = promised.appointment_id;

ALTER TABLE appointment
    ALTER COLUMN location_name SET NOT NULL,
    ALTER COLUMN location_address SET NOT NULL,
    ALTER COLUMN zone SET NOT NULL;

-- Absences and blocked hours are written by the clock too.
ALTER TABLE claim
    ADD COLUMN zone       text,
    ADD COLUMN wall_start timestamp,
    ADD COLUMN wall_end   timestamp;
UPDATE claim SET zone = business_version.document #>> '{business,timezone}'
FROM business
JOIN business_version ON business_version.business_id = business.business_id
                     AND business_version.version = business.version
WHERE claim.kind <> 'appointment' AND business.business_id = claim.business_id;

-- The version of the zone database by which a business's instants were worked out, and what tells
-- whether another version says the same of its zones. While `has_shifted`, some of its promises may
-- not be at their instants; `zone_turn` is raised whenever any of these changes.
ALTER TABLE business
    ADD COLUMN zone_rules       text,
    ADD COLUMN zone_fingerprint text,
    ADD COLUMN has_shifted      boolean NOT NULL DEFAULT false,
    ADD COLUMN zone_turn        bigint NOT NULL DEFAULT 0;

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
