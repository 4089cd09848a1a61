"""Serves what browsers load, compressed as they like it.

Pages name the files by their fingerprint and may keep them for ever. `/embed.js` is named by other
people's pages, so it keeps its name and is asked for again after five minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from bookonce.web.build import PATH, Asset, build
from bookonce.web.errors import problem

EMBED = "embed.js"
FOR_EVER = "public, max-age=31536000, immutable"
FIVE_MINUTES = "public, max-age=300"


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


def answer(
    asset: Asset, request: Request[Any, Any, Any], headers: dict[str, str]
) -> Response[bytes]:
    """The version that suits the request, or 304 if the client has it."""
    coding = best_coding(request.headers.getall("accept-encoding", []), asset.smaller)
    content = asset.smaller[coding] if coding else asset.content
    tag = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    headers = {**headers, "Vary": "Accept-Encoding", "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):  # in a list or as a weak one too
        return Response(b"", status_code=304, headers=headers)
    if coding:
        headers["Content-Encoding"] = coding
    return Response(content, media_type=asset.media_type, headers=headers)


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
