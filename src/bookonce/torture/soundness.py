"""What a sound database looks like, asked of the rows themselves: none of it uses the constraint."""

from __future__ import annotations

# One claim meets another that began before it. Of each resource they are walked through by their
# beginnings once; only those that begin before all earlier ones have ended are compared.
OVERLAPS = """
WITH walked AS (
    SELECT business_id, resource_id, claim_id, lower(during) AS low, upper(during) AS high,
           row_number() OVER turn AS turn,
           max(upper(during)) OVER (turn ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM claim
    WINDOW turn AS (PARTITION BY business_id, resource_id ORDER BY lower(during), claim_id)
)
SELECT a.claim_id, b.claim_id
FROM walked AS b
JOIN walked AS a ON a.business_id = b.business_id AND a.resource_id = b.resource_id
                AND a.turn < b.turn AND a.high > b.low
WHERE b.before > b.low
"""

# What each service was when it was last listed.
_SERVICE = """(
    SELECT DISTINCT ON (service.business_id, service.service_id)
           service.business_id, service.service_id,
           coalesce(listed -> 'phases', '[]') AS phases,
           ARRAY(SELECT jsonb_array_elements_text(coalesce(listed -> 'needs', '[]'))) AS needs
    FROM service
    JOIN business_version ON business_version.business_id = service.business_id
    CROSS JOIN LATERAL jsonb_array_elements(document -> 'service') AS listed
    WHERE listed ->> 'key' = service.key
    ORDER BY service.business_id, service.service_id, version DESC
) AS service"""

