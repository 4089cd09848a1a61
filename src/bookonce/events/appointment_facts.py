"""The facts of an appointment as SQL writes them into an event, so that no event waits for a read."""

from __future__ import annotations

APPOINTMENT_FACTS = """
jsonb_strip_nulls(jsonb_build_object(
    'parts', (
        SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
            'service', service.key, 'service_name', part.service_name,
            'staff', performer.key, 'staff_name', part.staff_name,
            'start', part.starts_at, 'end', part.ends_at, 'price_minor', part.price_minor
        )) ORDER BY part.number)
        FROM appointment_part AS part
        JOIN service ON service.business_id = :business_id
                    AND service.service_id = part.service_id
        JOIN resource AS performer ON performer.business_id = :business_id
                                  AND performer.resource_id = part.resource_id
        WHERE part.business_id = :business_id
          AND part.appointment_id = appointment.appointment_id
    ),
    'location', (
        SELECT location.key FROM location
        WHERE location.business_id = :business_id
          AND location.location_id = appointment.location_id
    ),
    'location_name', appointment.location_name,
    'location_address', appointment.location_address,
    'zone', appointment.zone, 'wall_start', appointment.wall_start,
    'business_version', appointment.business_version,
    'start', appointment.starts_at, 'end', appointment.ends_at,
    'price_minor', appointment.price_minor, 'currency', appointment.currency,
    'sequence', appointment.sequence, 'deposit_minor', appointment.deposit_minor,
    'hold_expires_at', appointment.hold_expires_at, 'keep_minor', appointment.keep_minor
))""".strip()
"""What an event says of a row of `appointment`: `AppointmentFacts`, but for its rooms."""
