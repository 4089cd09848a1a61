"""What properties are tried on: opening hours, situations around clock changes, business files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bookonce.business.deposits import CARDS, below_charge_minimum
from bookonce.platform import money
from bookonce.platform.text import is_blank
from tests.availability.oracle import WEEKDAYS, Claim, Part, Performer, Situation

CHANGES = {
    "Europe/Berlin": ["2026-03-29T01:00:00", "2026-10-25T01:00:00"],
    "America/New_York": ["2024-03-10T07:00:00", "2024-11-03T06:00:00"],
    "Australia/Lord_Howe": ["2024-04-06T15:00:00", "2024-10-05T15:30:00"],  # half an hour
    "Pacific/Apia": ["2011-12-30T10:00:00"],  # the 30th did not take place
    "Africa/Casablanca": ["2024-03-10T02:00:00", "2024-04-14T02:00:00"],  # around Ramadan
    "America/Santiago": ["2024-04-07T03:00:00", "2024-09-08T04:00:00"],  # midnight comes twice
    "America/Sao_Paulo": ["2018-02-18T02:00:00", "2018-11-04T03:00:00"],  # no midnight
    "America/Havana": ["2024-03-10T05:00:00", "2024-11-03T05:00:00"],  # one o'clock to midnight
    "America/St_Johns": ["2006-04-02T03:31:00", "2006-10-29T02:31:00"],  # a minute past midnight
    "Africa/Monrovia": ["1972-01-07T00:44:30"],  # 44 minutes and a half
    "Africa/Cairo": ["2024-04-25T22:00:00", "2024-10-31T21:00:00"],
    "Asia/Kathmandu": ["1985-12-31T18:30:00"],  # a quarter of an hour
    "Asia/Tehran": ["2021-03-21T20:30:00", "2021-09-21T19:30:00"],
    "Asia/Gaza": ["2021-03-26T22:00:00", "2021-10-28T22:00:00"],
    "Antarctica/Troll": ["2024-03-31T01:00:00", "2024-10-27T01:00:00"],  # two hours
}
"""When clocks changed, in UTC, in the ways they have been known to."""

ORDINARY = {
    "UTC": ["2024-02-29T12:00:00", "2024-12-31T23:59:00"],
    "Asia/Kathmandu": ["2025-06-01T06:15:00"],
    "Africa/Monrovia": ["1971-06-01T09:44:30"],
    "Europe/Berlin": ["2025-01-01T00:00:00"],
}
"""Times at which clocks only ran on."""

OCCASIONS = [
    (zone, datetime.fromisoformat(text).replace(tzinfo=UTC))
    for zones in (CHANGES, ORDINARY)
    for zone, texts in zones.items()
    for text in texts
]

STEPS_MIN = [1, 5, 7, 10, 13, 15, 20, 25, 30, 45, 50, 60, 90, 240, 1000, 1440]


def clock(minutes: int) -> str:
    """Minutes since midnight as the clock shows them; 1440 is the midnight that ends a day."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def spans_of_a_day(draw: st.DrawFn) -> list[str]:
    """Up to four spans that don't overlap, the last one perhaps past midnight."""
    unit = draw(st.sampled_from([1, 5, 30]))
    edges = draw(
        st.lists(st.integers(0, 1439 // unit), min_size=2, max_size=8, unique=True).map(sorted)
    )
    times = [clock(edge * unit) for edge in edges]
    spans = [f"{low}-{high}" for low, high in zip(times[::2], times[1::2], strict=False)]
    if len(times) % 2:  # one edge is left: open from there to midnight, or into the next day
        end = draw(st.sampled_from(["24:00", "00:00", times[0], clock(edges[0] * unit // 2)]))
        spans.append(f"{times[-1]}-{end}")
    return draw(st.permutations(spans))


def a_day() -> st.SearchStrategy[list[str]]:
    """The spans of one day, from closed to round the clock."""
    return st.one_of(
        st.sampled_from(
            [
                ["00:00-24:00"],
                ["00:00-02:15", "02:15-24:00"],
                ["20:00-18:30"],
                ["00:15-02:30", "03:00-23:45"],
                ["22:00-06:00"],
                ["09:00-12:30", "13:15-18:00"],
                [],
            ]
        ),
        spans_of_a_day(),
    )


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, list[str]]:
    """Hours by weekday, put together from a few kinds of day."""
    kinds = draw(st.lists(a_day(), min_size=1, max_size=3))
    return {weekday: draw(st.sampled_from(kinds)) for weekday in WEEKDAYS}


def minutes(low: int, high: int) -> st.SearchStrategy[int]:
    """Minutes, mostly round ones, so that edges meet."""
    return st.one_of(
        st.integers(-(-low // 15), high // 15).map(lambda quarters: quarters * 15),
        st.integers(low, high),
    )


@st.composite
def phases(draw: st.DrawFn) -> list[tuple[int, bool]]:
    """Parts of a visit, at least one of them with staff."""
    lengths = draw(st.lists(minutes(1, 60), min_size=2, max_size=4))
    attended = draw(
        st.lists(st.booleans(), min_size=len(lengths), max_size=len(lengths)).filter(any)
    )
    return list(zip(lengths, attended, strict=True))


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """A day or two around an occasion at one location: who works there, what stands there."""
    zone, occasion = draw(st.sampled_from(OCCASIONS))
    local_date = occasion.astimezone(ZoneInfo(zone)).date()
    near = st.integers(-2, 2).map(lambda days: local_date + timedelta(days=days))
    earliest = occasion - timedelta(minutes=draw(minutes(0, 1_500)))
    latest = occasion + timedelta(minutes=draw(minutes(0, 1_500)))
    odd_s = timedelta(seconds=draw(st.sampled_from([0, 0, 0, 1, 30, 59])))
    notice_min = draw(st.one_of(st.just(0), minutes(0, 240), minutes(0, 3_000)))
    horizon_days = draw(st.integers(1, 3))
    limit = draw(st.sampled_from([timedelta(minutes=notice_min), timedelta(days=horizon_days)]))
    dates = st.dictionaries(near, a_day(), max_size=2)
    claims = st.lists(claims_near(occasion), max_size=8)
    performers = st.builds(Performer, week=weeks(), dates=dates, claims=claims)
    parts = draw(st.one_of(st.just([]), phases()))
    kinds = st.sampled_from(["chair", "room"])
    return Situation(
        zone=zone,
        performers=draw(st.lists(performers, min_size=1, max_size=3)),
        place_week=draw(st.one_of(st.none(), weeks())),
        place_dates=draw(dates),
        phases=parts,
        rooms=draw(st.dictionaries(kinds, st.lists(claims, max_size=3), max_size=2)),
        duration_min=sum(length for length, _ in parts)
        or draw(st.one_of(minutes(1, 90), st.sampled_from([1, 15, 240, 1440, 2000]))),
        buffer_before_min=draw(st.one_of(st.just(0), minutes(1, 90))),
        buffer_after_min=draw(st.one_of(st.just(0), minutes(1, 90))),
        step_min=draw(st.one_of(st.sampled_from(STEPS_MIN), st.integers(1, 120))),
        now=draw(nows(earliest, latest, limit)),
        notice_min=notice_min,
        horizon_days=horizon_days,
        earliest=earliest + odd_s,
        latest=latest - odd_s,
    )


@st.composite
def situations_of_several(draw: st.DrawFn) -> Situation:
    """The same with two or three services in one visit, not all of them performed by everyone."""
    situation = draw(situations())
    everybody = range(len(situation.performers))
    able = st.one_of(
        st.none(), st.lists(st.sampled_from(everybody), unique=True, min_size=1).map(sorted)
    )
    kinds = (
        st.lists(st.sampled_from(sorted(situation.rooms)), unique=True)
        if situation.rooms
        else st.just([])
    )
    buffers = st.one_of(st.just(0), minutes(1, 60))

    def part(lengths: list[tuple[int, bool]] | int, *more: Any) -> Part:
        if isinstance(lengths, int):
            return Part(lengths, [], *more)
        return Part(sum(length for length, _ in lengths), lengths, *more)

    parts = st.builds(part, st.one_of(minutes(1, 90), phases()), buffers, buffers, able, kinds)
    return replace(
        situation,
        able=draw(able),
        kinds=draw(kinds),
        more=draw(st.lists(parts, min_size=1, max_size=2)),
    )


@st.composite
def nows(draw: st.DrawFn, earliest: datetime, latest: datetime, limit: timedelta) -> datetime:
    """Now: early enough for most of the window, or such that a limit falls inside it."""
    if draw(st.booleans()):
        return earliest - timedelta(minutes=draw(minutes(0, 300)))
    inside = earliest + timedelta(
        minutes=draw(minutes(0, (latest - earliest) // timedelta(minutes=1)))
    )
    return inside - limit + timedelta(microseconds=draw(st.sampled_from([0, 0, -1, 1, 59_999_999])))


@st.composite
def claims_near(draw: st.DrawFn, occasion: datetime) -> Claim:
    """Time that somebody has taken, on the minute or not."""
    odd_s = draw(st.sampled_from([0, 0, 0, 0, 1, 30, 59]))
    start = occasion + timedelta(minutes=draw(minutes(-1_200, 1_200)), seconds=odd_s)
    return start, start + timedelta(minutes=draw(minutes(1, 240)), seconds=odd_s)


TEXTS = st.one_of(
    st.sampled_from(
        [
            "Lumen Hair",
            "Frisör »Möwe«",
            "👩🏽‍🦱 Haar & 👨‍👩‍👧‍👦",
            "صالون \u202eنور\u202c",
            "e\u0301a\u0308",
            '"quoted" \'twice\' """thrice"""',
            "back\\slash \\n \\u0041 \\",
            "two\nlines\r\nand\ta tab\r",
            "'''",
            " spaces around ",
            "# not = [a comment]",
            "\U0010ffff\ufffe",
            "x" * 200,
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
        lambda text: not is_blank(text)
    ),
)
"""Names and reasons in any script; line breaks and tabs are kept, other controls refused."""

KEYS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(lambda k: k != "any")


@st.composite
def absences(draw: st.DrawFn, occasion: datetime) -> list[dict[str, Any]]:
    """Time off in local time, some of it at times that the clock skips or shows twice.

    They lie far enough apart to stay in order when a skipped time becomes the one after the gap.
    """
    wall = (occasion - timedelta(hours=9)).replace(second=0, tzinfo=None)
    gap = st.builds(
        lambda hours, more: timedelta(hours=hours, minutes=more),
        st.integers(3, 9),
        st.integers(0, 59),
    )
    found = []
    for before, length in draw(st.lists(st.tuples(gap, gap), max_size=3)):
        start, wall = wall + before, wall + before + length
        reason = draw(st.one_of(st.just({}), TEXTS.map(lambda text: {"reason": text})))
        found.append({"from": f"{start:%Y-%m-%dT%H:%M}", "to": f"{wall:%Y-%m-%dT%H:%M}"} | reason)
    return found


def some_dates() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Single dates with hours of their own, in any order."""
    days = st.dates(date(2000, 1, 1), date(2099, 12, 31)).map(str)
    return st.dictionaries(days, a_day(), max_size=3).map(
        lambda found: [{"date": day, "hours": spans} for day, spans in found.items()]
    )


def locations(key: str) -> st.SearchStrategy[dict[str, Any]]:
    """A place, perhaps with a clock, an address and hours of its own."""
    return st.fixed_dictionaries(
        {"key": st.just(key), "name": TEXTS},
        optional={
            "timezone": st.sampled_from(sorted({*CHANGES, *ORDINARY})),
            "address": st.one_of(st.just(""), TEXTS),
            "hours": st.one_of(st.just({}), weeks()),
            "dates": some_dates(),
        },
    )


@st.composite
def staff_members(
    draw: st.DrawFn, key: str, occasion: datetime, location_keys: list[str]
) -> dict[str, Any]:
    """Somebody who works, with dates and absences of their own: their hours stand plainly, under
    the locations, or some here and some there.
    """
    plain = {"hours": weeks(), "dates": some_dates()}
    at = {}
    if location_keys:
        there = draw(st.lists(st.sampled_from(location_keys), unique=True, max_size=3))
        at["at"] = st.tuples(
            *(st.fixed_dictionaries({"location": st.just(each)}, optional=plain) for each in there)
        ).map(list)
        if location_keys[0] in there:  # plain hours are those at the first location
            plain = {}
    optional = {
        "email": st.sampled_from(["ada@example.com", "ZOË@bücher.example", "o'hara+x@example.org"]),
        "time_off": absences(occasion),
    }
    required = {"key": st.just(key), "name": TEXTS}
    return draw(st.fixed_dictionaries(required | at, optional=optional | plain))


KINDS = st.sampled_from(["chair", "room", "device", "Room"])


@st.composite
def resources(
    draw: st.DrawFn, key: str, occasion: datetime, location_keys: list[str]
) -> dict[str, Any]:
    """A room, a chair, a device; where it stands is left open only where there is no choice."""
    required = {"key": st.just(key), "name": TEXTS, "kind": KINDS}
    optional = {"time_off": absences(occasion)}
    if location_keys:
        (required if len(location_keys) > 1 else optional)["location"] = st.sampled_from(
            location_keys
        )
    return draw(st.fixed_dictionaries(required, optional=optional))


@st.composite
def services(
    draw: st.DrawFn,
    key: str,
    staff_keys: list[str],
    kinds: list[str],
    location_keys: list[str],
    digits: int,
) -> dict[str, Any]:
    """A service that everyone, somebody or nobody performs, everywhere, somewhere or nowhere."""
    whole = st.integers(0, 10**12 - 1).map(str)
    fraction = st.integers(0, 10**digits - 1).map(lambda number: f".{number:0{digits}}")
    optional = {
        "buffer_before_min": st.integers(0, 1440),
        "buffer_after_min": st.integers(0, 1440),
        "price": st.builds(str.__add__, whole, fraction if digits else st.just("")),
    }
    share = st.integers(1, 10_000).map(lambda part: f"{part / 100:g}%")
    if draw(st.booleans()):
        optional |= {
            "price": st.integers(1, 10**9).map(str),
            "deposit": st.one_of(share, st.just("full")),
        }
    for name, known in (("staff", staff_keys), ("needs", kinds), ("locations", location_keys)):
        if known:
            optional[name] = st.lists(st.sampled_from(known), unique=True)
    parts = draw(st.one_of(st.just([]), phases()))
    length = sum(minutes for minutes, _ in parts) or draw(st.integers(1, 10_080))
    if parts:
        optional["phases"] = st.just(
            [
                {"duration_min": minutes}
                | ({} if attended and draw(st.booleans()) else {"staff": attended})
                for minutes, attended in parts
            ]
        )
    required = {"key": st.just(key), "name": TEXTS, "duration_min": st.just(length)}
    found: dict[str, Any] = draw(st.fixed_dictionaries(required, optional=optional))
    if "deposit" in found:
        found["price"] = found.get("price", "12")
        some = st.lists(st.sampled_from(["new_clients", "no_shows"]), unique=True)
        found["deposit_for"] = draw(some)
    return found


def _chargeable(service: dict[str, Any], currency: str) -> dict[str, Any]:
    """The service, without a deposit that is too small for a card."""
    if "deposit" not in service:
        return service
    price_minor = money.minor_units(service["price"], currency)
    if below_charge_minimum(service["deposit"], price_minor, currency) is None:
        return service
    return {name: value for name, value in service.items() if not name.startswith("deposit")}


@st.composite
def business_trees(draw: st.DrawFn) -> dict[str, Any]:
    """The tables of a business file that has nothing wrong with it."""
    # A whole day that the clock skips would put absences out of order.
    zone, occasion = draw(st.sampled_from([each for each in OCCASIONS if "Apia" not in each[0]]))
    currency, digits = draw(st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)]))
    location_keys, staff_keys, resource_keys, service_keys = (
        draw(st.lists(KEYS, unique=True, max_size=3)) for _ in range(4)
    )
    here = [draw(resources(key, occasion, location_keys)) for key in resource_keys]
    kinds = [each["kind"] for each in here]
    payments = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "provider": st.sampled_from(["stripe", "on_site", "till"]),
                "hold_min": st.one_of(st.integers(1, 10_080), st.just(0.5)),
                "attempts_max": st.integers(1, 100),
                "account": st.just("acct_1"),
                "refunds": st.lists(
                    st.fixed_dictionaries(
                        {"until_min": st.integers(0, 527_040), "percent": st.integers(0, 100)}
                    ),
                    unique_by=lambda tier: tier["until_min"],
                    max_size=3,
                ),
            },
        )
    )
    offered = [
        draw(services(key, staff_keys, kinds, location_keys, digits)) for key in service_keys
    ]
    if payments.get("provider", CARDS) == CARDS:
        offered = [_chargeable(each, currency) for each in offered]
    return {
        "business": {
            "slug": draw(st.sampled_from(["lumen", "a", "0-9", "salon-" + "x" * 57])),
            "name": draw(TEXTS),
            "timezone": zone,
            "currency": currency,
            "locale": draw(st.sampled_from(["de", "en", "pt-BR", "zh_Hans_CN", "ar"])),
        },
        "policy": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "slot_step_min": st.integers(1, 1440),
                    "notice_min": st.integers(0, 527_040),
                    "horizon_days": st.integers(1, 1_100),
                    "cancel_until_min": st.integers(0, 527_040),
                },
            )
        ),
        "payments": payments,
        "location": [draw(locations(key)) for key in location_keys],
        "staff": [draw(staff_members(key, occasion, location_keys)) for key in staff_keys],
        "resource": here,
        "service": offered,
    }
