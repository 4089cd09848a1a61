"""Whose request it is: the peer's address, or what trusted proxies say of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from litestar.types import Scope

from bookonce.platform.settings import Network

UNKNOWN = "unknown"


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a request header, the last one if it stands there more than once."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[-1].decode("latin-1") if values else None


def is_trusted(address: str, proxies: Sequence[Network]) -> bool:
    """Whether an address is one of the operator's own proxies."""
    if not proxies:
        return False
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in proxies)


def peer_address(scope: Scope) -> str:
    """Who holds the other end of the connection."""
    client = scope.get("client")
    return client[0].partition("%")[0] if client else UNKNOWN


def client_address(scope: Scope, proxies: Sequence[Network]) -> str:
    """The address of the client itself.

    X-Forwarded-For is believed only from a trusted proxy, and read from the right: the first
    address that isn't a trusted proxy's is the client's. Whatever stands left of it, the client
    could have written.
    """
    address = peer_address(scope)
    if not is_trusted(address, proxies):
        return address
    forwarded = [
        value.decode("latin-1") for key, value in scope["headers"] if key == b"x-forwarded-for"
    ]
    for hop in reversed([_without_port(hop.strip()) for hop in ",".join(forwarded).split(",")]):
        if not _is_address(hop):
            break
        address = hop
        if not is_trusted(hop, proxies):
            break
    return address


def _is_address(text: str) -> bool:
    """Whether it is an address that others know: "fe80::1%eth0" is one to a single machine, and
    after its percent sign anything may stand.
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _without_port(hop: str) -> str:
    """The address in "1.2.3.4:5678" or "[2001:db8::1]:5678", as some proxies write it."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def network_of(address: str) -> str:
    """What limits count by: an IPv4 address, or the /64 network that an IPv6 host may roam."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def wider_networks(network: str) -> list[tuple[str, int]]:
    """A network as `network_of` tells it and those around it that one customer of a provider may
    have, each with how many times as much as one network it may do: of IPv6 the /56 and the /48.
    """
    found = [(network, 1)]
    try:
        parsed = ipaddress.ip_network(network)
    except ValueError:
        return found
    if parsed.version == 6 and parsed.prefixlen == 64:
        found += [(str(parsed.supernet(new_prefix=length)), n) for length, n in ((56, 2), (48, 4))]
    return found
