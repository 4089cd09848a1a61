"""The page of reports, and the same as a file."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

from litestar import MediaType, Response, get

from bookonce.accounts.access import Access
from bookonce.accounts.roles import Right
from bookonce.desk.report import Period, Report, report
from bookonce.platform.errors import ValidationError
from bookonce.web.office.dependencies import Admitted, Page, SignedIn
from bookonce.web.office.page import Office
from bookonce.web.office.reports.plot import HEIGHT, WIDTH, bars, in_steps
from bookonce.web.office.reports.tables import Tables, as_csv

DAYS_DEFAULT = 30
PATH = "/{slug:str}/reports"


@get(PATH, include_in_schema=False, media_type=MediaType.HTML, needs=Right.MONEY)
async def reports_page(office: Page, access: Admitted) -> Response[str]:
    """A period, against the one before."""
    period, wrong = _period(office)
    found = await report(office.installation, office.business, period, access=access)
    tables = Tables(found, office.business, office.language)
    address = f"/office/{office.business.slug}/reports"
    query = urlencode({"from": period.first, "to": period.last})
    return office.render(
        "reports/templates/reports.html",
        status=422 if wrong else 200,
        wrong=wrong,
        first=period.first.isoformat(),
        last=period.last.isoformat(),
        told=f"{office.language.day(period.first)} – {office.language.long_day(period.last)}",
        shortcuts=_shortcuts(office, period),
        overview=tables.overview(),
        tables=[tables.staff(), tables.services(), tables.sources()],
        days=tables.days(),
        plots=_plots(office, found),
        plot_width=WIDTH,
        plot_height=HEIGHT,
        csv=f"{address}/file?{query}" if access.may(Right.EXPORT) else "",
    )


def _plots(office: Office, found: Report) -> list[tuple[str, list[object]]]:
    _ = office.language.words.gettext
    visits = in_steps([each.visits for each in found.by_day])
    value = in_steps([each.amount_minor for each in found.by_day])
    is_weekly = len(visits) < len(found.by_day)
    return [
        (_("Visits, week by week") if is_weekly else _("Visits, day by day"), [*bars(visits)]),
        (
            _("Value of the visits, week by week")
            if is_weekly
            else _("Value of the visits, day by day"),
            [*bars(value)],
        ),
    ]


def _period(office: Office) -> tuple[Period, str]:
    """What the address asks for; else the last 30 days, and what is wrong with it."""
    today = office.now.astimezone(office.business.zone).date()
    usual = Period(today - timedelta(days=DAYS_DEFAULT - 1), today)
    query = office.request.query_params
    if not query.get("from") and not query.get("to"):
        return usual, ""
    try:
        first = date.fromisoformat(query.get("from") or usual.first.isoformat())
        last = date.fromisoformat(query.get("to") or usual.last.isoformat())
        return Period.of(first, last), ""
    except (ValueError, ValidationError):
        _ = office.language.words.gettext
        return usual, _("Please choose two dates, the earlier first, at most a year apart.")


def _shortcuts(office: Office, period: Period) -> list[tuple[str, str, bool]]:
    _ = office.language.words.gettext
    today = office.now.astimezone(office.business.zone).date()
    month = today.replace(day=1)
    last_month = month - timedelta(days=1)
    choices = [
        (_("7 days"), today - timedelta(days=6), today),
        (_("30 days"), today - timedelta(days=29), today),
        (office.language.month(last_month), last_month.replace(day=1), last_month),
        (office.language.month(month), month, _end_of_month(month)),
    ]
    return [
        (
            name,
            "?" + urlencode({"from": first, "to": last}),
            (first, last) == (period.first, period.last),
        )
        for name, first, last in choices
    ]


def _end_of_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@get(f"{PATH}/file", include_in_schema=False, needs=Right.EXPORT)
async def reports_file(office: Page, access: Admitted, session: SignedIn) -> Response[bytes]:
    """The tables as CSV."""
    return await _file(office, access, session)


async def _file(office: Office, access: Access, session: SignedIn) -> Response[bytes]:
    session.require_proof(office.now)
    period, wrong = _period(office)
    found = await report(office.installation, office.business, period, access=access)
    tables = Tables(found, office.business, office.language)
    name = f"{office.business.slug}-{period.first}-{period.last}.csv"
    return Response(
        as_csv(tables.all()).encode(),
        status_code=422 if wrong else 200,
        media_type="text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


HANDLERS = [reports_page, reports_file]
