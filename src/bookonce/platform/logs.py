"""Structured logs: one JSON object a line on standard output, each with its request's id.

Whoever sends a request decides about some of what is logged. So nothing in a line moves a cursor,
turns the direction of text or fills a disk.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import msgspec
import structlog

TEXT_LENGTH_MAX = 2_000
_LINE_BREAKS = "\n\t"  # JSON writes them as two letters


def configure_logs(level: str) -> None:
    """Set up logging for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                # Values of variables could be somebody's name or capability.
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            _harmless,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )


def _harmless(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: _plain(value) for name, value in event.items()}


def _plain(value: Any) -> Any:
    """The same with every text in it as `plain` has it."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def plain(text: str) -> str:
    """A text that any terminal shows as it is: what nobody sees is spelt out, the end of a very
    long one is left out.
    """
    if len(text) > TEXT_LENGTH_MAX:
        text = f"{text[:TEXT_LENGTH_MAX]}… ({len(text)} characters)"
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in _LINE_BREAKS else f"\\u{ord(each):04x}"
        for each in text
    )


def _json(value: dict[str, Any], **_: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=lambda each: plain(repr(each)))
