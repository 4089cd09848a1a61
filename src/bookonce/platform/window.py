"""A view of the file system in which a folder that is closed to a user shows only what they need.

A program that lies in /root can't be read by anyone else. This process, and no other, sees an empty
folder in its place, with nothing in it but the program's own folders, for reading.
"""

from __future__ import annotations

import ctypes
import os
import pwd
from collections.abc import Sequence
from pathlib import Path

from bookonce.platform.postgres_programs import can_enter

_CLONE_NEWNS = 0x00020000
_MS_RDONLY, _MS_NOSUID, _MS_REMOUNT, _MS_BIND = 1, 2, 32, 4096
_MS_REC, _MS_PRIVATE = 16384, 1 << 18


def open_window(folders: Sequence[Path], user: pwd.struct_passwd) -> None:
    """Show these folders to a user, and hide what lies beside them. Needs root's rights.

    Raises OSError where the system knows no such views or doesn't allow them.
    """
    closed = {folder: _closed_part(folder, user) for folder in folders}
    _call("unshare", _CLONE_NEWNS)
    _mount(b"none", Path("/"), None, _MS_REC | _MS_PRIVATE)
    # Reached by these afterwards. Those of the view before can't be shown in this one.
    held = {folder: os.open(folder, os.O_PATH) for folder in folders}
    try:
        for place in sorted(set(closed.values())):
            _mount(b"tmpfs", place, b"tmpfs", _MS_NOSUID, b"mode=755,size=1m")
        for folder, descriptor in held.items():
            folder.mkdir(parents=True, exist_ok=True)
            _mount(b"/proc/self/fd/%d" % descriptor, folder, None, _MS_BIND | _MS_REC)
            _mount(b"none", folder, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY)
        for place in set(closed.values()):
            _mount(b"none", place, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY)
    finally:
        for descriptor in held.values():
            os.close(descriptor)


def _closed_part(folder: Path, user: pwd.struct_passwd) -> Path:
    """The outermost folder on the way to this one that a user can't enter."""
    way = [*reversed(folder.parents), folder]
    return next(each for each in way if not can_enter(each, user))


def _mount(
    source: bytes, target: Path, kind: bytes | None, flags: int, options: bytes | None = None
) -> None:
    _call("mount", source, os.fsencode(target), kind, ctypes.c_ulong(flags), options)


def _call(name: str, *arguments: object) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        raise OSError(f"this system has no {name}")
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
