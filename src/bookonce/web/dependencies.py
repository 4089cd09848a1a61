"""What handlers are given by the application, as parameter types."""

from __future__ import annotations

from typing import Annotated

from litestar.openapi.spec import Example
from litestar.params import Dependency, Parameter

from bookonce.availability.installation import Installation
from bookonce.platform.settings import Settings
from bookonce.web.booking_page.bots import Bots
from bookonce.web.readiness import Readiness

Here = Annotated[Installation, Dependency(skip_validation=True)]
"""The installation that answers; the parameter is named `installation`."""

Slug = Annotated[
    str,
    Parameter(description="the business's address", examples=[Example("demo", value="lumen")]),
]
"""Which business is meant; the path parameter is named `slug`."""

Configured = Annotated[Settings, Dependency(skip_validation=True)]
"""The settings it runs with; the parameter is named `settings`."""

Watching = Annotated[Bots, Dependency(skip_validation=True)]
"""What tells people from programs; the parameter is named `bots`."""

Watched = Annotated[Readiness, Dependency(skip_validation=True)]
"""Whether requests should be sent here; the parameter is named `readiness`."""
