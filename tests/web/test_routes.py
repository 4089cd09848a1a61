"""No business can have an address at which the product itself answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Litestar

from bookonce.business.checks import RESERVED_SLUGS
from bookonce.business.document import is_slug
from bookonce.platform.settings import Settings

ROOT = Path(__file__).parents[2]

# Litestar's, of what its next version leaves out.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def built(data_dir: Path) -> Litestar:
    """The application, without the middleware around it."""
    from bookonce.web.application import create_application

    application = create_application(Settings(data_dir, database_url="postgresql://nowhere/none"))
    while not isinstance(application, Litestar):
        application = vars(application)["_app"]
    return application


def test_the_first_segment_of_every_route_is_reserved(tmp_path: Path) -> None:
    segments = {route.path.split("/")[1] for route in built(tmp_path).routes}
    ours = {segment for segment in segments if is_slug(segment)}
    assert {"api", "healthz", "schema", "static"} <= ours  # the routes were read
    assert ours - RESERVED_SLUGS == set()


def test_every_fixed_segment_below_the_office_is_reserved(tmp_path: Path) -> None:
    paths = [route.path.split("/") for route in built(tmp_path).routes]
    segments = {parts[2] for parts in paths if parts[1] == "office" and len(parts) > 2}
    ours = {segment for segment in segments if is_slug(segment)}
    assert {"account", "invitation", "link"} <= ours  # the routes were read
    assert ours - RESERVED_SLUGS == set()


def test_the_documentation_names_what_is_reserved() -> None:
    documented = (ROOT / "docs/business-file.md").read_text()
    assert f"not one of {', '.join(f'`{slug}`' for slug in sorted(RESERVED_SLUGS))} |" in documented
