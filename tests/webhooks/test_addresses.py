"""Which addresses are sent to: every private one is refused, in whatever form it comes."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from bookonce.webhooks.addresses import Reach, Target
from bookonce.webhooks.poster import AddressInfo, Poster, system_lookup
from bookonce.webhooks.retrying import Problem
from tests.webhooks.conftest import IMPATIENT, LOOPBACK
from tests.webhooks.receiver import Receiver, receiving

PUBLIC = Reach()
PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
    "100::1", "2001:db8::1", "2001::1", "2001:10::1", "3fff::1", "5f00::1", "4000::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "not-an-address", "",
]  # fmt: skip
WRITTEN = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "017700000001", "0x7f000001", "0x7f.1",
    "0x7F.0x0.0x0.0x1", "0177.0.0.1", "0", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.",
    "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_or_reserved_address_is_not_sent_to(address: str) -> None:
    assert not PUBLIC.has(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1"]
)
def test_a_public_address_is(address: str) -> None:
    assert PUBLIC.has(address)


def test_the_operator_allows_what_is_listed_and_no_more() -> None:
    reach = Reach((ip_network("10.1.0.0/16"), ip_network("fd12:3456::/64")))
    assert reach.has("10.1.2.3")
    assert reach.has("fd12:3456::1")
    assert not reach.has("10.2.0.1")
    assert not reach.has("::ffff:10.1.2.3")
    assert not reach.has("127.0.0.1")


def test_a_translating_network_that_is_listed_leads_to_public_addresses_only() -> None:
    reach = Reach((ip_network("64:ff9b::/96"),))
    assert reach.has("64:ff9b::8.8.8.8")
    assert not reach.has("64:ff9b::10.0.0.1")
    everything = Reach((ip_network("::/0"),))
    assert not everything.has("::ffff:127.0.0.1")


@pytest.mark.parametrize(
    "url, word",
    [
        ("https://example.com", None),
        ("https://example.com:8443/a/b?c=d&e=%20", None),
        ("https://8.8.8.8/", None),
        ("https://[2606:4700::1111]/", None),
        ("https://xn--bcher-kva.example/", None),
        ("http://example.com/", "https://"),
        ("https://bücher.example/", "ASCII"),
        ("https://user:password@example.com/", "user"),
        ("https://example.com@127.0.0.1/", "user"),
        ("https://example.com\\@127.0.0.1/", "expected"),
        ("https://example.com/#x", "expected"),
        ("https://example.com/a b", "expected"),
        ("https://example.com\r\nHost: evil/", "expected"),
        ("https://example.com:0/", "expected"),
        ("https://example.com:99999/", "expected"),
        ("https:///path", "expected"),
        ("https://[fe80::1%25eth0]/", "expected"),
        ("https://[zz]/", "expected"),
        ("gopher://example.com/", "expected"),
        ("//example.com/", "expected"),
        ("", "expected"),
        ("https://10.0.0.1/", "private"),
        ("https://[::1]/", "private"),
        ("https://127.1/", "usual form"),
        ("https://0x7f000001/", "usual form"),
        ("https://example.0177/", "usual form"),
        ("https://book.example.com/hook", "this installation itself"),
        ("https://BOOK.example.com.:443/", "this installation itself"),
    ],
)
def test_an_address_that_can_not_be_is_refused_when_it_is_given(url: str, word: str | None) -> None:
    found = Reach.of((), "https://book.example.com").problem(url)
    assert (found is None) == (word is None), found
    assert word is None or word in str(found)


async def test_no_way_to_write_this_machine_leads_to_it() -> None:
    """Past what is looked at when it is given: the connection itself is refused."""
    async with receiving() as receiver:
        poster = Poster(_Blind(), IMPATIENT)
        try:
            for host in WRITTEN:
                answer = await poster.post(f"http://{host}:{receiver.port}/", b"{}", {})
                # Not every system knows "localhost.".
                assert answer.problem in (Problem.REFUSED, Problem.NO_HOST), (host, answer)
                assert host.endswith(".") or answer.problem is Problem.REFUSED, host
        finally:
            await poster.close()
        assert receiver.connections == 0
    assert {info[4][0] for form in ("127.1", "0x7f.1", "0") for info in system_lookup(form, 80)} == {
        "127.0.0.1", "0.0.0.0",
    }  # fmt: skip


class _Blind(Reach):
    """Finds nothing wrong with any URL, so that only the connection is judged."""

    def problem(self, url: str) -> str | None:
        return None


async def posted(reach: Reach, receiver: Receiver, *answers: list[str]) -> tuple[object, list[str]]:
    """Post to a name that leads to the first answer, when asked again to the next, and so on; what
    came of it, and what was asked.
    """
    asked: list[str] = []

    def lookup(host: str, port: int) -> list[AddressInfo]:
        addresses = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [info for address in addresses for info in system_lookup(address, port)]

    poster = Poster(reach, IMPATIENT, lookup)
    try:
        answer = await poster.post(f"http://hook.example:{receiver.port}/", b"{}", {})
    finally:
        await poster.close()
    return answer.problem or answer.status, asked


async def test_a_name_that_leads_to_a_private_address_is_refused() -> None:
    async with receiving() as receiver:
        for answers in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"]):
            assert (await posted(_Blind(), receiver, answers))[0] is Problem.REFUSED, answers
        # One that may be connected to makes up for none that may not.
        mixed = ["127.0.0.1", "10.0.0.1"]
        assert (await posted(LOOPBACK, receiver, mixed))[0] is Problem.REFUSED
        assert receiver.connections == 0


async def test_a_name_is_asked_for_once_and_what_was_judged_is_connected_to() -> None:
    """A name that is bound anew between the look and the connection would need a second question."""
    async with receiving() as receiver:
        outcome, asked = await posted(LOOPBACK, receiver, ["127.0.0.1"], ["10.0.0.1"])
        assert (outcome, asked) == (200, ["hook.example"])
        assert receiver.received[0].headers["host"] == f"hook.example:{receiver.port}"
        assert (await posted(LOOPBACK, receiver, ["10.0.0.1"], ["127.0.0.1"]))[0] is Problem.REFUSED


async def test_what_is_not_encrypted_leads_to_what_is_listed_and_nowhere_else() -> None:
    async with receiving() as receiver:
        assert (await posted(LOOPBACK, receiver, ["8.8.8.8"]))[0] is Problem.REFUSED
        assert (await posted(LOOPBACK, receiver, ["127.0.0.1"]))[0] == 200


async def test_our_own_server_is_refused_by_any_name_even_where_loopback_is_allowed() -> None:
    async with receiving() as receiver:
        own = Reach(LOOPBACK.allowed, Target("http", "book.example", receiver.port))
        assert (await posted(own, receiver, ["127.0.0.1"]))[0] is Problem.REFUSED
        assert receiver.connections == 0


async def test_this_machine_s_public_addresses_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's machine has none; a network that is public for the test stands in for it."""
    monkeypatch.setattr("bookonce.webhooks.addresses._SPECIAL_IPV4", [])
    async with receiving() as receiver:
        assert (await posted(_Blind(), receiver, ["127.0.0.1"]))[0] is Problem.REFUSED
        assert receiver.connections == 0
