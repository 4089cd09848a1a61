"""Keys: what they look like, what they give, and when they are good no longer."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from bookonce.accounts.roles import PRESETS, Right
from bookonce.availability.installation import Installation
from bookonce.business.directories import Directories
from bookonce.keys import issue, key_rows
from bookonce.keys.issue import KEYS_MAX, Wish
from bookonce.keys.scopes import RIGHTS, Scope, rights_of
from bookonce.keys.secret import is_secret, new_secret
from bookonce.platform.actor import COMMAND_LINE, ActorKind, Role
from bookonce.platform.database import Database
from bookonce.platform.errors import (
    ForbiddenError,
    NotFoundError,
    StatusConflictError,
    UnauthenticatedError,
    ValidationError,
)
from tests.factories import a_business, now
from tests.messages.conftest import Open

READ = Wish("Website", [Scope.READ])


async def made(database: Database, slug: str, wish: Wish = READ) -> tuple[key_rows.Key, str]:
    directory = await Directories(database).current(slug)
    return await issue.create(
        database, directory.business_id, wish, actor=COMMAND_LINE, rights=None, now=now()
    )


class TestSecret:
    def test_it_is_as_documented_and_never_the_same(self) -> None:
        secrets = {new_secret() for _ in range(1000)}
        assert len(secrets) == 1000
        assert all(is_secret(each) for each in secrets)
        assert all(each.startswith("bko_") and len(each) == 4 + 32 + 6 for each in secrets)

    def test_whatever_is_mistyped_is_noticed_without_the_database(self) -> None:
        rng, secret = random.Random(1), new_secret()
        for _ in range(1000):
            at = rng.randrange(4, len(secret))
            other = rng.choice([c for c in "0123456789abcXYZ" if c != secret[at]])
            assert not is_secret(secret[:at] + other + secret[at + 1 :])
        for wrong in ("", "bko_", secret[:-1], secret + "0", f" {secret}", secret + "\n"):
            assert not is_secret(wrong)


class TestScopes:
    def test_none_gives_what_needs_somebody_to_be_there(self) -> None:
        alone = {Right.MONEY, Right.EXPORT, Right.TEAM, Right.KEYS}
        assert not rights_of(Scope) & alone
        assert rights_of(Scope) | alone == set(Right)

    def test_only_settings_gives_settings(self) -> None:
        assert [scope for scope in Scope if Right.SETTINGS in RIGHTS[scope]] == [Scope.SETTINGS]
        changing = {Right.BOOK, Right.MOVE, Right.CANCEL, Right.BLOCK, Right.EDIT_CLIENTS}
        assert not RIGHTS[Scope.READ] & changing


class TestKeys:
    async def test_a_key_is_recognised_as_a_program_of_its_business(
        self, database: Database, open_business: Open
    ) -> None:
        slug = await open_business(a_business())
        key, secret = await made(database, slug)
        found, access = await issue.recognise(database, secret, now=now())
        assert (found.id, access.business_id) == (key.id, key.business_id)
        assert (access.actor.kind, access.actor.name) == (ActorKind.KEY, "Website")
        assert access.rights == RIGHTS[Scope.READ]
        assert access.account_id is None

    async def test_only_a_hash_is_kept(self, database: Database, open_business: Open) -> None:
        _, secret = await made(database, await open_business(a_business()))
        async with database.connection() as connection:
            row = await connection.fetchrow("SELECT api_key::text AS text FROM api_key")
        assert row is not None
        assert secret[8:] not in row["text"]
        assert secret[:8] in row["text"]

    async def test_a_revoked_or_expired_one_is_nobodys(
        self, database: Database, open_business: Open
    ) -> None:
        slug = await open_business(a_business())
        key, secret = await made(database, slug)
        brief = Wish("Brief", [Scope.READ], now() + timedelta(hours=1))
        _, passing = await made(database, slug, brief)
        await issue.recognise(database, passing, now=now())
        with pytest.raises(UnauthenticatedError):
            await issue.recognise(database, passing, now=now() + timedelta(hours=1))
        await issue.revoke(database, key.business_id, key.id, actor=COMMAND_LINE, now=now())
        with pytest.raises(UnauthenticatedError):
            await issue.recognise(database, secret, now=now())
        with pytest.raises(UnauthenticatedError):
            await issue.recognise(database, new_secret(), now=now())

    async def test_another_business_can_not_revoke_it(
        self, database: Database, open_business: Open
    ) -> None:
        key, secret = await made(database, await open_business(a_business()))
        other = await Directories(database).current(await open_business(a_business()))
        with pytest.raises(NotFoundError):
            await issue.revoke(database, other.business_id, key.id, actor=COMMAND_LINE, now=now())
        await issue.recognise(database, secret, now=now())

    async def test_nobody_grants_more_than_they_have(
        self, database: Database, open_business: Open
    ) -> None:
        directory = await Directories(database).current(await open_business(a_business()))

        async def make(rights: frozenset[Right], *scopes: Scope) -> None:
            await issue.create(
                database, directory.business_id, Wish("x", scopes),
                actor=COMMAND_LINE, rights=rights, now=now(),
            )  # fmt: skip

        await make(PRESETS[Role.OWNER], *Scope)
        with pytest.raises(ForbiddenError) as caught:
            await make(PRESETS[Role.RECEPTION] | {Right.KEYS}, Scope.SETTINGS)
        assert caught.value.facts["right"] == "settings"

    async def test_its_use_is_noted_once_a_minute(
        self, database: Database, open_business: Open
    ) -> None:
        _, secret = await made(database, await open_business(a_business()))
        first = now()
        noted = []
        for later in (0, 30, 59, 61, 90):
            await issue.recognise(database, secret, now=first + timedelta(seconds=later))
            key, _ = await issue.recognise(database, secret, now=first)
            noted.append(key.last_used_at)
        assert noted == [first, first, first, first + timedelta(seconds=61), noted[-2]]

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            (Wish("", [Scope.READ]), "name"),
            (Wish("  \u200b", [Scope.READ]), "name"),
            (Wish("\u202egnp", [Scope.READ]), "name"),
            (Wish("x" * 101, [Scope.READ]), "name"),
            (Wish("x", []), "scopes"),
            (Wish("x", [Scope.READ], datetime(2020, 1, 1, tzinfo=UTC)), "expires_at"),
        ],
        ids=str,
    )
    async def test_a_bad_wish_is_refused_with_what_is_wrong(
        self, database: Database, open_business: Open, wish: Wish, field: str
    ) -> None:
        slug = await open_business(a_business())
        with pytest.raises(ValidationError) as caught:
            await made(database, slug, wish)
        assert [error.field for error in caught.value.errors] == [field]

    async def test_there_is_an_end_to_how_many(
        self, installation: Installation, open_business: Open
    ) -> None:
        slug = await open_business(a_business())
        for _ in range(KEYS_MAX):
            await made(installation.database, slug)
        with pytest.raises(StatusConflictError, match="revoke one"):
            await made(installation.database, slug)
