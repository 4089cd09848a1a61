-- migrate:up

-- A business's own description is one document, kept whole with each version; docs/decisions/0020.
CREATE TABLE business_version (
    business_id uuid NOT NULL REFERENCES business,
    version     bigint NOT NULL,
    document    jsonb NOT NULL,          -- as the business file has it, but for absences
    actor       text NOT NULL,           -- who made it
    actor_id    uuid,
    actor_role  text,
    actor_name  text,
    at          timestamptz NOT NULL,
    PRIMARY KEY (business_id, version),
    CONSTRAINT business_version_actor_check
        CHECK (actor IN ('visitor', 'account', 'key', 'agent', 'system'))
);

-- What a business wrote so far becomes the document of the version that it is at. Nulls are left
-- out: an option that isn't there has its default.
WITH digits AS (
    SELECT business_id, CASE
        WHEN currency IN (
            'ADP', 'AFN', 'ALL', 'BIF', 'BYR', 'CLP', 'DJF', 'ESP', 'GNF', 'IQD', 'IRR', 'ISK',
            'ITL', 'JPY', 'KMF', 'KPW', 'KRW', 'LAK', 'LBP', 'LUF', 'MGA', 'MGF', 'MMK', 'MRO',
            'PYG', 'RSD', 'RWF', 'SLL', 'SOS', 'STD', 'SYP', 'TMM', 'TRL', 'UGX', 'UYI', 'VND',
            'VUV', 'XAF', 'XOF', 'XPF', 'YER', 'ZMK', 'ZWD') THEN 0
        WHEN currency IN ('BHD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
        WHEN currency IN ('CLF', 'UYW') THEN 4
        ELSE 2 END AS digits
    FROM business
),
place AS (
    SELECT business_id, count(*) FILTER (WHERE listed) AS listed
    FROM location WHERE active GROUP BY business_id
),
weekly AS (
    SELECT business_id, resource_id, location_id, jsonb_object_agg(
        (ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[weekday],
        (SELECT coalesce(jsonb_agg(
                    to_char(make_interval(mins => lower(span)), 'HH24:MI') || '-'
                    || to_char(make_interval(mins => CASE WHEN upper(span) > 1440
                        THEN upper(span) - 1440 ELSE upper(span) END), 'HH24:MI')
                    ORDER BY lower(span)), '[]')
         FROM unnest(spans) AS span)
    ) AS hours
    FROM weekly_hours GROUP BY business_id, resource_id, location_id
),
dated AS (
    SELECT business_id, resource_id, location_id, jsonb_agg(jsonb_build_object(
        'date', on_date,
        'hours', (SELECT coalesce(jsonb_agg(
                    to_char(make_interval(mins => lower(span)), 'HH24:MI') || '-'
                    || to_char(make_interval(mins => CASE WHEN upper(span) > 1440
                        THEN upper(span) - 1440 ELSE upper(span) END), 'HH24:MI')
                    ORDER BY lower(span)), '[]')
                  FROM unnest(spans) AS span)
        ) ORDER BY on_date) AS dates
    FROM date_override GROUP BY business_id, resource_id, location_id
),
worked AS (
    SELECT staff.business_id, staff.resource_id, location.position, jsonb_build_object(
        'location', location.key,
        'hours', coalesce(weekly.hours, '{}'), 'dates', coalesce(dated.dates, '[]')) AS hours
    FROM resource AS staff
    JOIN location ON location.business_id = staff.business_id AND location.active
    LEFT JOIN weekly ON weekly.business_id = staff.business_id
                    AND weekly.resource_id = staff.resource_id
                    AND weekly.location_id = location.location_id
    LEFT JOIN dated ON dated.business_id = staff.business_id
                   AND dated.resource_id = staff.resource_id
                   AND dated.location_id = location.location_id
    WHERE staff.kind = 'staff' AND (weekly.hours IS NOT NULL OR dated.dates IS NOT NULL)
),
-- With several locations all hours are under "at", with one or none directly.
worker AS (
    SELECT staff.business_id, staff.position, jsonb_build_object(
        'key', staff.key, 'name', staff.name, 'email', staff.email)
        || CASE WHEN place.listed > 1
            THEN jsonb_build_object('at', coalesce(jsonb_agg(worked.hours ORDER BY worked.position)
                FILTER (WHERE worked.hours IS NOT NULL), '[]'))
            ELSE coalesce((array_agg(worked.hours))[1] - 'location', '{}') END AS staff
    FROM resource AS staff
    JOIN place ON place.business_id = staff.business_id
    LEFT JOIN worked ON worked.business_id = staff.business_id
                    AND worked.resource_id = staff.resource_id
    WHERE staff.active AND staff.kind = 'staff'
    GROUP BY staff.business_id, staff.resource_id, place.listed
)
INSERT INTO business_version (business_id, version, document, actor, actor_name, at)
SELECT business.business_id, business.version, jsonb_strip_nulls(jsonb_build_object(
    'business', jsonb_build_object(
        'slug', (SELECT min(slug) FROM business_slug
                 WHERE business_slug.business_id = business.business_id),
        'name', business.name, 'timezone', business.timezone,
        'currency', business.currency, 'locale', business.locale),
    'policy', jsonb_build_object(
        'slot_step_min', business.slot_step_min, 'notice_min', business.notice_min,
        'horizon_days', business.horizon_days, 'cancel_until_min', business.cancel_until_min),
    'page', business.page,
    'protection', business.protection,
    'payments', business.payments,
    'location', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'key', key, 'name', name, 'timezone', timezone, 'address', address,
            'hours', hours, 'dates', dates) ORDER BY position), '[]')
        FROM location
        WHERE location.business_id = business.business_id AND active AND listed),
    'staff', (
        SELECT coalesce(jsonb_agg(worker.staff ORDER BY worker.position), '[]')
        FROM worker WHERE worker.business_id = business.business_id),
    'resource', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'key', resource.key, 'name', resource.name, 'kind', resource.kind,
            'location', CASE WHEN location.listed THEN location.key END)
            ORDER BY resource.position), '[]')
        FROM resource
        JOIN location ON location.business_id = resource.business_id
                     AND location.location_id = resource.location_id
        WHERE resource.business_id = business.business_id
          AND resource.active AND resource.kind <> 'staff'),
    'service', (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'key', service.key, 'name', service.name, 'duration_min', service.duration_min,
            'phases', service.phases,
            'buffer_before_min', service.buffer_before_min,
            'buffer_after_min', service.buffer_after_min,
            'price', round(service.price_minor / power(10::numeric, digits.digits::numeric),
                           digits.digits)::text,
            'deposit', service.deposit,
            'deposit_for', service.deposit_for,
            'needs', service.needs,
            'staff', CASE WHEN NOT service.by_everyone THEN (
                SELECT coalesce(jsonb_agg(performer.key ORDER BY performer.position), '[]')
                FROM service_performer AS performs
                JOIN resource AS performer ON performer.business_id = performs.business_id
                                          AND performer.resource_id = performs.resource_id
                WHERE performs.business_id = service.business_id
                  AND performs.service_id = service.service_id
                  AND performer.active) END,
            'locations', CASE WHEN NOT service.everywhere THEN (
                SELECT coalesce(jsonb_agg(location.key ORDER BY location.position), '[]')
                FROM service_location AS offered
                JOIN location ON location.business_id = offered.business_id
                             AND location.location_id = offered.location_id
                WHERE offered.business_id = service.business_id
                  AND offered.service_id = service.service_id
                  AND location.active) END
            ) ORDER BY service.position), '[]')
        FROM service
        WHERE service.business_id = business.business_id AND service.active)
)), 'system', 'upgrade', now()
FROM business JOIN digits ON digits.business_id = business.business_id;

