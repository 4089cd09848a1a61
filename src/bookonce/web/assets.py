"""Serves what browsers load, compressed as they like it, from memory: the same bytes for everybody.

Pages name the files by their fingerprint and may keep them for ever. `/embed.js` is named by other
people's pages, so it keeps its name and is asked for again after five minutes.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from bookonce.web.build import PATH, Asset, build
from bookonce.web.errors import problem

EMBED = "embed.js"
FOR_EVER = "public, max-age=31536000, immutable"
FIVE_MINUTES = "public, max-age=300"
ICON = "icon.svg"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def handlers() -> list[HTTPRouteHandler]:
    """What serves the build. Raises NotBuiltError, so that no server starts without its pages."""
    build()
    _plain_files()
    _plain_files("swagger-ui")
    return [built_file, embed_script, api_page_file, icon]


@get(PATH + "/{file:str}", include_in_schema=False)
async def built_file(file: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file whose name says its content."""
    asset = build().assets.get(file)
    if asset is None or file == EMBED:
        return problem(404, "NOT_FOUND", "There is nothing at this address.")
    return answer(asset, request, {"Cache-Control": FOR_EVER})


@get(f"/{EMBED}", include_in_schema=False)
async def embed_script(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What shows the booking page on other people's pages."""
    headers = {
        "Cache-Control": FIVE_MINUTES,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",  # which a script of type "module" needs
    }
    return answer(build().assets[EMBED], request, headers)


@get("/static/swagger-ui/{file:str}", include_in_schema=False)
async def api_page_file(file: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file of the page on which the API is read and tried."""
    asset = _plain_files("swagger-ui").get(file)
    if asset is None:
        return problem(404, "NOT_FOUND", "There is nothing at this address.")
    return answer(asset, request, {"Cache-Control": FIVE_MINUTES})


@get(f"/static/{ICON}", include_in_schema=False)
async def icon(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What browsers show beside a page's title."""
    return answer(_plain_files()[ICON], request, {"Cache-Control": FIVE_MINUTES})


@cache
def _plain_files(*folder: str) -> dict[str, Asset]:
    """The files of one of our folders, as they lie there and compressed."""
    found = {}
    for each in files("bookonce.web").joinpath("assets", *folder).iterdir():
        if each.is_file():
            content = each.read_bytes()
            media_type = _MEDIA_TYPES.get(PurePosixPath(each.name).suffix, "text/plain")
            found[each.name] = Asset(media_type, content, {"gzip": gzip.compress(content, 6)})
    return found


def answer(
    asset: Asset, request: Request[Any, Any, Any], headers: dict[str, str]
) -> Response[bytes]:
    """The version that suits the request, or 304 if the client has it."""
    coding = best_coding(request.headers.getall("accept-encoding", []), asset.smaller)
    content = asset.smaller[coding] if coding else asset.content
    tag = _tag(content)
    headers = {**headers, "Vary": "Accept-Encoding", "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):  # in a list or as a weak one too
        return Response(b"", status_code=304, headers=headers)
    if coding:
        headers["Content-Encoding"] = coding
    return Response(content, media_type=asset.media_type, headers=headers)


@lru_cache(maxsize=64)
def _tag(content: bytes) -> str:
    return f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'


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
