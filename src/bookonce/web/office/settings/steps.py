"""The first steps of a new business, as today's page lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, post
from litestar.response import Redirect

from bookonce.accounts.access import Access
from bookonce.desk.first_steps import Step, dismiss, first_steps, share
from bookonce.web.forms import form_fields
from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.page import Office
from bookonce.web.office.settings.forms import FORM


@dataclass(frozen=True, slots=True)
class Shown:
    """A step as the list shows it."""

    step: Step
    name: str
    url: str
    is_done: bool


async def shown_steps(office: Office, access: Access) -> list[Shown]:
    """The list; empty if there is nothing to show."""
    steps = await first_steps(office.installation.database, office.business, access)
    if steps is None:
        return []
    _ = office.language.words.gettext
    home = f"/office/{office.business.slug}"
    mine = access.staff_key
    hours = f"{home}/settings/people" + (f"/items/{mine}" if mine else "")
    page = f"/{office.business.slug}"
    told = {
        Step.HOURS: (_("Check your working hours"), hours),
        Step.SERVICES: (_("Add what else clients can book"), f"{home}/settings/services"),
        Step.LOOK: (_("Give the page your colour and logo"), f"{home}/settings/page"),
        Step.TRY: (_("Book once yourself, as a client does"), page),
        Step.SHARE: (_("Share the link of your booking page"), page),
        Step.INVITE: (_("Invite a colleague"), f"{home}/team/invite"),
    }
    return [Shown(step, *told[step], step in steps.done) for step in Step]


@post("/{slug:str}/settings/first-steps", **FORM)
async def take_step(office: Page, access: Admitted, request: Request[Any, Any, Any]) -> Redirect:
    """The link is shared, or the list has been seen enough."""
    database, do = office.installation.database, str((await form_fields(request)).get("_do") or "")
    if do == "share":
        await share(database, access, office.now)
    if do == "dismiss":
        await dismiss(database, access, office.now)
    return office.redirect(f"/office/{office.business.slug}")


HANDLERS = [take_step]
