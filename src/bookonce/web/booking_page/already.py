"""What a visitor is told who has the time already that they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Already:
    """An appointment that the visitor has; `url` only if they have shown that it is theirs."""

    url: str = ""
    when: Mapping[str, str] = field(default_factory=dict)
    is_same_time: bool = True
