"""All clients as lines, and everything that is kept of one."""

from __future__ import annotations

from uuid import UUID

from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

PAGE = 2_000

_PAGE = Statement(
    """
    SELECT client.client_id, client.found_by, client.name, client.email, client.phone,
           client.flags, client.notes, client.created_at, seen.visits, seen.no_shows, seen.last
    FROM client
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE status = 'completed'
                   OR (status = 'confirmed' AND ends_at <= now())) AS visits,
               count(*) FILTER (WHERE status = 'no_show') AS no_shows,
               max(starts_at) FILTER (WHERE status = 'completed'
                   OR (status = 'confirmed' AND ends_at <= now())) AS last
        FROM appointment
        WHERE appointment.business_id = :business_id AND appointment.client_id = client.client_id
    ) AS seen
    WHERE client.business_id = :business_id AND client.merged_into IS NULL
      AND client.erased_at IS NULL
      AND (client.found_by, client.client_id) > (:after_found_by::text, :after_id::uuid)
    ORDER BY client.found_by, client.client_id LIMIT :page
    """
)
# A person is the client with all who were merged into them. What was said to staff about them is in
# the messages, too. Secrets, such as hashes of links, tell nobody anything and are left out.
_PERSON = Statement(
    """
    WITH person AS (
        SELECT client_id FROM client
        WHERE business_id = :business_id
          AND (client_id = :client_id OR merged_into = :client_id)
    ),
    visit AS (
        SELECT appointment.* FROM appointment
        WHERE business_id = :business_id AND client_id IN (SELECT client_id FROM person)
    )
    SELECT jsonb_build_object(
        'clients', (
            SELECT jsonb_agg(to_jsonb(client) - 'business_id' - 'found_by' ORDER BY created_at)
            FROM client
            WHERE business_id = :business_id AND client_id IN (SELECT client_id FROM person)),
        'merges', (
            SELECT coalesce(jsonb_agg(to_jsonb(merge) - 'business_id' ORDER BY merged_at), '[]')
            FROM client_merge AS merge
            WHERE business_id = :business_id AND client_id IN (SELECT client_id FROM person)),
        'appointments', (
            SELECT coalesce(jsonb_agg(
                to_jsonb(visit) - 'business_id' - 'token_hash' || jsonb_build_object(
                    'parts', (
                        SELECT jsonb_agg(to_jsonb(part) - 'business_id' - 'appointment_id'
                                         ORDER BY number)
                        FROM appointment_part AS part
                        WHERE part.business_id = :business_id
                          AND part.appointment_id = visit.appointment_id),
                    'payments', (
                        SELECT coalesce(jsonb_agg(
                            to_jsonb(entry) - 'business_id' - 'appointment_id' ORDER BY at), '[]')
                        FROM ledger_entry AS entry
                        WHERE entry.business_id = :business_id
                          AND entry.appointment_id = visit.appointment_id),
                    'history', (
                        SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'kind', kind, 'at', at, 'facts', data) ORDER BY at), '[]')
                        FROM event
                        WHERE event.business_id = :business_id
                          AND event.appointment_id = visit.appointment_id),
                    'messages', (
                        SELECT coalesce(jsonb_agg(jsonb_build_object(
                            'kind', kind, 'way', way, 'recipient', recipient, 'status', status,
                            'address', address, 'language', language, 'subject', subject,
                            'body', body, 'created_at', created_at, 'ended_at', ended_at
                        ) ORDER BY created_at), '[]')
                        FROM message
                        WHERE message.business_id = :business_id
                          AND message.appointment_id = visit.appointment_id
                          AND (message.client_id IS NULL
                               OR message.client_id IN (SELECT client_id FROM person)))
                ) ORDER BY starts_at), '[]')
            FROM visit),
        'mail_addresses', (
            SELECT coalesce(jsonb_agg(to_jsonb(known) - 'business_id' ORDER BY address), '[]')
            FROM mail_address AS known
            WHERE known.business_id = :business_id AND known.address IN (
                SELECT email FROM client
                WHERE business_id = :business_id AND client_id IN (SELECT client_id FROM person)))
    )::text
    """
)


async def page(
    connection: Connection, business_id: UUID, after_found_by: str, after_id: UUID
) -> list[Row]:
    """Some clients by name, those that follow one of them."""
    return await _PAGE.rows(
        connection, business_id=business_id, after_found_by=after_found_by, after_id=after_id,
        page=PAGE,
    )  # fmt: skip


async def person(connection: Connection, business_id: UUID, client_id: UUID) -> str:
    """Everything that is kept of a client, as JSON."""
    return str(await _PERSON.value(connection, business_id=business_id, client_id=client_id))
