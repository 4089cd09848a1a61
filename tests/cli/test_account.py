"""`bookonce account`: invitations, sign-in links, who is in, and out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bookonce.business import toml_file
from tests.cli.commands import bookonce, refused
from tests.cli.conftest import Run
from tests.factories import a_business, new_slug
from tests.running import RunningServer

LINK = re.compile(r"(http://127\.0\.0\.1:8000)/office/(invitation|link)/[\w-]{43}\n")


@pytest.fixture
def slug(run: Run, tmp_path: Path) -> str:
    """A salon of the test's own."""
    slug = new_slug()
    file = tmp_path / "salon.toml"
    file.write_text(toml_file.render(a_business(slug)))
    assert run("apply", file).code == 0
    return slug


def test_an_invitation_is_a_link_and_nothing_else(run: Run, slug: str) -> None:
    done = run("account", "invite", "zoe@example.com", "--business", slug, "--role", "owner")
    assert done.code == 0, done
    assert LINK.fullmatch(done.out)
    listed = run("account", "list", "--business", slug)
    assert "zoe@example.com" in listed.out
    assert "invited" in listed.out


def test_an_invitation_says_who_is_asked_in(run: Run, slug: str) -> None:
    done = run(
        "account", "invite", "Ada@Example.com", "--business", slug, "--role", "staff",
        "--staff", "ada", "--name", "Ada",
    )  # fmt: skip
    assert done.code == 0, done
    listed = run("account", "list").out
    line = next(line for line in listed.splitlines() if "ada@example.com" in line and slug in line)
    for word in ("Ada", "staff", "ada"):
        assert word in line


def test_what_is_wrong_is_named(run: Run, slug: str) -> None:
    invite = ("account", "invite", "zoe@example.com", "--role", "staff")
    refused(run(*invite, "--business", "nowhere"), "no such business")
    refused(run(*invite, "--business", slug, "--staff", "eve"), "'eve'", "ada")
    refused(run("account", "invite", "zoe", "--business", slug, "--role", "owner"), "email")
    refused(run("account", "link", "nobody@example.com"), "nobody@example.com")
    refused(
        run("account", "remove", "nobody@example.com", "--business", slug), "nobody@example.com"
    )
    assert run(*invite[:-1], "chief", "--business", slug).code == 2


def test_who_is_out_is_not_in(run: Run, slug: str) -> None:
    invite = ("account", "invite", "zoe@example.com", "--business", slug, "--role", "owner")
    remove = ("account", "remove", "Zoe@example.com", "--business", slug)
    assert run(*invite).code == 0
    assert "no longer" in run(*remove).out
    assert "zoe@example.com" not in run("account", "list", "--business", slug).out
    refused(run(*remove), "zoe@example.com")


def test_an_account_may_be_let_open_businesses(run: Run, slug: str) -> None:
    refused(run("account", "opening", "nobody@example.com"), "nobody@example.com")
    assert run("account", "opening", "nobody").code == 1


def test_links_begin_with_the_public_address(database_url: str, slug: str) -> None:
    done = bookonce(
        "account", "invite", "zoe@example.com", "--business", slug, "--role", "owner",
        "--database-url", database_url, BOOKONCE_PUBLIC_URL="https://book.example.com",
    )  # fmt: skip
    assert done.out.startswith("https://book.example.com/office/invitation/")


def test_links_begin_with_the_address_that_is_served(
    new_database: Callable[[], str], scratch: Path
) -> None:
    url = new_database()
    with RunningServer(url, scratch / "served") as server:
        slug = new_slug()
        server.apply(a_business(slug))
        done = bookonce(
            "account", "invite", "zoe@example.com", "--business", slug, "--role", "owner",
            "--database-url", url,
        )  # fmt: skip
        assert done.out.startswith(f"{server.base_url}/office/invitation/")


def test_an_empty_installation_prints_a_link_for_the_first_owner(
    new_database: Callable[[], str], scratch: Path
) -> None:
    with RunningServer(new_database(), scratch / "empty") as server:
        server.stop()
        assert re.search(rf"{server.base_url}/office/invitation/[\w-]{{43}}\n", server.log())
