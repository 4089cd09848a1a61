"""How long a process is given to end what it has begun, in seconds."""

from __future__ import annotations

WEB_WORKER_GRACE_S = 30
"""For the requests in flight; it is killed then."""
JOBS_CHILD_GRACE_S = 30
"""For the jobs process, before its server kills it."""
JOBS_PROCESS_GRACE_S = 25
"""For the jobs process, before it ends itself: more than a worker gives what is under way, less
than a web worker has."""
