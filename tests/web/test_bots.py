"""Who sent a form: a person, a program, or somebody who has to show it."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import altcha
import httpx
import pytest

from bookonce.availability.installation import Installation
from bookonce.business.directory import Directory
from bookonce.business.document import Business
from bookonce.platform.settings import Settings
from bookonce.web.booking_page.bots import (
    FORMS_OF_A_NETWORK,
    PROOF_S_MAX,
    STAMP_S_MAX,
    WAIT_S,
    WITHOUT_PROOF,
    Bots,
    Verdict,
)
from bookonce.web.booking_page.form import Form
from tests.factories import a_business
from tests.running import RunningServer
from tests.web.surfing import ENGLISH, ZOE, Reader, Surfer, to_the_form
from tests.web.visitors import refused

Open = Callable[[Business], Awaitable[str]]
NOW = datetime.now(UTC)
HOME = "192.0.2.1"
FORM_TIME_MIN_S = 2.0
PERSON, PROGRAM, UNSURE = Verdict.PERSON, Verdict.PROGRAM, Verdict.UNSURE


def allowed(rate: str) -> int:
    """How many a rate allows in its time."""
    return int(rate.partition("/")[0])


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def bots(tmp_path: Path) -> Bots:
    return Bots(Settings(data_dir=tmp_path, form_time_min_s=FORM_TIME_MIN_S))


@pytest.fixture
async def salon(installation: Installation, open_business: Open) -> Directory:
    return await installation.current(await open_business(a_business()))


@pytest.fixture
async def strict(installation: Installation, open_business: Open) -> Directory:
    """A business that asks everybody for a proof."""
    business = a_business(protection={"proof_of_work": True})
    return await installation.current(await open_business(business))


def solved(challenge: dict[str, Any]) -> str:
    """What a browser sends."""
    asked = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(asked)
    assert solution is not None
    return altcha.Payload(asked, solution).to_base64()


def with_proof(bots: Bots, directory: Directory, form: Form, age_s: float = 0) -> Form:
    asked_at = datetime.now(UTC) - timedelta(seconds=age_s)
    return replace(form, proof=solved(bots.challenge(directory, form.key, asked_at)))


class TestTheTimeThatTypingTakes:
    @pytest.mark.parametrize(
        ("waited_s", "verdict"),
        [(0, UNSURE), (1.9, UNSURE), (2, PERSON), (3600, PERSON), (STAMP_S_MAX + 1, UNSURE)],
    )
    async def test_a_form_that_comes_at_once_is_doubted(
        self, bots: Bots, salon: Directory, waited_s: float, verdict: Verdict
    ) -> None:
        form = bots.form(salon, NOW)
        assert await bots.judge(salon, form, HOME, after(waited_s)) is verdict

    @pytest.mark.parametrize(
        "stamp", ["", "0.", ".", "1.5", "nan.00", "1700000000.0.0123456789abcdef", "é.é"]
    )
    async def test_a_stamp_that_is_not_ours_is_doubted(
        self, bots: Bots, salon: Directory, stamp: str
    ) -> None:
        assert await bots.judge(salon, Form(stamp=stamp), HOME, after(60)) is UNSURE

    async def test_a_stamp_of_another_business_is_doubted(
        self, bots: Bots, salon: Directory, strict: Directory
    ) -> None:
        form = bots.form(strict, NOW)
        assert await bots.judge(salon, form, HOME, after(60)) is UNSURE

    async def test_shown_again_a_form_keeps_its_time(self, bots: Bots, salon: Directory) -> None:
        form = bots.shown_again(salon, bots.form(salon, NOW), after(1))
        again = bots.instead(salon, form, form.again())
        assert await bots.judge(salon, again, HOME, after(2)) is PERSON

    async def test_shown_again_a_form_without_a_good_stamp_gets_one(
        self, bots: Bots, salon: Directory
    ) -> None:
        form = bots.shown_again(salon, Form(stamp="mine"), NOW)
        assert await bots.judge(salon, form, HOME, after(2)) is PERSON


class TestAProof:
    async def test_a_business_may_ask_everybody(self, bots: Bots, strict: Directory) -> None:
        form = bots.form(strict, NOW)
        assert await bots.judge(strict, form, HOME, after(5)) is UNSURE
        assert await bots.judge(strict, with_proof(bots, strict, form), HOME, NOW) is PERSON

    async def test_it_is_for_one_form_only(self, bots: Bots, strict: Directory) -> None:
        proven = with_proof(bots, strict, bots.form(strict, NOW))
        assert await bots.judge(strict, replace(proven, key="another"), HOME, NOW) is UNSURE

    async def test_it_is_for_one_business_only(
        self, bots: Bots, strict: Directory, salon: Directory
    ) -> None:
        proven = with_proof(bots, salon, bots.form(strict, NOW))
        assert await bots.judge(strict, proven, HOME, NOW) is UNSURE

    async def test_it_runs_out(self, bots: Bots, strict: Directory) -> None:
        form = bots.form(strict, NOW)
        late = with_proof(bots, strict, form, age_s=PROOF_S_MAX + 1)
        assert await bots.judge(strict, late, HOME, NOW) is UNSURE

    async def test_an_easier_one_of_ones_own_does_not_do(
        self, bots: Bots, strict: Directory
    ) -> None:
        form = bots.form(strict, NOW)
        challenge = bots.challenge(strict, form.key, datetime.now(UTC))
        challenge["parameters"] |= {"cost": 1, "keyPrefix": "00"}
        own = replace(form, proof=solved(challenge))
        assert await bots.judge(strict, own, HOME, NOW) is UNSURE

    @pytest.mark.parametrize(
        "text",
        ["x", "é", "e30=", "W10=", "bnVsbA==", "//8=", "eyJjaGFsbGVuZ2UiOiAiIn0=", "W" * 60_000],
    )
    async def test_what_is_no_proof_at_all_is_none(
        self, bots: Bots, strict: Directory, text: str
    ) -> None:
        form = replace(bots.form(strict, NOW), proof=text)
        assert await bots.judge(strict, form, HOME, NOW) is UNSURE

    @pytest.mark.parametrize(
        "change",
        [
            lambda tree: tree["challenge"].update(parameters=None),
            lambda tree: tree["challenge"]["parameters"].update(cost="many"),
            lambda tree: tree["challenge"]["parameters"].update(nonce=[]),
            lambda tree: tree["challenge"].update(signature=["no"]),
            lambda tree: tree.update(solution=7),
            lambda tree: tree["solution"].update(derivedKey=None),
            lambda tree: tree["solution"].update(derivedKey="00" * 32),
        ],
    )
    async def test_a_mangled_one_is_none(
        self, bots: Bots, strict: Directory, change: Callable[[Any], None]
    ) -> None:
        proven = with_proof(bots, strict, bots.form(strict, NOW))
        tree = json.loads(base64.b64decode(proven.proof))
        change(tree)
        mangled = replace(proven, proof=base64.b64encode(json.dumps(tree).encode()).decode())
        assert await bots.judge(strict, mangled, HOME, NOW) is UNSURE

    async def test_without_one_waiting_does_for_a_few(self, bots: Bots, strict: Directory) -> None:
        form = bots.form(strict, NOW)
        assert await bots.judge(strict, form, HOME, after(WAIT_S - 0.1)) is UNSURE
        verdicts = [
            await bots.judge(strict, form, HOME, after(WAIT_S))
            for _ in range(allowed(WITHOUT_PROOF) + 1)
        ]
        assert verdicts == [PERSON] * allowed(WITHOUT_PROOF) + [UNSURE]
        assert await bots.judge(strict, form, "192.0.2.2", after(WAIT_S)) is PERSON


class TestRates:
    async def send(self, bots: Bots, directory: Directory, network: str = HOME) -> Verdict:
        return await bots.judge(directory, bots.form(directory, NOW), network, after(5))

    async def test_more_forms_than_people_send_are_doubted(
        self, bots: Bots, salon: Directory, strict: Directory
    ) -> None:
        verdicts = [await self.send(bots, salon) for _ in range(allowed(FORMS_OF_A_NETWORK) + 1)]
        assert verdicts == [PERSON] * allowed(FORMS_OF_A_NETWORK) + [UNSURE]
        assert await self.send(bots, salon, "192.0.2.2") is PERSON
        proven = with_proof(bots, salon, bots.form(salon, NOW))
        assert await bots.judge(salon, proven, HOME, after(5)) is PERSON

    async def test_from_everywhere_at_once_too(self, bots: Bots, salon: Directory) -> None:
        verdicts = {await self.send(bots, salon, f"192.0.{number}.1") for number in range(120)}
        assert verdicts == {PERSON}
        assert await self.send(bots, salon, "198.51.100.1") is UNSURE

    async def test_without_a_rate_limit_nothing_is_counted(
        self, salon: Directory, tmp_path: Path
    ) -> None:
        bots = Bots(Settings(data_dir=tmp_path, rate_limit=None))
        verdicts = {await self.send(bots, salon) for _ in range(150)}
        assert verdicts == {PERSON}


async def test_what_people_do_not_see_only_a_program_fills_in(bots: Bots, salon: Directory) -> None:
    form = with_proof(bots, salon, replace(bots.form(salon, NOW), trap="https://spam.example"))
    assert await bots.judge(salon, form, HOME, after(60)) is PROGRAM


@pytest.fixture(scope="module")
def trapped(new_database: Callable[[], str], scratch: Path) -> Iterator[RunningServer]:
    """A server as operators run it, but for how many requests it takes."""
    environment = {"BOOKONCE_FORM_TIME_MIN_S": "60", "BOOKONCE_RATE_LIMIT": "1000/minute"}
    with RunningServer(new_database(), scratch / "trapped", environment=environment) as running:
        yield running


class TestThePage:
    @pytest.fixture
    def surfer(self, trapped: RunningServer) -> Iterator[Surfer]:
        with httpx.Client(base_url=trapped.base_url, timeout=30) as client:
            yield Surfer(client)

    def test_who_is_doubted_keeps_what_was_typed_and_shows_that_they_are_no_program(
        self, trapped: RunningServer, surfer: Surfer
    ) -> None:
        business = a_business()
        trapped.apply(business)
        slug = business.business.slug

        again = surfer.send(to_the_form(surfer, slug), **ZOE, notes="gently")

        assert again.answer.status_code == 422
        assert "please wait ten seconds and send the form once more" in again.text
        assert again.fields["name"] == "Zoe"
        assert again.fields["notes"] == "gently"
        challenge = surfer.client.get(f"/{slug}/challenge", params={"key": again.fields["key"]})
        assert challenge.headers["cache-control"] == "no-store"
        own = surfer.send(again, proof=solved(challenge.json()))
        assert own.answer.status_code == 200
        assert "/a/" in str(own.answer.url)

    def test_a_challenge_is_for_a_form_of_a_business(self, surfer: Surfer) -> None:
        refused(surfer.client.get("/nobody/challenge?key=k"), 404, "NOT_FOUND")
        refused(surfer.client.get("/nobody/challenge"), 422, "VALIDATION")

    def test_who_holds_too_much_is_told_what_to_do(
        self, trapped: RunningServer, surfer: Surfer
    ) -> None:
        business = a_business(protection={"bookings_per_email": 1})
        trapped.apply(business)
        slug = business.business.slug

        def booking(hour: int) -> Reader:
            start = to_the_form(surfer, slug)
            key = start.fields["key"]
            challenge = surfer.client.get(f"/{slug}/challenge", params={"key": key}).json()
            moved = start.fields["start"].replace("T10:", f"T{hour}:")
            return surfer.send(start, **ZOE, start=moved, proof=solved(challenge))

        assert booking(10).answer.status_code == 200
        full = booking(11)
        assert full.answer.status_code == 409
        assert "Please cancel one of them, or call us." in full.text
        assert full.fields["name"] == "Zoe"


def test_who_is_too_quick_reads_it_in_their_language(
    new_database: Callable[[], str], scratch: Path
) -> None:
    environment = {"BOOKONCE_RATE_LIMIT": "1/hour"}
    with (
        RunningServer(new_database(), scratch / "quick", environment=environment) as running,
        httpx.Client(base_url=running.base_url, timeout=30) as client,
    ):
        client.post("/salon/book", headers=ENGLISH)
        page = client.post("/salon/book", headers=ENGLISH | {"Accept-Language": "de"})
        assert page.status_code == 429
        assert int(page.headers["retry-after"]) > 3000
        assert page.headers["content-type"].startswith("text/html")
        assert "Aus Ihrem Netz kamen in kurzer Zeit viele Anfragen." in page.text
        refused(client.post("/api/v1/salon/book", json={}), 429, "RATE_LIMITED")
