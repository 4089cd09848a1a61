"""The page of the history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import MediaType, Response, get

from bookonce.accounts import members
from bookonce.accounts.roles import Right
from bookonce.desk.happened import changes
from bookonce.desk.happened_rows import Change
from bookonce.web.office.changes.words import Teller, actor_names, groups, kinds_of, what
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.history import by
from bookonce.web.office.page import Office

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One change. `who` narrows the history to whoever made it."""

    at: str
    machine_at: str
    what: str
    by: str
    who: str
    detail: str
    client: str
    appointment_id: UUID | None


@get(
    "/{slug:str}/history",
    include_in_schema=False,
    media_type=MediaType.HTML,
    needs=Right.HISTORY,
)
async def history_page(office: Page, access: Admitted) -> Response[str]:
    """Every change, the newest first."""
    query, directory = office.request.query_params, office.business
    who, group = query.get("who", ""), query.get("kind", "")
    account_id, before = _id(who), _id(query.get("before", ""))
    names = actor_names(office.language.words)
    group = group if group in groups(office.language.words) else ""
    found = await changes(
        office.installation,
        access,
        kinds=kinds_of(group),
        account_id=account_id,
        actor_kind=who if who in names else None,
        before=before,
        limit=SHOWN + 1,
    )
    people = {
        str(each.account_id): each.name or each.email
        for each in await members.members(office.installation.database, directory.business_id)
    }
    shown = found[:SHOWN]
    if account_id is not None and str(account_id) not in people:  # somebody who left
        told = (each.happened.actor.name for each in shown if each.happened.actor.name)
        people[str(account_id)] = next(told, str(account_id))
    kept = {name: value for name, value in {"who": who, "kind": group}.items() if value}
    teller = Teller(directory, office.language, people)
    return office.render(
        "changes/templates/history.html",
        lines=[_line(office, each, teller) for each in shown],
        people=[*people.items(), *names.items()],
        who=who,
        kinds=list(groups(office.language.words).items()),
        group=group,
        is_first=before is None,
        is_narrowed=bool(kept),
        older=_query(kept | {"before": shown[-1].happened.id}) if len(found) > SHOWN else "",
    )


def _line(office: Office, change: Change, teller: Teller) -> Line:
    happened, language = change.happened, office.language
    zone = ZoneInfo(change.zone) if change.zone else office.business.zone
    at = happened.at.astimezone(office.business.zone)
    actor = happened.actor
    return Line(
        at=language.joined(language.day(at.date()), language.time(at)),
        machine_at=at.isoformat(),
        what=what(happened.kind, language),
        by=by(actor, language),
        who=_query({"who": actor.id or actor.kind.value}),
        detail=teller.detail(happened.kind, happened.facts, zone),
        client=change.client_name,
        appointment_id=change.appointment_id,
    )


def _query(values: dict[str, Any]) -> str:
    return "?" + urlencode(values)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


HANDLERS = [history_page]
