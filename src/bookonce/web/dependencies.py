"""What handlers are given by the application, as parameter types."""

from __future__ import annotations

from typing import Annotated

from litestar.params import Dependency

from bookonce.services.installation import Installation
from bookonce.settings import Settings

Here = Annotated[Installation, Dependency(skip_validation=True)]
"""The installation that answers; the parameter is named `installation`."""

Configured = Annotated[Settings, Dependency(skip_validation=True)]
"""The settings it runs with; the parameter is named `settings`."""
