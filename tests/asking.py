"""`httpx.get` and `httpx.post` with the patience that a busy machine needs."""

from __future__ import annotations

from functools import partial

import httpx

ANSWER_TIMEOUT_S = 30.0

get = partial(httpx.get, timeout=ANSWER_TIMEOUT_S)
post = partial(httpx.post, timeout=ANSWER_TIMEOUT_S)
