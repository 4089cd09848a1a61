"""What an operator can set: one frozen object, read once, at the top."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from bookonce.platform.errors import FieldError, ValidationError

RATE_LIMIT_DEFAULT = "60/minute"
READ_LIMIT_DEFAULT = "1200/minute"
CONNECTIONS_PER_ADDRESS_DEFAULT = 128
FORM_TIME_MIN_S_DEFAULT = 2.0
DRAIN_S_BEHIND_PROXY = 5.0
READ_ELSEWHERE = ("HOST", "PORT", "WORKERS", "JOBS", "ZONE_RULES")
"""Settings of `serve`'s options, and of which zone rules are read, which is before all others."""
STRIPE_API_BASE_DEFAULT = "https://api.stripe.com"
STRIPE_JS_DEFAULT = "https://js.stripe.com/v3/"
_STRIPE_SECRET_KEY = re.compile(r"(sk|rk)_\w{3,250}", re.ASCII)
_STRIPE_PUBLISHABLE_KEY = re.compile(r"pk_\w{3,250}", re.ASCII)
# A name of letters, digits, hyphens and dots or an IPv4 address, or an IPv6 address in brackets.
_HOST = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|((?:\w(?:[\w-]{0,61}\w)?\.)*\w(?:[\w-]{0,61}\w)?)\.?)(?::(\d{1,5}))?"
)
_PORT = re.compile(r"\d{1,5}", re.ASCII)
_SECONDS = re.compile(r"\d{1,2}(\.\d{1,3})?")
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}", re.ASCII)
_RATE = re.compile(r"[1-9]\d{0,8}/(second|minute|hour|day)")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Settings:
    """The installation's settings. Each stands in `docs/settings.md`."""

    data_dir: Path
    user: str | None = None
    # What may hold a secret stays out of the object's text, and so out of logs and traces.
    database_url: str | None = field(default=None, repr=False)
    runtime_database_url: str | None = field(default=None, repr=False)
    secret_key: str = field(default="", repr=False)
    postgres_bin: Path | None = None
    public_url: str | None = None
    operator_listen: Listener | None = None
    rate_limit: str | None = RATE_LIMIT_DEFAULT
    read_limit: str = READ_LIMIT_DEFAULT
    form_time_min_s: float = FORM_TIME_MIN_S_DEFAULT
    trusted_proxies: tuple[Network, ...] = ()
    connections_per_address: int | None = CONNECTIONS_PER_ADDRESS_DEFAULT
    drain_s: float = 0.0
    connections_max: int = 10
    log_level: str = "info"
    stripe_secret_key: str | None = field(default=None, repr=False)
    stripe_publishable_key: str | None = None
    stripe_webhook_secret: str | None = field(default=None, repr=False)
    stripe_api_base: str = STRIPE_API_BASE_DEFAULT
    stripe_js: str = STRIPE_JS_DEFAULT
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    mail_return_paths: bool = True
    sms_url: str | None = field(default=None, repr=False)
    outbound_allow: tuple[Network, ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether others than those on this machine are meant to come."""
        return bool(self.trusted_proxies) or bool(
            self.public_url and not is_loopback(host_name(urlsplit(self.public_url).netloc))
        )

    @property
    def is_encrypted(self) -> bool:
        """Whether visitors come by TLS."""
        return bool(self.public_url and self.public_url.startswith("https:"))

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read `BOOKONCE_*`. Raises ValidationError naming each variable that is wrong."""
        errors: list[FieldError] = []
        known = set(READ_ELSEWHERE)

        def value(name: str) -> str | None:
            known.add(name)
            return environment.get(f"BOOKONCE_{name}", "").strip() or None

        def wrong(name: str, message: str) -> None:
            errors.append(FieldError(f"BOOKONCE_{name}", message))

        rate_limit = value("RATE_LIMIT") or RATE_LIMIT_DEFAULT
        if rate_limit != "off" and not _RATE.fullmatch(rate_limit):
            wrong("RATE_LIMIT", f'expected "60/minute" or "off", got {rate_limit!r}')
        read_limit, per_address = _read_limits(value, wrong)
        form_time = value("FORM_TIME_MIN_S") or str(FORM_TIME_MIN_S_DEFAULT)
        if not _SECONDS.fullmatch(form_time) or float(form_time) > 60:
            wrong("FORM_TIME_MIN_S", f"expected seconds from 0 to 60, got {form_time!r}")
            form_time = "0"
        proxies = _read_networks("TRUSTED_PROXIES", value, wrong)
        outbound_allow = _read_networks("OUTBOUND_ALLOW", value, wrong)
        drain_s = _read_drain(value, wrong, DRAIN_S_BEHIND_PROXY if proxies else 0.0)
        connections = value("CONNECTIONS_MAX") or "10"
        if not connections.isdecimal() or not 1 <= int(connections) <= 1000:
            wrong("CONNECTIONS_MAX", f"expected a number from 1 to 1000, got {connections!r}")
        public_url = value("PUBLIC_URL")
        if public_url and not _is_public_url(public_url.rstrip("/")):
            wrong(
                "PUBLIC_URL",
                f'expected an address such as "https://book.example.com", got {public_url!r}; '
                "Bookonce answers at the root of a host of its own, not below a path",
            )
        operator_listen = _listener(value("OPERATOR_LISTEN"))
        if value("OPERATOR_LISTEN") and operator_listen is None:
            wrong(
                "OPERATOR_LISTEN",
                f'expected a port or an address such as "127.0.0.1:9464", '
                f"got {value('OPERATOR_LISTEN')!r}",
            )
        secret_key = value("SECRET_KEY") or ""
        if secret_key and len(secret_key) < 32:
            wrong("SECRET_KEY", "expected at least 32 characters (openssl rand -hex 32)")
        log_level = (value("LOG_LEVEL") or "info").lower()
        if log_level not in ("debug", "info", "warning", "error"):
            wrong("LOG_LEVEL", f"expected debug, info, warning or error, got {log_level!r}")
        database_url, runtime_url = _read_databases(value, wrong)
        stripe = _read_stripe(value, wrong)
        messages = _read_messages(value, wrong)
        data_dir, postgres_bin = value("DATA_DIR"), value("POSTGRES_BIN")
        user = value("USER")
        errors += _misspelt(environment, known)
        if errors:
            raise ValidationError(errors)
        return cls(
            user=user,
            data_dir=Path(data_dir).expanduser() if data_dir else default_data_dir(),
            database_url=database_url,
            runtime_database_url=runtime_url,
            secret_key=secret_key,
            postgres_bin=Path(postgres_bin) if postgres_bin else None,
            public_url=public_url.rstrip("/") if public_url else None,
            operator_listen=operator_listen,
            rate_limit=None if rate_limit == "off" else rate_limit,
            read_limit=read_limit,
            form_time_min_s=float(form_time),
            trusted_proxies=proxies,
            connections_per_address=per_address,
            drain_s=drain_s,
            connections_max=int(connections),
            log_level=log_level,
            stripe_secret_key=stripe["SECRET_KEY"],
            stripe_publishable_key=stripe["PUBLISHABLE_KEY"],
            stripe_webhook_secret=stripe["WEBHOOK_SECRET"],
            stripe_api_base=(stripe["API_BASE"] or STRIPE_API_BASE_DEFAULT).rstrip("/"),
            stripe_js=stripe["JS"] or STRIPE_JS_DEFAULT,
            smtp_url=messages["SMTP_URL"],
            mail_from=messages["MAIL_FROM"],
            mail_return_paths=messages["MAIL_RETURN_PATHS"] != "off",
            sms_url=messages["SMS_URL"],
            outbound_allow=outbound_allow,
        )


def _read_networks(
    name: str, value: Callable[[str], str | None], wrong: Callable[[str, str], None]
) -> tuple[Network, ...]:
    """Addresses and networks, with commas between them."""
    networks: list[Network] = []
    for text in (value(name) or "").split(","):
        try:
            if text.strip():
                networks.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            wrong(name, f"expected addresses or networks, got {text.strip()!r}")
    return tuple(networks)


def _read_limits(
    value: Callable[[str], str | None], wrong: Callable[[str, str], None]
) -> tuple[str, int | None]:
    """How often an address may ask, and how many connections it may hold (None: any number)."""
    read_limit = value("READ_LIMIT") or READ_LIMIT_DEFAULT
    if not _RATE.fullmatch(read_limit):
        wrong("READ_LIMIT", f'expected "1200/minute", got {read_limit!r}')
    per_address = value("CONNECTIONS_PER_ADDRESS") or str(CONNECTIONS_PER_ADDRESS_DEFAULT)
    if per_address == "off":
        return read_limit, None
    if not per_address.isdecimal() or not 4 <= int(per_address) <= 100_000:
        wrong(
            "CONNECTIONS_PER_ADDRESS",
            f'expected a number from 4 to 100000 or "off", got {per_address!r}',
        )
        return read_limit, None
    return read_limit, int(per_address)


def _read_drain(
    value: Callable[[str], str | None], wrong: Callable[[str, str], None], default_s: float
) -> float:
    """How long a server says that it is about to stop before it does."""
    drain = value("DRAIN_S") or str(default_s)
    if _SECONDS.fullmatch(drain) and float(drain) <= 60:
        return float(drain)
    wrong("DRAIN_S", f"expected seconds from 0 to 60, got {drain!r}")
    return default_s


def _misspelt(environment: Mapping[str, str], known: set[str]) -> Iterator[FieldError]:
    """A setting that isn't one would be left out of account, and nobody would notice."""
    for variable in sorted(environment):
        name = variable.removeprefix("BOOKONCE_")
        if name == variable or name in known:
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        meant = f"; did you mean BOOKONCE_{near[0]}?" if near else "; see docs/settings.md"
        yield FieldError(variable, f"there is no such setting{meant}")


def _read_databases(
    value: Callable[[str], str | None], wrong: Callable[[str, str], None]
) -> tuple[str | None, str | None]:
    """Where the database is, as who owns the tables and as who serves."""
    owner, runtime = value("DATABASE_URL"), value("RUNTIME_DATABASE_URL")
    for name, url in (("DATABASE_URL", owner), ("RUNTIME_DATABASE_URL", runtime)):
        if url and (problem := database_url_problem(url)):
            wrong(name, problem)
    if runtime and not owner:
        wrong("RUNTIME_DATABASE_URL", "is for a database of your own: set BOOKONCE_DATABASE_URL")
    return owner, runtime


def _read_stripe(
    value: Callable[[str], str | None], wrong: Callable[[str, str], None]
) -> dict[str, str | None]:
    """The values of `BOOKONCE_STRIPE_*`. What is wrong is told without repeating a key."""
    names = ("SECRET_KEY", "PUBLISHABLE_KEY", "WEBHOOK_SECRET", "API_BASE", "JS")
    values = {name: value(f"STRIPE_{name}") for name in names}
    secret, publishable = values["SECRET_KEY"], values["PUBLISHABLE_KEY"]
    if secret and not _STRIPE_SECRET_KEY.fullmatch(secret):
        wrong("STRIPE_SECRET_KEY", "expected a key that begins with sk_ or rk_")
    # It is sent to every visitor, so nothing else may stand here, a secret key least of all.
    if publishable and not _STRIPE_PUBLISHABLE_KEY.fullmatch(publishable):
        wrong("STRIPE_PUBLISHABLE_KEY", "expected a key that begins with pk_")
    if secret and not publishable:
        wrong("STRIPE_PUBLISHABLE_KEY", "expected, because BOOKONCE_STRIPE_SECRET_KEY is set")
    for name in ("API_BASE", "JS"):
        address = values[name]
        if address and not _is_safe_address(address):
            wrong(f"STRIPE_{name}", "expected an https address, or http on this machine itself")
    return values


def _read_messages(
    value: Callable[[str], str | None], wrong: Callable[[str, str], None]
) -> dict[str, str | None]:
    """By which ways messages leave. What is wrong is told without repeating a password."""
    names = ("SMTP_URL", "MAIL_FROM", "MAIL_RETURN_PATHS", "SMS_URL")
    values = {name: value(name) for name in names}
    smtp, sender, sms = values["SMTP_URL"], values["MAIL_FROM"], values["SMS_URL"]
    if smtp and not _is_address_of(smtp, ("smtp", "smtps")):
        wrong("SMTP_URL", "expected an address such as smtp://user:password@host:587, or smtps://…")
    if smtp and not sender:
        wrong("MAIL_FROM", "expected, because BOOKONCE_SMTP_URL is set")
    if sender and not _MAIL_ADDRESS.fullmatch(sender):
        wrong("MAIL_FROM", f'expected an address such as "bookings@example.com", got {sender!r}')
    if (values["MAIL_RETURN_PATHS"] or "on") not in ("on", "off"):
        wrong("MAIL_RETURN_PATHS", f'expected "on" or "off", got {values["MAIL_RETURN_PATHS"]!r}')
    if sms and not (
        _is_address_of(sms, ("twilio",))
        and urlsplit(sms).username
        and urlsplit(sms).password
        and urlsplit(sms).path.strip("/")
    ):
        wrong("SMS_URL", "expected an address such as twilio://sid:token@api.twilio.com/+15550100")
    return values


def _is_address_of(address: str, schemes: tuple[str, ...]) -> bool:
    """Whether an address is of one of these schemes, with a host and a port that can be."""
    try:
        parts = urlsplit(address)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_safe_address(address: str) -> bool:
    """Whether what is sent there can't be read on the way."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.query or parts.fragment or parts.username or parts.password:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's, for itself alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(host: str | None) -> str:
    """The name or address in a Host header or an address: without its port and brackets. Empty if
    there is none, or the port is none.
    """
    found = _HOST.fullmatch(host or "")
    if found is None or (found[3] and not 1 <= int(found[3]) <= 65535):
        return ""
    return (found[1] or found[2]).lower()


def _is_public_url(address: str) -> bool:
    """Whether it is a scheme and a host that links can begin with."""
    scheme, separator, host = address.partition("://")
    found = _HOST.fullmatch(host)
    if scheme not in ("http", "https") or not separator or found is None or not host_name(host):
        return False
    return not found[1] or _is_ipv6(found[1])


def _is_ipv6(text: str) -> bool:
    try:
        return "%" not in text and ipaddress.ip_address(text).version == 6
    except ValueError:
        return False


def _listener(text: str | None) -> Listener | None:
    """A port on this machine, or an address with a port; None if it is neither."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    try:
        ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None
    if not _PORT.fullmatch(port) or not 1 <= int(port) <= 65535:
        return None
    return Listener(host, int(port))


def default_data_dir() -> Path:
    """Where data lives unless told: /var/lib/bookonce for root, else the user's data folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/bookonce/data")
    return platformdirs.user_data_path("bookonce")


def database_url_problem(url: str) -> str | None:
    """What makes an address unusable, or None. Never repeats it: it may hold a password."""
    expected = "expected an address such as postgresql://user:password@host:5432/name"
    try:
        parts = urlsplit(url)
    except ValueError:
        return expected
    if parts.scheme not in ("postgresql", "postgres"):
        return expected
    for host in parts.netloc.rpartition("@")[2].split(","):
        _, colon, port = host.rpartition("]")[2].rpartition(":")
        if colon and not port.isdecimal():
            return f"{expected}; {port!r} is no port"
    return None
