"""Whose rights the processes take that answer visitors and do jobs."""

from __future__ import annotations

import os
from pathlib import Path

from bookonce.cli.output import warn
from bookonce.platform.lesser_user import USER, give, lesser_user
from bookonce.platform.settings import Settings


def tell_lesser_user(settings: Settings, *folders: Path) -> str | None:
    """Have the processes that are started from here on give up root's rights, and give them these
    folders. Whose rights they take; None if they keep those they have.

    Raises ValidationError and EmbeddedPostgresError.
    """
    name = lesser_user(settings)
    if name is None:
        if os.geteuid() == 0 and settings.user is None:
            warn(
                "requests and jobs run as root, because no lesser user can reach Bookonce's own "
                "folder; install it outside of /root, or run it as an ordinary user"
            )
        return None
    os.environ[USER] = name
    for folder in folders:
        give(folder, name)
    return name
