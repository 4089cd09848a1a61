"""The control of each field of the document, by its type; the table says where another is better."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any

import msgspec

from bookonce.business.convert import encode_custom
from bookonce.business.document import WeeklyHours
from bookonce.business.hours import Span
from bookonce.web.office.settings.composite import Group, Rows
from bookonce.web.office.settings.controls import (
    Choice,
    Control,
    Lines,
    Number,
    Raw,
    Several,
    Spans,
    Text,
    Tick,
    Week,
)

Place = tuple[type, str]
"""A struct and the name of one of its fields in the file."""
LINE_LENGTH_MAX = 200


def group_of(struct: type[msgspec.Struct], better: Mapping[Place, Control | None]) -> Group:
    """The controls of a struct's fields. `better` has those that types can't tell; None: the field
    has its place elsewhere.
    """
    fields = {}
    hints = typing.get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        place = struct, field.encode_name
        control = better[place] if place in better else _of(hints[field.name], field, better)
        if control is not None:
            fields[field.encode_name] = control
    return Group(struct, fields)


def _of(hint: Any, field: Any, better: Mapping[Place, Control | None]) -> Control:
    """The control of a type."""
    kind, is_optional = _without_none(hint)
    length_max = _length_max(kind)
    while typing.get_origin(kind) is typing.Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) is tuple:
        return _of_list(typing.get_args(kind)[0], is_optional, better)
    if typing.get_origin(kind) is typing.Literal:
        return Choice(field.required, given=tuple(map(str, typing.get_args(kind))))
    if not isinstance(kind, type):
        return Raw()
    if kind is WeeklyHours:
        return Week(is_optional)
    if issubclass(kind, msgspec.Struct):
        group = group_of(kind, better)
        return Group(kind, group.fields, is_optional)
    return _of_scalar(kind, field.required, length_max)


def _of_scalar(kind: type, is_required: bool, length_max: int | None) -> Control:
    if kind is bool:
        return Tick()
    if kind in (int, float):
        return Number(is_required, kind is int)
    if issubclass(kind, Enum):
        return Choice(is_required, given=tuple(str(each.value) for each in kind))
    if kind in (str, date):
        lines = 4 if (length_max or 0) > LINE_LENGTH_MAX else 1
        looks = "date" if kind is date else "text"
        return Text(is_required, lines, length_max or 500, looks)
    return Raw()


def _of_list(item: Any, is_optional: bool, better: Mapping[Place, Control | None]) -> Control:
    while typing.get_origin(item) is typing.Annotated:
        item = typing.get_args(item)[0]
    if item is Span:
        return Spans()
    if item is str:
        return Lines()
    if isinstance(item, type) and issubclass(item, msgspec.Struct):
        return Rows(group_of(item, better), is_optional)
    if isinstance(item, type) and issubclass(item, Enum):
        return Several(given=tuple(str(each.value) for each in item))
    return Raw()


def _without_none(hint: Any) -> tuple[Any, bool]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        others = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        if len(others) == 1:
            return others[0], True
        return typing.Any, True
    return hint, False


def _length_max(kind: Any) -> int | None:
    found = [
        meta.max_length
        for meta in getattr(kind, "__metadata__", ())
        if isinstance(meta, msgspec.Meta) and meta.max_length is not None
    ]
    return found[0] if found else None


def defaults_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """What the fields of a struct say where the document leaves them out."""
    found = {}
    for field in msgspec.structs.fields(struct):
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if default is not msgspec.NODEFAULT and default is not None:
            found[field.encode_name] = msgspec.to_builtins(default, enc_hook=encode_custom)
    return found
