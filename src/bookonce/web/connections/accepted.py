"""How many connections a worker accepts."""

from __future__ import annotations

import resource

ACCEPTED_MAX = 4_096
"""The next ones wait in the kernel."""
OTHER_FILES = 512
"""What a process opens besides: the database, modules, logs."""


def accepted_max() -> int:
    """How many connections a worker may accept here. Raises this process's limit of open files as
    far as it may, and with it that of the workers that it starts.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = ACCEPTED_MAX + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return ACCEPTED_MAX
    return max(64, min(ACCEPTED_MAX, soft - OTHER_FILES))
