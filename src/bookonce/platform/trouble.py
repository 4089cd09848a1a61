"""What an error of the database, of its driver or of a folder means, in an operator's words."""

from __future__ import annotations

import errno
import socket

import asyncpg

from bookonce.platform.readiness import Fault

_ADDRESS = "is PostgreSQL running, and is --database-url (BOOKONCE_DATABASE_URL) right?"

_BY_STATE = {
    "28P01": ("database", "the database refuses the user or the password",
              "check both in --database-url (BOOKONCE_DATABASE_URL)"),
    "28000": ("database", "the database doesn't let this user in",
              "check user and database in --database-url (BOOKONCE_DATABASE_URL), and pg_hba.conf"),
    "3D000": ("database", "there is no such database",
              "make it (CREATE DATABASE … OWNER … ENCODING 'UTF8'), or correct --database-url "
              "(BOOKONCE_DATABASE_URL)"),
    "25006": ("writing", "the database can be read but not written: it is a standby, or set "
              "read-only", "name the primary, or turn default_transaction_read_only off"),
    "53100": ("disk", "the database's disk is full",
              "make room there; nothing that was booked is lost"),
    "53300": ("connections", "the database has no connection left",
              "raise max_connections there, or lower BOOKONCE_CONNECTIONS_MAX or the number of "
              "workers"),
    "57P03": ("database", "the database is starting, stopping or recovering",
              "wait until it accepts connections; its log says what it is doing"),
    "42501": ("rights", "the database doesn't allow this role to do that",
              "connect as the role that owns the tables, or have it run: GRANT SELECT, INSERT, "
              "UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO …"),
    "42P05": ("pooler", "a pooler gives each transaction another session",
              "use pool_mode = session, or connect to PostgreSQL itself"),
    "26000": ("pooler", "a pooler gives each transaction another session",
              "use pool_mode = session, or connect to PostgreSQL itself"),
    "42P01": ("schema", "a table is missing", "run: bookonce migrate"),
}  # fmt: skip
"""By PostgreSQL's code: about what, what it means, what to do."""

SHARED_SESSIONS = Fault(
    "pooler",
    "the pooler before the database gives each transaction another session (transaction or "
    "statement mode)",
    "set pool_mode = session for this database, or connect to PostgreSQL itself: prepared "
    "statements, timeouts and notifications belong to a session",
)


def trouble(error: BaseException) -> Fault:
    """The fault that an error speaks of, with what it said."""
    said = str(error).strip() or repr(error)
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return Fault("writing", "no host of the address can be written to",
                     "promote a standby, or bring the primary back", said)  # fmt: skip
    if isinstance(error, asyncpg.PostgresError):
        return _of_postgres(error, said)
    if isinstance(error, OSError):
        return _of_system(error, said)
    if isinstance(error, asyncpg.ClientConfigurationError):
        return Fault("database", "the address of the database is wrong",
                     "correct --database-url (BOOKONCE_DATABASE_URL)", said)  # fmt: skip
    return Fault("database", f"the database can't be used: {said}", _ADDRESS)


def _of_postgres(error: asyncpg.PostgresError, said: str) -> Fault:
    if "pooling mode" in said:
        return SHARED_SESSIONS
    if "startup parameter" in said:
        return Fault("pooler", "a pooler refuses what PostgreSQL takes", "add it to "
                     "ignore_startup_parameters there, or connect to PostgreSQL itself", said)  # fmt: skip
    known = _BY_STATE.get(error.sqlstate or "")
    if known is None:
        return Fault("database", "the database can't be used", _ADDRESS, said)
    return Fault(*known, said)


def _of_system(error: OSError, said: str) -> Fault:
    """A connection that wasn't made, or a file. Only errors of files name one."""
    if error.filename is not None or error.errno == errno.ENOSPC:
        return _of_file(error)
    if isinstance(error, TimeoutError):
        return Fault("database", "the database doesn't answer", _ADDRESS)
    if isinstance(error, socket.gaierror):
        return Fault("database", "the database's host isn't known", _ADDRESS, said)
    return Fault("database", "the database can't be reached", _ADDRESS, said)


def _of_file(error: OSError) -> Fault:
    place = error.filename or "a folder that Bookonce writes to"
    elsewhere = "name another folder with --data-dir (BOOKONCE_DATA_DIR)"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Fault("disk", f"{place} can't be written: its disk is full", "make room there")
    if error.errno == errno.EROFS:
        return Fault("folder", f"{place} can't be written: its disk is mounted read-only",
                     f"mount it writable, or {elsewhere}")  # fmt: skip
    if isinstance(error, PermissionError):
        return Fault("folder", f"{place} can't be used: permission denied",
                     f"let the user that runs Bookonce write there, or {elsewhere}")  # fmt: skip
    return Fault("folder", f"{place} can't be used: {error.strerror}", elsewhere)
