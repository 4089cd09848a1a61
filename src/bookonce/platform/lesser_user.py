"""Whoever is spoken to from outside has no rights of root's.

Started by root, a server keeps root's rights for what needs them: its database and its port. The
processes that answer visitors and do jobs give them up first, for good.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import subprocess
import sys
import zoneinfo
from collections.abc import Mapping
from pathlib import Path

import bookonce
import bookonce.platform.zone_database
from bookonce.platform.embedded import EmbeddedPostgres
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.postgres_programs import can_enter, system_user
from bookonce.platform.settings import Settings
from bookonce.platform.window import open_window

USER = "_BOOKONCE_USER"
"""The variable that tells a server's processes whose rights to take. Not a setting."""
TRIAL_TIMEOUT_S = 60
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38


def lesser_user(settings: Settings) -> str | None:
    """Whose rights the processes of a server take: the one that the operator names, else the owner
    of the embedded database, or the system user. None: they keep those they have.

    Raises ValidationError for a user who isn't there or can't reach the program, and
    EmbeddedPostgresError.
    """
    if os.geteuid() != 0:
        return None
    if settings.user is not None:
        return _named(settings.user)
    user = system_user() if settings.database_url else EmbeddedPostgres(settings.data_dir).owner()
    return user.pw_name if user.pw_uid and _can_run(user) else None


def _named(name: str) -> str | None:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise _wrong(f"there is no user {name!r} on this machine") from None
    if user.pw_uid == 0:
        return None
    if not _can_run(user):
        raise _wrong(f"{name} can't reach {_folders()[0]}; install Bookonce where that user can")
    return name


def _wrong(message: str) -> ValidationError:
    return ValidationError([FieldError("BOOKONCE_USER", message)])


def _folders() -> tuple[Path, ...]:
    """All that the program is made of, and may have to read later: itself, Python, zones."""
    ours = (Path(bookonce.__file__).parent, Path(sys.prefix), Path(sys.base_prefix))
    return (*ours, *map(Path, zoneinfo.TZPATH))


def _hidden(user: pwd.struct_passwd) -> list[Path]:
    return [each for each in _folders() if not can_enter(each, user)]


def _can_run(user: pwd.struct_passwd) -> bool:
    """Whether the program works with a user's rights; where it lies hidden, a process of its own
    tries it.
    """
    if not _hidden(user):
        return True
    tried = subprocess.run(
        [sys.executable, "-m", "bookonce.platform.lesser_user", user.pw_name],
        capture_output=True,
        timeout=TRIAL_TIMEOUT_S,
        check=False,
    )
    return tried.returncode == 0


def give(folder: Path, name: str) -> None:
    """Give a folder that a server has made, with all in it, to the user of its processes."""
    user = pwd.getpwnam(name)
    for place in (folder, *folder.iterdir()):
        os.chown(place, user.pw_uid, user.pw_gid, follow_symlinks=False)


def take_rights(environment: Mapping[str, str] = os.environ) -> None:
    """Give up root's rights, if this process was told to. There is no way back."""
    if name := environment.get(USER):
        become(name)


def become(name: str) -> None:
    """Be a lesser user from now on, in all threads, without any way to more rights. Raises OSError."""
    user = pwd.getpwnam(name)
    if hidden := _hidden(user):
        open_window(hidden, user)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ["HOME"] = user.pw_dir
    if sys.platform == "linux":
        control = ctypes.CDLL(None).prctl
        control(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Without it the kernel hides the process's own connections from it.
        control(_PR_SET_DUMPABLE, 1, 0, 0, 0)


def _try_out(name: str) -> None:
    """Be a user, and read what the program is made of. Raises OSError."""
    become(name)
    for folder in _folders():
        next(folder.iterdir(), None)


if __name__ == "__main__":
    _try_out(sys.argv[1])
