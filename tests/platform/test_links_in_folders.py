"""As root, in a folder that a lesser user owns: that user's links lead nowhere."""

from __future__ import annotations

import os
import pwd
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.file_rights import as_owner_of
from bookonce.platform.postgres_programs import EmbeddedPostgresError, system_user
from bookonce.platform.settings import Settings

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has others' rights")
BINARIES = Settings.read().postgres_bin


@pytest.fixture
def lesser() -> pwd.struct_passwd:
    return system_user()


@pytest.fixture
def folder(scratch: Path, lesser: pwd.struct_passwd) -> Iterator[Path]:
    """A data directory that the lesser user has made."""
    made = scratch / uuid.uuid4().hex[:8]
    made.mkdir(mode=0o700)
    os.chown(made, lesser.pw_uid, lesser.pw_gid)
    yield made
    for place in (made, made / "postgres"):
        for each in place.iterdir() if place.exists() else ():
            if each.is_symlink():
                each.unlink()
    if (made / "postgres").exists():
        EmbeddedPostgres(made, BINARIES).stop_if_running()


@pytest.fixture
def roots(scratch: Path) -> Path:
    """A file of root's that nobody else may read or write."""
    file = scratch / f"secret-{uuid.uuid4().hex[:8]}"
    file.write_text("of root's")
    file.chmod(0o600)
    return file


def is_untouched(roots: Path) -> bool:
    found = roots.stat()
    return (found.st_uid, roots.read_text()) == (0, "of root's")


@pytest.mark.parametrize("name", ["postgres.lock", "users.lock", "postgres.path"])
def test_a_link_in_place_of_a_file_is_not_followed(folder: Path, roots: Path, name: str) -> None:
    (folder / name).symlink_to(roots)
    with pytest.raises(OSError):
        EmbeddedPostgres(folder, BINARIES).acquire()
    assert is_untouched(roots)


def test_a_lock_is_not_made_elsewhere(folder: Path, scratch: Path) -> None:
    elsewhere = scratch / f"made-{uuid.uuid4().hex[:8]}"
    (folder / "postgres.lock").symlink_to(elsewhere)
    with pytest.raises(OSError):
        EmbeddedPostgres(folder, BINARIES).acquire()
    assert not elsewhere.exists()


@pytest.mark.parametrize("name", ["bookonce.ready", "pg_ident.conf", "start.log"])
def test_nor_one_in_the_cluster(folder: Path, roots: Path, name: str) -> None:
    embedded = EmbeddedPostgres(folder, BINARIES)
    embedded.acquire()
    embedded.release()
    cluster = folder / "postgres"
    (cluster / "bookonce.ready").unlink()
    (cluster / name).unlink(missing_ok=True)
    (cluster / name).symlink_to(roots)
    with pytest.raises((OSError, EmbeddedPostgresError)) as refusal:
        embedded.acquire()
    assert "of root's" not in str(refusal.value)
    assert is_untouched(roots)


def test_another_s_cluster_is_not_run(folder: Path, scratch: Path) -> None:
    others = scratch / f"others-{uuid.uuid4().hex[:8]}"
    others.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(others, nobody.pw_uid, nobody.pw_gid)
    (folder / "postgres.path").write_text(f"{others}\n")
    with pytest.raises(EmbeddedPostgresError, match="belongs to another user"):
        EmbeddedPostgres(folder, BINARIES).acquire()


async def test_what_is_made_there_belongs_to_who_owns_it(
    folder: Path, lesser: pwd.struct_passwd
) -> None:
    embedded = EmbeddedPostgres(folder, BINARIES)
    connection = await asyncpg.connect(embedded.acquire())
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    made = [*folder.iterdir(), folder / "postgres" / "pg_hba.conf"]
    assert {each.lstat().st_uid for each in made} == {lesser.pw_uid}
    assert embedded.release()


async def test_locks_of_root_s_that_an_earlier_version_left_are_replaced(
    folder: Path, lesser: pwd.struct_passwd
) -> None:
    for name in ("postgres.lock", "users.lock"):
        (folder / name).touch(mode=0o600)
    embedded = EmbeddedPostgres(folder, BINARIES)
    embedded.acquire()
    assert (folder / "postgres.lock").lstat().st_uid == lesser.pw_uid
    embedded.release()


def test_rights_come_back(folder: Path, roots: Path) -> None:
    with as_owner_of(folder), pytest.raises(PermissionError):
        roots.read_text()
    assert is_untouched(roots)
    shutil.rmtree(folder)
    folder.mkdir()
