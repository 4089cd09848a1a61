-- migrate:up

-- What a client was promised, as it was when they were: where it is, what the clock shows there when
-- it begins, and by which rules of the zone that was worked out. A change of the business's file, or
-- of the zone's rules, leaves it as it is.
ALTER TABLE appointment
    ADD COLUMN location_name    text,
    ADD COLUMN location_address text,
    ADD COLUMN zone             text,
    ADD COLUMN wall_start       timestamp,   -- by the zone's clock; null: not known of an old one
    ADD COLUMN zone_rules       text,        -- the version of the zone database; null: not known
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

-- A database that doesn't know a zone of ours leaves its times open.
UPDATE appointment SET wall_start = starts_at AT TIME ZONE zone
WHERE zone IN (SELECT name FROM pg_timezone_names);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
