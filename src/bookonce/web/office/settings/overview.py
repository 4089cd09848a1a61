"""The settings of a business: what there is to set."""

from __future__ import annotations

from litestar import Response, get

from bookonce.web.office.dependencies import Admitted, Page
from bookonce.web.office.settings.forms import PAGE
from bookonce.web.office.settings.show import home, nav


@get("/{slug:str}/settings", **PAGE)
async def overview(office: Page, access: Admitted) -> Response[str]:
    """Every section, with what is found there."""
    return office.render(
        "settings/templates/overview.html",
        nav=nav(office, access),
        here="",
        base=home(office),
        version=office.business.version,
    )


HANDLERS = [overview]
