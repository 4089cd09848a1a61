"""Which build this is: the version, and the commit if it is known, as in "0.1.0+g1a2b3c4d5e6f"."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from bookonce import __version__


@lru_cache
def identity() -> str:
    """The version with the commit as its local part."""
    commit = _packaged() or _checked_out()
    return f"{__version__}+g{commit}" if commit else __version__


def _packaged() -> str:
    """The commit that a wheel was built from (`hatch_build.py`)."""
    try:
        return files("bookonce").joinpath("COMMIT").read_text().strip()
    except OSError:
        return ""


def _checked_out() -> str:
    """The commit of the checkout that this code lies in."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--abbrev=12", "--dirty=.changed",
             "--match=", "--exclude=*"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return done.stdout.strip()