-- The address that a business has now. Those that it had before lead to it, and are in
-- business_slug like this one, so that none is ever another's.
ALTER TABLE business ADD COLUMN current_slug text;
UPDATE business SET current_slug = business_version.document #>> '{business,slug}'
FROM business_version WHERE business_version.business_id = business.business_id;
ALTER TABLE business ALTER COLUMN current_slug SET NOT NULL;

-- Rows stay for what others refer to: the id, and what it was called.
DROP TABLE weekly_hours;
DROP TABLE date_override;
DROP TABLE service_performer;
DROP TABLE service_location;
ALTER TABLE business
    DROP COLUMN timezone, DROP COLUMN currency, DROP COLUMN locale, DROP COLUMN slot_step_min,
    DROP COLUMN notice_min, DROP COLUMN horizon_days, DROP COLUMN cancel_until_min,
    DROP COLUMN page, DROP COLUMN protection, DROP COLUMN payments;
ALTER TABLE location
    DROP COLUMN timezone, DROP COLUMN address, DROP COLUMN hours, DROP COLUMN dates,
    DROP COLUMN listed, DROP COLUMN position;
ALTER TABLE resource DROP COLUMN email, DROP COLUMN position, DROP COLUMN location_id;
ALTER TABLE service
    DROP COLUMN duration_min, DROP COLUMN phases, DROP COLUMN buffer_before_min,
    DROP COLUMN buffer_after_min, DROP COLUMN price_minor, DROP COLUMN deposit,
    DROP COLUMN deposit_for, DROP COLUMN needs, DROP COLUMN by_everyone, DROP COLUMN everywhere,
    DROP COLUMN position;

-- Who keeps a claim that isn't an appointment's: applying a business file touches those of the file
-- only.
ALTER TABLE claim ADD COLUMN source text;
UPDATE claim SET source = CASE kind WHEN 'time_off' THEN 'file' ELSE 'office' END
WHERE kind <> 'appointment';
ALTER TABLE claim ADD CONSTRAINT claim_source_check CHECK (source IN ('file', 'office', 'calendar'));
ALTER TABLE claim ADD CONSTRAINT claim_has_source CHECK (
    CASE kind WHEN 'appointment' THEN source IS NULL WHEN 'time_off' THEN source IS NOT NULL
    ELSE true END);

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
