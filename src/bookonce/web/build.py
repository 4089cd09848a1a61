"""What browsers load, as frontend/build.mjs built it: read once and held in memory.

It knows nothing of serving, so that a server can say that its pages are missing before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

import msgspec

PATH = "/static/built"
_SUFFIXES = {"br": ".br", "gzip": ".gz"}  # the smallest first
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript"}


class NotBuiltError(RuntimeError):
    """What browsers load hasn't been built in this checkout."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, as it is and as smaller versions of it."""

    media_type: str
    content: bytes
    smaller: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Build:
    """Everything of one build: files by their name there, and those names by the logical ones."""

    names: Mapping[str, str]
    assets: Mapping[str, Asset]


@lru_cache
def build() -> Build:
    """The build that is there. Raises NotBuiltError."""
    folder = files("bookonce.web").joinpath("assets", "built")
    try:
        manifest = folder.joinpath("manifest.json").read_bytes()
        names = msgspec.json.decode(manifest, type=dict[str, str])
        return Build(names, {file: _asset(folder, file) for file in names.values()})
    except FileNotFoundError as error:
        raise NotBuiltError(
            f"{error.filename} is missing: what browsers load hasn't been built. "
            "Run `make run`, or in frontend/ `npm ci && npm run build`."
        ) from None


def _asset(folder: Traversable, file: str) -> Asset:
    return Asset(
        _MEDIA_TYPES[PurePosixPath(file).suffix],
        folder.joinpath(file).read_bytes(),
        {
            coding: folder.joinpath(file + suffix).read_bytes()
            for coding, suffix in _SUFFIXES.items()
        },
    )


def asset_url(name: str) -> str:
    """Where browsers find a file, by its logical name: "page.css"."""
    return f"{PATH}/{build().names[name]}"
