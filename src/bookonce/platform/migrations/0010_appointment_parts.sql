-- migrate:up

-- One service within an appointment, with its performer and times. The names are those of the day it
-- was booked; times have no gap between them.
CREATE TABLE appointment_part (
    business_id    uuid NOT NULL,
    appointment_id uuid NOT NULL,
    number         smallint NOT NULL CHECK (number >= 0),
    service_id     uuid NOT NULL,
    service_name   text NOT NULL,
    resource_id    uuid NOT NULL,        -- the staff member who performs it
    staff_name     text NOT NULL,
    starts_at      timestamptz NOT NULL, -- without buffers
    ends_at        timestamptz NOT NULL,
    price_minor    bigint,               -- as agreed when booked
    CONSTRAINT appointment_part_time CHECK (starts_at < ends_at),
    PRIMARY KEY (business_id, appointment_id, number),
    FOREIGN KEY (business_id, appointment_id) REFERENCES appointment,
    FOREIGN KEY (business_id, service_id) REFERENCES service,
    FOREIGN KEY (business_id, resource_id) REFERENCES resource
);

INSERT INTO appointment_part
SELECT appointment.business_id, appointment.appointment_id, 0, appointment.service_id, service.name,
       appointment.resource_id, resource.name, appointment.starts_at, appointment.ends_at,
       appointment.price_minor
FROM appointment
JOIN service ON service.business_id = appointment.business_id
            AND service.service_id = appointment.service_id
JOIN resource ON resource.business_id = appointment.business_id
             AND resource.resource_id = appointment.resource_id;

-- The version of the business under which it was promised: its terms can be read as they were. Of
-- appointments made before versions were kept, the version that is kept first.
ALTER TABLE appointment ADD COLUMN business_version bigint;
UPDATE appointment SET business_version = business.version
FROM business WHERE business.business_id = appointment.business_id;
ALTER TABLE appointment ALTER COLUMN business_version SET NOT NULL;
ALTER TABLE appointment DROP COLUMN service_id;
ALTER TABLE appointment DROP COLUMN resource_id;

-- Events say what an appointment was part by part.
UPDATE event
SET data = (event.data - 'service' - 'staff') || jsonb_build_object(
    'parts', jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'service', event.data ->> 'service',
        'service_name', coalesce((
            SELECT service.name FROM service
            WHERE service.business_id = event.business_id
              AND service.key = event.data ->> 'service'), event.data ->> 'service'),
        'staff', coalesce(event.data ->> 'staff', ''),
        'staff_name', coalesce((
            SELECT resource.name FROM resource
            WHERE resource.business_id = event.business_id AND resource.kind = 'staff'
              AND resource.key = event.data ->> 'staff'), event.data ->> 'staff', ''),
        'start', event.data ->> 'start',
        'end', event.data ->> 'end',
        'price_minor', event.data -> 'price_minor'))))
WHERE event.data ? 'service' AND event.data ? 'start' AND event.data ? 'end';

-- migrate:down
-- Forward only: a mistake is mended by the next migration.
