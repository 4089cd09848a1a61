"""The cast of the office: Alice owns, Bob works with her, Charlie is an outsider with a business of
their own. Each has a browser, which keeps cookies and says where its requests come from.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import httpx

from bookonce.accounts import account_rows, hashing, members
from bookonce.accounts.links import make_sign_in_link
from bookonce.accounts.roles import Post
from bookonce.business.directories import Directories
from bookonce.platform.actor import COMMAND_LINE, Role
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.seals import Purpose, unseal
from tests.factories import a_business, a_staff_member, new_slug
from tests.running import RunningServer

T = TypeVar("T")
COOKIE = "bookonce_office"
PASSWORD = "seven lamps near Tromsø 41"
_FORM_TOKEN = re.compile(r'name="form_token" value="([^"]*)"')


def in_database(url: str, act: Callable[[Database], Awaitable[T]]) -> T:
    """Do something with a database, whatever loop the test has."""

    async def run() -> T:
        database = Database(url, connections_max=8)
        await database.open()
        try:
            return await act(database)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(asyncio.run, run()).result()


class Person:
    """Somebody with a browser."""

    def __init__(self, server: RunningServer, email: str, name: str) -> None:
        self.server, self.email, self.name = server, email, name
        self.browser = self.new_browser()

    def new_browser(self, **headers: str) -> httpx.Client:
        """Another browser of theirs, in which nobody is signed in."""
        return httpx.Client(
            base_url=self.server.base_url,
            timeout=30,
            headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin", **headers},
        )

    def link(self) -> str:
        """A sign-in link for them."""
        assert self.server.database_url is not None
        token = in_database(
            self.server.database_url,
            lambda database: make_sign_in_link(database, self.email, now=datetime.now(UTC)),
        )
        return f"/office/link/{token}"

    def sign_in(self, browser: httpx.Client | None = None) -> httpx.Client:
        """Sign in by a link."""
        browser = browser or self.browser
        answer = browser.post(self.link())
        assert answer.status_code == 303, answer.text
        return browser

    def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return self.browser.get(path)

    def post(self, path: str, page: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form of a page: the one it is sent to unless another is named."""
        return self.browser.post(path, data={"form_token": self.form_token(page or path)} | fields)

    def form_token(self, page: str) -> str:
        """What the forms of a page carry."""
        answer = self.browser.get(page)
        match = _FORM_TOKEN.search(answer.text)
        assert match, answer.text
        return match[1]


class Cast:
    """A salon with Alice and Bob, and Charlie's beside it, on a running server."""

    def __init__(self, server: RunningServer, bob: Post | None = None) -> None:
        self.server = server
        self.slug, self.other_slug = new_slug(), new_slug()
        for slug, name in ((self.slug, "Lumen Hair"), (self.other_slug, "Umbra")):
            staff = [a_staff_member("ada"), a_staff_member("ben")]
            server.apply(a_business(slug, name=name, staff=staff))
        self.alice = self._person("alice", self.slug, Post(Role.OWNER))
        self.bob = self._person("bob", self.slug, bob or Post(Role.RECEPTION))
        self.charlie = self._person("charlie", self.other_slug, Post(Role.OWNER))

    def close(self) -> None:
        """Close the browsers."""
        for person in (self.alice, self.bob, self.charlie):
            person.browser.close()

    def do(self, act: Callable[[Database], Awaitable[T]]) -> T:
        """Do something in the server's database."""
        assert self.server.database_url is not None
        return in_database(self.server.database_url, act)

    def business_id(self, slug: str | None = None) -> UUID:
        """The id of a salon."""

        async def find(database: Database) -> UUID:
            return (await Directories(database).current(slug or self.slug)).business_id

        return self.do(find)

    def account_id(self, person: Person) -> UUID:
        """The id of somebody's account."""
        found = self.do(lambda database: database.run(account_rows.by_email, person.email))
        assert found is not None
        return found.account_id

    def set_password(self, person: Person, password: str = PASSWORD) -> None:
        """Give somebody a password."""
        account_id = self.account_id(person)

        async def act(database: Database) -> None:
            await database.run(
                account_rows.set_password, account_id, await hashing.hashed(password)
            )

        self.do(act)

    def let_proof_run_out(self) -> None:
        """Have every session's last proof be too long ago."""

        async def age(connection: Connection) -> None:
            await connection.execute("UPDATE session SET proved_at = now() - interval '11 minutes'")

        self.do(lambda database: database.run(age))

    def sealed_secret(self, person: Person) -> str:
        """The secret of somebody's codes, proposed or in use."""
        account_id = self.account_id(person)

        async def read(connection: Connection) -> bytes:
            sealed: bytes = await connection.fetchval(
                "SELECT coalesce(totp_proposed, totp_sealed) FROM account WHERE account_id = $1",
                account_id,
            )
            return sealed

        sealed = self.do(lambda database: database.run(read))
        secret = unseal(sealed, account_id, "", Purpose.TOTP)
        assert secret is not None
        return secret

    def forget_steps(self, person: Person) -> None:
        """Have the code of this half minute be good once more."""
        account_id = self.account_id(person)

        async def forget(connection: Connection) -> None:
            await connection.execute(
                "UPDATE account SET totp_step = NULL WHERE account_id = $1", account_id
            )

        self.do(lambda database: database.run(forget))

    def give_post(self, person: Person, post: Post) -> None:
        """Have somebody be something else in the salon."""
        business_id, account_id = self.business_id(), self.account_id(person)
        self.do(
            lambda database: members.change_post(
                database, business_id, account_id, post,
                by=None, actor=COMMAND_LINE, now=datetime.now(UTC),
            )
        )  # fmt: skip

    def _person(self, name: str, slug: str, post: Post) -> Person:
        person = Person(self.server, f"{name}@{slug}.example", name.capitalize())
        self.join(person, slug, post)
        return person

    def join(self, person: Person, slug: str, post: Post) -> None:
        """Have somebody belong to a salon."""
        business_id = self.business_id(slug)
        self.do(
            lambda database: members.settle(
                database, business_id, person.email, person.name, post,
                actor=COMMAND_LINE, now=datetime.now(UTC),
            )
        )  # fmt: skip


def expire_links(url: str) -> None:
    """Have every link be over."""

    async def expire(connection: Connection) -> None:
        await connection.execute("UPDATE account_link SET expires_at = now() - interval '1 s'")

    in_database(url, lambda database: database.run(expire))
