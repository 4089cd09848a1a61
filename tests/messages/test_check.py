"""`doctor --mail`: a mail that is really sent, and a real name server that is really asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from bookonce.messages.check import Dns, send_test
from bookonce.messages.outgoing import Ways
from tests.messages.post import Post

Records = dict[tuple[str, str], list[str]]
GOOD: Records = {
    ("book.example.", "TXT"): ['"v=spf1 include:mail.example -all"', '"other"'],
    ("s1._domainkey.book.example.", "TXT"): ['"v=DKIM1; k=rsa; p=abc"'],
    ("_dmarc.book.example.", "TXT"): ['"v=DMARC1; p=reject"'],
    ("book.example.", "MX"): ["10 mx.book.example."],
}


class NameServer(asyncio.DatagramProtocol):
    """Answers by what it is given; says NXDOMAIN where there is nothing at or below a name."""

    def __init__(self) -> None:
        self.records: Records = dict(GOOD)
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if found := self.records.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *found))
        elif not any(each == name or each.endswith(f".{name}") for each, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), address)


@pytest.fixture
async def names() -> AsyncIterator[tuple[NameServer, Dns]]:
    """A name server, and what asks it."""
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    yield server, Dns(resolver)
    transport.close()


async def found(names: tuple[NameServer, Dns]) -> dict[str, tuple[bool, str]]:
    looked = await names[1].look("book.example")
    assert all(each.is_well or each.advice for each in looked)
    return {each.subject: (each.is_well, each.found) for each in looked}


async def test_a_domain_that_is_set_up_is_well(names: tuple[NameServer, Dns]) -> None:
    told = await found(names)
    assert told["SPF"] == (True, "v=spf1 include:mail.example -all")
    assert told["DKIM"][0]
    assert told["DMARC"] == (True, "v=DMARC1; p=reject")
    assert told["bounces"] == (True, "taken by mx.book.example")


@pytest.mark.parametrize(
    ("gone", "subject"),
    [
        (("book.example.", "TXT"), "SPF"),
        (("s1._domainkey.book.example.", "TXT"), "DKIM"),
        (("_dmarc.book.example.", "TXT"), "DMARC"),
        (("book.example.", "MX"), "bounces"),
    ],
)
async def test_what_is_missing_is_told_with_what_to_do(
    names: tuple[NameServer, Dns], gone: tuple[str, str], subject: str
) -> None:
    del names[0].records[gone]
    told = await found(names)
    assert [name for name, (is_well, _) in told.items() if not is_well] == [subject]


@pytest.mark.parametrize(
    "records", [['"v=spf1 -all"', '"v=spf1 mx -all"'], ['"v=spf1 +all"'], ['"v=spf10 -all"']]
)
async def test_an_spf_record_that_means_nothing_isn_t_well(
    names: tuple[NameServer, Dns], records: list[str]
) -> None:
    names[0].records["book.example.", "TXT"] = records
    assert not (await found(names))["SPF"][0]


async def test_a_null_mx_takes_no_bounces(names: tuple[NameServer, Dns]) -> None:
    names[0].records["book.example.", "MX"] = ["0 ."]
    assert (await found(names))["bounces"] == (False, "the domain takes no mail")


async def test_the_parent_s_dmarc_counts(names: tuple[NameServer, Dns]) -> None:
    looked = await names[1].look("mail.book.example")
    assert {each.subject: each.is_well for each in looked}["DMARC"]


async def test_a_test_mail_is_really_sent(post: Post) -> None:
    ways = Ways(post.url, "bookings@book.example")
    told = await send_test(ways, "you@example.com", datetime.now(UTC))
    assert told.is_well
    assert post.to("you@example.com")[0].subject == "Bookonce can send mail"


async def test_a_server_that_refuses_is_told_in_its_own_words(post: Post) -> None:
    post.at_rcpt = lambda _: "554 5.7.1 relay access denied"
    ways = Ways(post.url, "bookings@book.example")
    told = await send_test(ways, "you@example.com", datetime.now(UTC))
    assert not told.is_well
    assert "relay access denied" in told.found
    assert told.advice


async def test_no_server_is_told(post: Post) -> None:
    told = await send_test(Ways(), "you@example.com", datetime.now(UTC))
    assert not told.is_well
    assert "BOOKONCE_SMTP_URL" in told.advice
