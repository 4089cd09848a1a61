"""Telling people from programs that fill in every form, without asking anybody else.

A field that people don't see, and a time in which nobody can have typed, are always looked at. A
proof of work (ALTCHA) is asked for when the business wants one of everybody, when a form came
faster than people type, or when more forms come than people send. A browser with JavaScript finds
it by itself; without, waiting does as well, for a few bookings from each network. A program that
books over the API is asked for one when it books more than people do.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import altcha

from bookonce.business.directory import Directory
from bookonce.business.keyed_hash import keyed_hash
from bookonce.platform.settings import Settings
from bookonce.web.booking_page.form import Form
from bookonce.web.client_address import wider_networks
from bookonce.web.counts import Counts, Kind

FORMS_OF_A_NETWORK = "20/10minutes"
FORMS_OF_A_BUSINESS = "120/10minutes"
WITHOUT_PROOF = "5/10minutes"
"""How many bookings of a network may be proven by waiting."""
WAIT_S = 10
STAMP_S_MAX = 24 * 3600
PROOF_S_MAX = 600
ALGORITHM, COST = "PBKDF2/SHA-256", 2_000  # about a millisecond
COUNTER_MIN, COUNTER_MAX = 100, 300  # how often a browser does that


class Verdict(Enum):
    """Who sent a form."""

    PERSON = "person"
    PROGRAM = "program"
    UNSURE = "unsure"  # a proof of work tells, or waiting


class Bots:
    """What a server has seen of late; its workers count together."""

    def __init__(self, settings: Settings) -> None:
        self._secret_key = settings.secret_key
        self._form_time_min_s = settings.form_time_min_s
        self._watches_rates = settings.rate_limit is not None
        self._of_a_network = Counts(Kind.FORMS_OF_A_NETWORK, FORMS_OF_A_NETWORK)
        self._of_a_business = Counts(Kind.FORMS_OF_A_BUSINESS, FORMS_OF_A_BUSINESS)
        self._without_proof = Counts(Kind.WITHOUT_PROOF, WITHOUT_PROOF)

    def form(self, directory: Directory, now: datetime) -> Form:
        """An empty form, shown now."""
        return self._stamped(directory, Form(), _seconds(now))

    def shown_again(self, directory: Directory, form: Form, now: datetime) -> Form:
        """The form of somebody we are unsure of: as it was, with a stamp if it had no good one."""
        if self._waited_s(directory, form, now) >= 0:
            return form
        return self._stamped(directory, form, _seconds(now))

    def instead(self, directory: Directory, form: Form, new: Form) -> Form:
        """A form for another try, `new`, which has been shown for as long as the one before."""
        shown_s = self._shown_s(directory, form)
        return replace(new, stamp="") if shown_s is None else self._stamped(directory, new, shown_s)

    def _stamped(self, directory: Directory, form: Form, shown_s: str) -> Form:
        """A form with its stamp, which is good for its key alone: a key books once, whichever worker
        is asked, and so does a stamp.
        """
        return replace(form, stamp=f"{shown_s}.{self._signature(directory, shown_s, form.key)}")

    def challenge(self, directory: Directory, key: str, now: datetime) -> dict[str, Any]:
        """A proof of work for the form with this idempotency key, and no other."""
        made: dict[str, Any] = altcha.create_challenge(
            ALGORITHM,
            COST,
            counter=COUNTER_MIN + secrets.randbelow(COUNTER_MAX - COUNTER_MIN + 1),
            expires_at=now + timedelta(seconds=PROOF_S_MAX),
            data={"key": key},
            hmac_secret=self._secret(directory, "challenge"),
            hmac_key_secret=self._secret(directory, "solution"),
        ).to_dict()
        return made

    async def judge(self, directory: Directory, form: Form, network: str, now: datetime) -> Verdict:
        """Who sent a form from a network."""
        rates_wrong = self.doubts(directory.slug, network)
        if form.trap:
            return Verdict.PROGRAM
        if self.proves(directory, form.key, form.proof):
            return Verdict.PERSON
        waited_s = self._waited_s(directory, form, now)
        asks = directory.business.protection.proof_of_work or rates_wrong
        if not asks and waited_s >= self._form_time_min_s:
            return Verdict.PERSON
        if waited_s >= WAIT_S and _room(self._without_proof, directory.slug, network):
            return Verdict.PERSON
        return Verdict.UNSURE

    def doubts(self, slug: str, network: str) -> bool:
        """Count a form, or a booking over the API; whether more come than people send."""
        if not self._watches_rates:
            return False
        of_network = _room(self._of_a_network, slug, network)
        of_business = not self._of_a_business.wait_s(slug, time.time())
        return not (of_network and of_business)

    def _waited_s(self, directory: Directory, form: Form, now: datetime) -> float:
        """How long ago a form was shown; -1 if nobody can tell, or it was too long ago."""
        shown_s = self._shown_s(directory, form)
        if shown_s is None:
            return -1
        waited_s = now.timestamp() - float(shown_s)
        return waited_s if waited_s <= STAMP_S_MAX else -1

    def _shown_s(self, directory: Directory, form: Form) -> str | None:
        """When a form was shown; None if its stamp isn't one of ours, made for its key."""
        shown_s, _, signature = form.stamp.rpartition(".")
        expected = self._signature(directory, shown_s, form.key)
        is_ours = hmac.compare_digest(expected.encode(), signature.encode())
        return shown_s if is_ours else None

    def proves(self, directory: Directory, key: str, proof: str) -> bool:
        """Whether a proof of work was found for the request with this idempotency key."""
        if not proof:
            return False
        try:
            payload = altcha.Payload.from_base64(proof)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return False
        if payload.challenge.parameters.data != {"key": key}:
            return False
        return bool(
            altcha.verify_solution(
                payload,
                self._secret(directory, "challenge"),
                hmac_key_secret=self._secret(directory, "solution"),
            ).verified
        )

    def _signature(self, directory: Directory, shown_s: str, key: str) -> str:
        return keyed_hash(directory, self._secret_key, "stamp", f"{shown_s} {key}").hex()

    def _secret(self, directory: Directory, purpose: str) -> bytes:
        return keyed_hash(directory, self._secret_key, purpose, "")


def _seconds(now: datetime) -> str:
    return str(int(now.timestamp() * 1000) / 1000)


def _room(counts: Counts, slug: str, network: str) -> bool:
    """Count it for the network and those around it; whether none has had too many."""
    now_s = time.time()
    waits = [counts.wait_s(f"{slug} {one}", now_s, times) for one, times in wider_networks(network)]
    return not any(waits)
