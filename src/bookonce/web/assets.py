"""What browsers load, as frontend/build.mjs built it: read once, held in memory, sent compressed.

Pages name the files by their fingerprint and may keep them for ever. `/embed.js` is named by other
people's pages, so it keeps its name and is asked for again after five minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from bookonce.web.errors import problem

PATH = "/static/built"
EMBED = "embed.js"
FOR_EVER = "public, max-age=31536000, immutable"
FIVE_MINUTES = "public, max-age=300"
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

    def answer(self, request: Request[Any, Any, Any], headers: dict[str, str]) -> Response[bytes]:
        """The version that suits the request, or 304 if the client has it."""
        coding = best_coding(request.headers.getall("accept-encoding", []), self.smaller)
        content = self.smaller[coding] if coding else self.content
        tag = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
        headers = {**headers, "Vary": "Accept-Encoding", "ETag": tag}
        if tag in request.headers.get("if-none-match", ""):  # in a list or as a weak one too
            return Response(b"", status_code=304, headers=headers)
        if coding:
            headers["Content-Encoding"] = coding
        return Response(content, media_type=self.media_type, headers=headers)


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


def handlers() -> list[HTTPRouteHandler]:
    """What serves the build. Raises NotBuiltError, so that no server starts without its pages."""
    build()
    return [built_file, embed_script]


@get(PATH + "/{file:str}", include_in_schema=False)
async def built_file(file: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file whose name says its content."""
    asset = build().assets.get(file)
    if asset is None or file == EMBED:
        return problem(404, "NOT_FOUND", "There is nothing at this address.")
    return asset.answer(request, {"Cache-Control": FOR_EVER})


@get(f"/{EMBED}", include_in_schema=False)
async def embed_script(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What shows the booking page on other people's pages."""
    headers = {
        "Cache-Control": FIVE_MINUTES,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",  # which a script of type "module" needs
    }
    return build().assets[EMBED].answer(request, headers)


def best_coding(accepted: list[str], offered: Mapping[str, object]) -> str | None:
    """The content coding that the client wants most, by RFC 9110; the first offered of equals."""
    weights: dict[str, float] = {}
    for part in ",".join(accepted).split(","):
        name, _, parameter = part.partition(";")
        weights[name.strip().lower()] = _weight(parameter)
    best, most = None, 0.0
    for coding in offered:
        weight = weights.get(coding, weights.get("*", 0.0))
        if weight > most:
            best, most = coding, weight
    return best if most >= weights.get("identity", 0.0) else None


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
