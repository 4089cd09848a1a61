"""Handling a folder's files with the rights of whoever owns it.

Where root handles files in a folder that a lesser user owns, that user decides what a name leads to:
a link would have root read, write or give away any file of the machine.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def as_owner_of(folder: Path) -> Iterator[None]:
    """Have this thread open files as the owner of a folder does; for other users than root nothing
    changes. Linux knows such rights of a thread; elsewhere root stays root.
    """
    owner = folder.lstat()
    change = getattr(ctypes.CDLL(None), "setfsuid", None)
    if os.geteuid() != 0 or owner.st_uid == 0 or change is None:
        yield
        return
    change_group = ctypes.CDLL(None).setfsgid
    change_group(owner.st_gid)
    change(owner.st_uid)
    try:
        yield
    finally:
        change(0)
        change_group(0)
