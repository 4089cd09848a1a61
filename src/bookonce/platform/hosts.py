"""Connecting to whichever host of an address answers.

An address may name several: a primary and those that take over from it. The driver's time limit is
for all of them together, so one that is silent, as a machine without power is, would use it up
before the next was asked. Here each host has its share of the time, and whoever answered last is
asked first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

if TYPE_CHECKING:
    Opened = asyncpg.Connection[asyncpg.Record]
else:
    Opened = Any

_REFUSALS = (
    OSError,  # a TimeoutError is one
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a host that isn't what target_session_attrs asks for
)


class Hosts:
    """The hosts of one address, for one process."""

    def __init__(self, url: str) -> None:
        self._urls = each_host(url)

    async def connect(self, *, timeout: float, **options: Any) -> Opened:
        """Connect to the first that lets us, within `timeout` seconds for all.

        Raises what the last one said if none does.
        """
        refusal: BaseException | None = None
        for url in tuple(self._urls):
            try:
                connection: Opened = await asyncpg.connect(
                    url, timeout=timeout / len(self._urls), **options
                )
            except _REFUSALS as error:
                refusal = error
            else:
                self._urls.remove(url)
                self._urls.insert(0, url)
                return connection
        assert refusal is not None, "an address has a host"
        raise refusal


async def connect(url: str, timeout: float, **options: Any) -> Opened:
    """One connection to whichever host answers, within `timeout` seconds for all of them."""
    return await Hosts(url).connect(timeout=timeout, **options)


def each_host(url: str) -> list[str]:
    """The address with each of its hosts alone, which stand before the path or in the query."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    user, at, hosts = parts.netloc.rpartition("@")
    ports = dict(query).get("port", "").split(",")
    if "," in hosts:
        names, in_query = hosts.split(","), False
    elif not hosts and "," in dict(query).get("host", ""):
        names, in_query = dict(query)["host"].split(","), True
    else:
        return [url]
    ports = ports if len(ports) == len(names) else ports * len(names)
    urls = []
    for name, port in zip(names, ports, strict=False):
        own = {"host": name if in_query else None, "port": port or None}
        kept = [(key, own.get(key, value)) for key, value in query]
        urls.append(
            urlunsplit(
                parts._replace(
                    netloc=user + at + ("" if in_query else name),
                    query=urlencode([(key, value) for key, value in kept if value is not None]),
                )
            )
        )
    return urls


def is_on_this_machine(url: str) -> bool:
    """Whether any host of an address is a Unix socket, whose server may ask the kernel who connects."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2] or dict(parse_qsl(parts.query)).get("host", "")
    return any(not host or host.startswith("/") for host in hosts.split(","))
