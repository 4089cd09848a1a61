"""How many examples a property is tried with.

`make test` tries the same few hundred every time, so that a run says something about the change
at hand; `TEST_EXAMPLES=10000` tries that many new ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_WANTED = int(os.environ.get("TEST_EXAMPLES", "0"))
_TIMEOUT_S = 300  # hundreds of examples, also on a busy machine
_NIGHTLY_TIMEOUT_S = 4 * 3600


def examples(number: int) -> Callable[[Any], Any]:
    """Try a property with `number` examples, or with `TEST_EXAMPLES` if those are more."""
    settled = settings(
        max_examples=max(number, _WANTED),
        derandomize=not _WANTED,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

    def decorate(test: Any) -> Any:
        return pytest.mark.timeout(_NIGHTLY_TIMEOUT_S if _WANTED else _TIMEOUT_S)(settled(test))

    return decorate
