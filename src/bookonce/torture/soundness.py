"""What a sound database looks like, asked of the rows themselves: none of it uses the constraint."""

from __future__ import annotations

OVERLAPS = """
SELECT a.claim_id, b.claim_id
FROM claim AS a
JOIN claim AS b ON a.business_id = b.business_id AND a.resource_id = b.resource_id
               AND a.claim_id < b.claim_id
               AND lower(a.during) < upper(b.during) AND lower(b.during) < upper(a.during)
"""

DISAGREEMENTS = {
    "a held or confirmed appointment without the claims of its performer and time": """
        SELECT appointment_id
        FROM appointment JOIN service USING (business_id, service_id)
        CROSS JOIN LATERAL (
            SELECT count(*) AS claims,
                   coalesce(bool_and(
                       lower(claim.during) <= appointment.starts_at
                       AND upper(claim.during) >= appointment.ends_at), false) AS cover_it,
                   coalesce(bool_and(
                       claim.during && tstzrange(appointment.starts_at, appointment.ends_at)
                   ), false) AS touch_it
            FROM claim
            WHERE claim.business_id = appointment.business_id
              AND claim.appointment_id = appointment.appointment_id
              AND claim.resource_id = appointment.resource_id
        ) AS performer
        WHERE status IN ('held', 'confirmed') AND NOT CASE
            WHEN service.phases = '[]' THEN performer.claims = 1 AND performer.cover_it
            ELSE performer.touch_it END
    """,
    "a held or confirmed appointment without one of each kind that it needs, for all of its time": """
        SELECT appointment_id
        FROM appointment JOIN service USING (business_id, service_id)
        WHERE status IN ('held', 'confirmed') AND ARRAY(SELECT unnest(needs) ORDER BY 1) <> ARRAY(
            SELECT resource.kind
            FROM claim JOIN resource USING (business_id, resource_id)
            WHERE claim.business_id = appointment.business_id
              AND claim.appointment_id = appointment.appointment_id
              AND resource.kind <> 'staff'
              AND lower(claim.during) <= appointment.starts_at
              AND upper(claim.during) >= appointment.ends_at
            ORDER BY 1)
    """,
    "a claim of an appointment that is neither held nor confirmed": """
        SELECT claim_id FROM claim JOIN appointment USING (business_id, appointment_id)
        WHERE appointment.status NOT IN ('held', 'confirmed')
    """,
    "a claim that ends otherwise than the hold of its appointment": """
        SELECT claim_id FROM claim LEFT JOIN appointment USING (business_id, appointment_id)
        WHERE claim.expires_at IS DISTINCT FROM
              CASE WHEN appointment.status = 'held' THEN appointment.hold_expires_at END
    """,
    "an appointment without exactly one event of its booking": """
        SELECT appointment_id FROM appointment
        WHERE 1 <> (SELECT count(*) FROM event
                    WHERE event.business_id = appointment.business_id
                      AND event.appointment_id = appointment.appointment_id
                      AND event.kind IN ('appointment.booked', 'appointment.held'))
    """,
    "a cancelled appointment without exactly one event of its cancellation": """
        SELECT appointment_id FROM appointment
        WHERE (status = 'cancelled')::int <> (
            SELECT count(*) FROM event
            WHERE event.business_id = appointment.business_id
              AND event.appointment_id = appointment.appointment_id
              AND event.kind = 'appointment.cancelled')
    """,
    "a sequence that isn't the number of changes": """
        SELECT appointment_id FROM appointment
        WHERE sequence <> (SELECT count(*) FROM event
                           WHERE event.business_id = appointment.business_id
                             AND event.appointment_id = appointment.appointment_id
                             AND event.kind IN (
                                 'appointment.moved', 'appointment.cancelled',
                                 'appointment.confirmed', 'appointment.expired',
                                 'payment.refund_asked'))
    """,
    "a confirmed appointment with a deposit, and not one payment for it": """
        SELECT appointment_id FROM appointment
        WHERE deposit_minor IS NOT NULL AND status = 'confirmed' AND keep_minor IS NULL
          AND 1 <> (SELECT count(*) FROM payment
                    WHERE payment.business_id = appointment.business_id
                      AND payment.appointment_id = appointment.appointment_id
                      AND payment.status IN ('authorised', 'captured'))
    """,
    "money taken for an appointment that never was confirmed": """
        SELECT payment_id FROM payment
        WHERE payment.status = 'captured' AND NOT EXISTS (
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
