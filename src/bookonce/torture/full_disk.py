"""A disk that is full for a moment: a file system in memory, as small as what it holds.

It is mounted where a database's folder shall be, which takes root and a kernel that allows it;
inside most containers it isn't to be had. Shrinking it to what it holds makes every further byte
fail with "no space left on device", for the tables and for the log that is written ahead of them,
and growing it again takes that back. It keeps nothing in reserve for root or for the database.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_ATTEMPTS = 20  # the database may be writing while its volume is made smaller


class VolumeError(Exception):
    """No such volume can be had on this machine; the message says why."""


class Volume:
    """A file system of its own under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._size_bytes = 0

    def mount(self) -> None:
        """Put it there. Raises VolumeError."""
        if not sys.platform.startswith("linux") or os.geteuid() != 0:
            raise VolumeError("only root on Linux may mount a small volume")
        self.folder.mkdir(parents=True, mode=0o711)
        try:
            _run("mount", "-t", "tmpfs", "-o", "mode=0711", "bookonce-torture", str(self.folder))
        except VolumeError:
            self.folder.rmdir()
            raise
        self._size_bytes = self._held_bytes(free=True)

    def fill(self) -> None:
        """Leave no room on it. Raises VolumeError."""
        for _ in range(_ATTEMPTS):
            with suppress(VolumeError):  # it has grown since it was measured
                self._resize(self._held_bytes(free=False))
                return
        raise VolumeError(f"{self.folder} can't be filled")

    def free(self) -> None:
        """Give the room back. Raises VolumeError."""
        self._resize(self._size_bytes)

    def unmount(self) -> None:
        """Take it away with all it holds; at once for us, later if somebody still uses it."""
        if self._size_bytes:
            _run("umount", "--lazy", str(self.folder))
            self._size_bytes = 0

    def _resize(self, size_bytes: int) -> None:
        _run("mount", "-o", f"remount,size={size_bytes}", str(self.folder))

    def _held_bytes(self, *, free: bool) -> int:
        """What it holds, or could hold."""
        state = os.statvfs(self.folder)
        return state.f_frsize * (state.f_blocks - (0 if free else state.f_bfree))


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise VolumeError(f"{error.filename} isn't installed") from None
    if done.returncode != 0:
        raise VolumeError((done.stderr or f"{command[0]} failed").strip())