DISAGREEMENTS = {
    "a part of a held or confirmed appointment without the claims of its performer and time": f"""
        SELECT appointment_id
        FROM appointment
        JOIN appointment_part AS part USING (business_id, appointment_id)
        JOIN {_SERVICE} USING (business_id, service_id)
        CROSS JOIN LATERAL (
            SELECT coalesce(range_agg(claim.during)
                            @> tstzrange(part.starts_at, part.ends_at), false) AS cover_it,
                   coalesce(range_agg(claim.during)
                            && tstzrange(part.starts_at, part.ends_at), false) AS touch_it
            FROM claim JOIN resource USING (business_id, resource_id)
            WHERE claim.business_id = appointment.business_id
              AND claim.appointment_id = appointment.appointment_id
              AND claim.kind = 'appointment'
              AND part.resource_id IN (claim.resource_id, resource.lane_of)
        ) AS performer
        WHERE status IN ('held', 'confirmed') AND NOT CASE
            WHEN service.phases = '[]' THEN performer.cover_it ELSE performer.touch_it END
    """,
    "a part of a held or confirmed appointment without one of each kind that it needs": f"""
        SELECT appointment_id
        FROM appointment
        JOIN appointment_part AS part USING (business_id, appointment_id)
        JOIN {_SERVICE} USING (business_id, service_id)
        WHERE status IN ('held', 'confirmed') AND EXISTS (
            SELECT 1 FROM unnest(needs) AS need (kind)
            WHERE NOT EXISTS (
                SELECT 1 FROM claim JOIN resource USING (business_id, resource_id)
                WHERE claim.business_id = appointment.business_id
                  AND claim.appointment_id = appointment.appointment_id
                  AND resource.kind = need.kind
                  AND lower(claim.during) <= part.starts_at
                  AND upper(claim.during) >= part.ends_at))
    """,
    "a held or confirmed appointment whose parts don't fill its time without a gap": """
        SELECT appointment_id
        FROM appointment CROSS JOIN LATERAL (
            SELECT min(part.starts_at) AS starts_at, max(part.ends_at) AS ends_at,
                   range_agg(tstzrange(part.starts_at, part.ends_at)) AS times,
                   sum(part.ends_at - part.starts_at) AS length
            FROM appointment_part AS part
            WHERE part.business_id = appointment.business_id
              AND part.appointment_id = appointment.appointment_id
        ) AS parts
        WHERE (parts.starts_at, parts.ends_at, parts.length) IS DISTINCT FROM
                  (appointment.starts_at, appointment.ends_at,
                   appointment.ends_at - appointment.starts_at)
           OR parts.times <> tstzmultirange(tstzrange(appointment.starts_at, appointment.ends_at))
    """,
    "a claim of an appointment that has given its time back": """
        SELECT claim_id FROM claim JOIN appointment USING (business_id, appointment_id)
        WHERE appointment.status NOT IN ('held', 'confirmed', 'completed', 'no_show')
    """,
    "a claim that ends otherwise than the hold of its appointment": """
        SELECT claim_id FROM claim LEFT JOIN appointment USING (business_id, appointment_id)
        WHERE claim.kind <> 'kept' AND claim.expires_at IS DISTINCT FROM
              CASE WHEN appointment.status = 'held' THEN appointment.hold_expires_at END
    """,
    "an appointment without exactly one event of its booking": """
        SELECT appointment_id FROM appointment
        WHERE 1 <> (SELECT count(*) FROM event
                    WHERE event.business_id = appointment.business_id
                      AND event.appointment_id = appointment.appointment_id
                      AND event.kind IN ('appointment.booked', 'appointment.held'))
    """,
    "a cancelled appointment without an event of its cancellation, or one too many": """
        SELECT appointment_id FROM appointment CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE event.kind = 'appointment.cancelled') AS cancelled,
                   count(*) FILTER (WHERE event.kind = 'appointment.reopened') AS reopened
            FROM event
            WHERE event.business_id = appointment.business_id
              AND event.appointment_id = appointment.appointment_id
        ) AS times
        WHERE NOT cancelled BETWEEN (status = 'cancelled')::int
                                AND (status = 'cancelled')::int + reopened
    """,
    "time on a second lane of an appointment that may not lie over another": """
        SELECT appointment_id
        FROM claim JOIN resource USING (business_id, resource_id)
        JOIN appointment USING (business_id, appointment_id)
        WHERE resource.lane_of IS NOT NULL AND claim.kind = 'appointment'
          AND appointment.overbooked IS NULL
    """,
    "a sequence that isn't the number of changes": """
        SELECT appointment_id FROM appointment
        WHERE sequence <> (SELECT count(*) FROM event
                           WHERE event.business_id = appointment.business_id
                             AND event.appointment_id = appointment.appointment_id
                             AND event.kind IN (
                                 'appointment.moved', 'appointment.rezoned', 'appointment.cancelled',
                                 'appointment.confirmed', 'appointment.expired',
                                 'appointment.completed', 'appointment.no_show',
                                 'appointment.reopened', 'appointment.edited',
                                 'refund.requested'))
    """,
    "a confirmed appointment with a deposit, and not one payment for it": """
        SELECT appointment_id FROM appointment
        WHERE deposit_minor IS NOT NULL AND status = 'confirmed' AND keep_minor IS NULL
          AND 1 <> (SELECT count(*) FROM payment
                    WHERE payment.business_id = appointment.business_id
                      AND payment.appointment_id = appointment.appointment_id
                      AND payment.status IN ('authorised', 'captured'))
    """,
    # What a person has received on site is taken at once, also for a time that turns out to be lost:
    # it is handed back.
    "money taken for an appointment that never was confirmed": """
        SELECT payment_id FROM payment
        WHERE payment.status = 'captured' AND payment.provider <> 'on_site' AND NOT EXISTS (
            SELECT FROM event
            WHERE event.business_id = payment.business_id
              AND event.appointment_id = payment.appointment_id
              AND event.kind = 'appointment.confirmed')
    """,
    "a client without an appointment": """
        SELECT client_id FROM client
        WHERE NOT EXISTS (SELECT FROM appointment USING_CLIENT)
    """.replace(
        "USING_CLIENT",
        "WHERE appointment.business_id = client.business_id"
        " AND appointment.client_id = client.client_id",
    ),
}
