"""Which addresses we send to: public ones, and those private ones that the operator allows. An
address is judged as it is connected to; what a name or a URL looks like says nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# IANA's special-purpose registry, without what it calls globally reachable; multicast; and the
# address by which machines at one cloud ask for their own secrets.
_SPECIAL_IPV4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32",
        "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
]  # fmt: skip
_GLOBAL_IPV6 = IPv6Network("2000::/3")
_SPECIAL_IPV6 = [
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]
_TRANSLATED = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>\d{1,5}))?(?P<path>/[!$-\[\]-~]*)?(?P<query>\?[!$-\[\]-~]*)?",
    re.ASCII,
)
# What a system's resolver takes for an IPv4 address: 127.1, 2130706433, 0x7f.0.0.1, 0177.0.0.1.
_NUMERIC = re.compile(r"(.*\.)?(0[xX][0-9A-Fa-f]*|\d+)\.?", re.ASCII)
URL_LENGTH_MAX = 2_000
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Where this installation sends to. `allowed` are private networks that the operator lists,
    `own` is where it is reached itself.
    """

    allowed: tuple[Network, ...] = ()
    own: Target | None = None

    @classmethod
    def of(cls, allowed: tuple[Network, ...], public_url: str | None) -> Reach:
        """By an installation's settings."""
        return cls(allowed, target(public_url) if public_url else None)

    def lists(self, address: Address) -> bool:
        """Whether the operator allows an address by name."""
        return any(address in network for network in self.allowed)

    def has(self, text: str) -> bool:
        """Whether we send to an address, as the system writes it."""
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        inner = _embedded(address)
        if inner is not None:  # another network's address in this one's clothes
            return self.lists(address) and self.has(str(inner))
        return self.lists(address) or _is_public(address)

    def is_own(self, url: str) -> bool:
        """Whether a URL is of this installation."""
        return self.own is not None and _same_place(target(url), self.own)

    def problem(self, url: str) -> str | None:
        """What is wrong with a URL that events are to be sent to; None: nothing, as far as can be
        told before it is connected to.
        """
        if len(url) > URL_LENGTH_MAX:
            return f"must have at most {URL_LENGTH_MAX} characters"
        found = target(url)
        if found is None:
            return "expected an address such as https://example.com/hook, in ASCII, without a user"
        if self.is_own(url):
            return "is an address of this installation itself"
        return self._problem_of(found)

    def _problem_of(self, found: Target) -> str | None:
        literal = _literal(found.host)
        if literal is None and _NUMERIC.fullmatch(found.host):
            return "expected a name, or an IP address in its usual form"
        if literal is not None and not self.has(str(literal)):
            return "is a private or reserved address"
        is_private = literal is not None and self.lists(literal)
        if found.scheme == "http" and not (is_private or (literal is None and self.allowed)):
            return "must begin with https://"
        return None


def target(url: str) -> Target | None:
    """Where a URL leads; None if it is none that we use. Only one spelling of everything, so that no
    two programs read it differently.
    """
    found = _URL.fullmatch(url)
    if found is None:
        return None
    scheme, host = found["scheme"], found["host"].strip("[]").lower().removesuffix(".")
    port = int(found["port"] or PORTS[scheme])
    if not 1 <= port <= 65535 or not host or (":" in host and _literal(host) is None):
        return None
    return Target(scheme, host, port)


def shown(url: str) -> str:
    """The host of a URL: its path may be a secret."""
    return urlsplit(url).hostname or ""


def _same_place(one: Target | None, other: Target) -> bool:
    return one is not None and (one.host, one.port) == (other.host, other.port)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not _in_any(address, _SPECIAL_IPV4)
    return address in _GLOBAL_IPV6 and not _in_any(address, _SPECIAL_IPV6)


def _in_any(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to in the end."""
    if isinstance(address, IPv4Address) or address in (IPv6Address("::"), IPv6Address("::1")):
        return None
    if address in _TRANSLATED or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
