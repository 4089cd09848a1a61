"""Check: whether mails leave, and whether others can tell that they are ours: SPF, DKIM, DMARC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import dns.asyncresolver
import dns.exception
import dns.resolver

from bookonce.messages.letter import Letter
from bookonce.messages.mail import Envelope, Look, as_sent, mail
from bookonce.messages.outgoing import Answer, Fate, Ways
from bookonce.messages.smtp import Parcel, Smtp
from bookonce.platform.ids import new_id
from bookonce.platform.languages import language

LOOKUP_S_MAX = 5.0
UNKNOWN = "the DNS doesn't answer"


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing looked at. `advice` says what to do when it isn't well."""

    subject: str
    is_well: bool
    found: str
    advice: str = ""


async def send_test(ways: Ways, to: str, now: datetime) -> Checked:
    """Send a mail to somebody who can look at it."""
    if ways.smtp_url is None or not ways.has_mail:
        return Checked(
            "test mail",
            False,
            "no mail server is set up",
            "set BOOKONCE_SMTP_URL and BOOKONCE_MAIL_FROM",
        )
    letter = Letter(
        language("en", None, "en"),
        subject="Bookonce can send mail",
        heading="Bookonce can send mail",
        paragraphs=(
            "This mail was sent by bookonce doctor.",
            "In its source, look for Authentication-Results: spf, dkim and dmarc should say pass.",
        ),
    )
    envelope = Envelope(ways.sender, "Bookonce", to, ways.message_id(new_id()), now)
    content = mail(letter, envelope, Look("Bookonce"), None)
    server = Smtp(ways.smtp_url)
    try:
        answer = await server.send(Parcel(ways.sender, to, as_sent(content)), _go_on)
    finally:
        await server.close()
    return _tested(answer, to)


async def _go_on() -> bool:
    return True


def _tested(answer: Answer, to: str) -> Checked:
    if answer.fate is Fate.SENT:
        return Checked(
            "test mail", True, f"the server took it: {answer.words}; look for it at {to}"
        )
    advice = {
        Fate.AWAY: "check BOOKONCE_SMTP_URL: host, port, user name and password; and that the"
        " server lets BOOKONCE_MAIL_FROM send",
        Fate.LATER: "it may be taken later; try again",
        Fate.REFUSED: "the server says why; check the address and BOOKONCE_MAIL_FROM",
        Fate.UNKNOWN: "no answer came; look whether the mail arrived",
    }[answer.fate]
    return Checked("test mail", False, answer.words, advice)


class Dns:
    """What the DNS says of a domain's mail."""

    def __init__(self, resolver: dns.asyncresolver.Resolver | None = None) -> None:
        self._resolver = resolver or dns.asyncresolver.Resolver()
        self._resolver.lifetime = LOOKUP_S_MAX

    async def look(self, domain: str) -> list[Checked]:
        """Whether others can tell that mails from a domain are its own."""
        return [
            await self._spf(domain),
            await self._dkim(domain),
            await self._dmarc(domain),
            await self._mx(domain),
        ]

    async def _spf(self, domain: str) -> Checked:
        texts = await self._texts(domain)
        advice = (
            f'put a TXT record at {domain}: "v=spf1 include:<your mail provider> -all"; the'
            " provider says what to include"
        )
        if texts is None:
            return Checked("SPF", False, UNKNOWN, advice)
        found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
        if len(found) > 1:
            return Checked("SPF", False, f"{len(found)} records", "keep one; two count as none")
        if found and found[0].split()[-1].lower() in ("+all", "all"):
            return Checked("SPF", False, found[0], "end it with -all: +all lets everybody send")
        return Checked("SPF", bool(found), found[0] if found else "none", advice)

    async def _dkim(self, domain: str) -> Checked:
        """Under which name a key stands only the sender knows; whether there is any can be seen."""
        place = f"_domainkey.{domain}"
        advice = (
            f"have your mail provider sign mails and put its key below {place}; the test mail's"
            " source says dkim=pass then"
        )
        try:
            await self._resolver.resolve(place, "TXT")
        except dns.resolver.NXDOMAIN:
            return Checked("DKIM", False, "there is no key", advice)
        except dns.resolver.NoAnswer:
            pass  # nothing at the name itself, but something below it
        except dns.exception.DNSException:
            return Checked("DKIM", False, UNKNOWN, advice)
        return Checked("DKIM", True, f"there are keys below {place}")

    async def _dmarc(self, domain: str) -> Checked:
        advice = f'put a TXT record at _dmarc.{domain}: "v=DMARC1; p=none; rua=mailto:<you>"'
        labels = domain.split(".")
        for start in range(max(1, len(labels) - 1)):
            place = "_dmarc." + ".".join(labels[start:])
            texts = await self._texts(place)
            if texts is None:
                return Checked("DMARC", False, UNKNOWN, advice)
            if found := [text for text in texts if text.replace(" ", "").startswith("v=DMARC1")]:
                return Checked("DMARC", True, found[0])
        return Checked("DMARC", False, "none", advice)

    async def _mx(self, domain: str) -> Checked:
        advice = (
            f"mails that come back to {domain} arrive nowhere: give it an MX record, or set"
            " BOOKONCE_MAIL_RETURN_PATHS=off"
        )
        try:
            answer = await self._resolver.resolve(domain, "MX")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Checked("bounces", False, "no server takes mail", advice)
        except dns.exception.DNSException:
            return Checked("bounces", False, UNKNOWN, advice)
        hosts = sorted(str(record.exchange).rstrip(".") for record in answer)
        if hosts == [""]:
            return Checked("bounces", False, "the domain takes no mail", advice)
        return Checked("bounces", True, f"taken by {', '.join(hosts)}")

    async def _texts(self, name: str) -> list[str] | None:
        """The TXT records at a name; None if the DNS doesn't answer."""
        try:
            answer = await self._resolver.resolve(name, "TXT")
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException:
            return None
        return [b"".join(record.strings).decode(errors="replace") for record in answer]
