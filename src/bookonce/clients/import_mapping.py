"""What the columns of a file of clients are, and each line as a client."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bookonce.clients.particulars import NewClient, Particulars, read, split_flags
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.platform.text import clean_line

TARGETS = ("name", "first_name", "last_name", "email", "phone", "notes", "flags")
"""What a column can be; "" is nothing of ours."""
_LOOKED_AT = 50
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[0-9][0-9 ()/.\-]{5,}")

_HEADS = {
    "name": "name fullname client clientname customer customername kunde kundenname kundin nom "
    "nomcomplet client cliente nombrecompleto nombreyapellidos vollername الاسم اسم العميل "
    "displayname contact contactname",
    "first_name": "firstname givenname vorname prenom nombre forename الاسمالاول",
    "last_name": "lastname surname familyname nachname familienname nomdefamille apellido "
    "apellidos اسمالعائلة اللقب",
    "email": "email emailaddress mail mailaddress emailadresse mailadresse courriel adressemail "
    "adresseemail correo correoelectronico البريد البريدالالكتروني emailaddress1 email1value",
    "phone": "phone phonenumber telephone telephonenumber tel mobile mobilephone mobilenumber "
    "cell cellphone telefon telefonnummer handy handynummer mobil mobiltelefon mobilnummer "
    "portable telefono telefonomovil movil الهاتف رقمالهاتف الجوال phone1value",
    "notes": "note notes comment comments remarks notiz notizen bemerkung bemerkungen kommentar "
    "remarque remarques commentaire commentaires nota notas comentario comentarios ملاحظات",
    "flags": "flag flags tag tags label labels allergy allergies hinweis hinweise allergie "
    "allergien signalements allergies avisos alergias etiquetas تنبيهات",
}
_TARGET_OF = {head: target for target, heads in _HEADS.items() for head in heads.split()}


def has_head(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line names the columns: it has a name that is known, or none of a client's
    particulars while the others do.
    """
    first = rows[0]
    if any(_of_head(cell) for cell in first):
        return True
    looks = any(_EMAIL.fullmatch(cell) or _PHONE.fullmatch(cell) for cell in first)
    return not looks and len(rows) > 1 and any(_of_cells(rows[1:], n) for n in range(len(first)))


def guess(rows: Sequence[Sequence[str]], *, with_head: bool) -> list[str]:
    """What each column is: by its head, else by what is in it. Each thing once."""
    body = rows[1:] if with_head else rows
    columns = max(map(len, rows), default=0)
    found = [""] * columns
    for n in range(columns):
        head = rows[0][n] if with_head and n < len(rows[0]) else ""
        target = _of_head(head)
        if target and target not in found:
            found[n] = target
    for n in range(columns):
        target = "" if found[n] else _of_cells(body, n)
        if target and target not in found:
            found[n] = target
    if "last_name" not in found and "first_name" in found and "name" in found:
        found[found.index("name")] = "last_name"  # "nom" beside "prénom"
    if not {"name", "first_name", "last_name"} & set(found) and "" in found and not with_head:
        found[found.index("")] = "name"
    return found


def _of_head(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _TARGET_OF.get("".join(each for each in plain if each.isalnum()), "")


def _of_cells(body: Sequence[Sequence[str]], n: int) -> str:
    cells = [row[n] for row in body[:_LOOKED_AT] if n < len(row) and row[n]]
    for target, pattern in (("email", _EMAIL), ("phone", _PHONE)):
        if cells and sum(bool(pattern.fullmatch(cell)) for cell in cells) * 2 > len(cells):
            return target
    return ""


def client_of(cells: Sequence[str], mapping: Sequence[str], country: str | None) -> Particulars:
    """A line as a client. Raises ValidationError naming what is wrong with it."""
    found: dict[str, list[str]] = {}
    for cell, target in zip(cells, mapping, strict=False):
        if target and cell:
            found.setdefault(target, []).append(cell)
    whole = " ".join(
        cell for target in ("first_name", "last_name") for cell in found.get(target, ())
    )
    name = clean_line(" ".join(found.get("name", ())) or whole)
    first = {target: cells[0] for target, cells in found.items()}
    typed = NewClient(
        name=name or first.get("email") or first.get("phone") or "",
        email=first.get("email"),
        phone=first.get("phone"),
        notes="\n".join(found.get("notes", ())) or None,
        flags=split_flags(", ".join(found.get("flags", ()))),
    )
    return Particulars(**read(typed, country))


def judged(
    rows: Sequence[Sequence[str]], mapping: Sequence[str], country: str | None, *, with_head: bool
) -> tuple[list[tuple[int, Particulars]], list[tuple[int, str]]]:
    """The clients of a file with the number of the line of each, from 1, and the lines that are none,
    each with why. Empty lines are neither.
    """
    good: list[tuple[int, Particulars]] = []
    bad: list[tuple[int, str]] = []
    for number, cells in enumerate(rows, 1):
        if (with_head and number == 1) or not any(cells):
            continue
        try:
            good.append((number, client_of(cells, mapping, country)))
        except ValidationError as error:
            bad.append((number, error.detail))
    return good, bad


def mapping_of(chosen: Sequence[str]) -> list[str]:
    """A mapping as it was chosen in a form. Raises ValidationError if it names nobody."""
    found = [each if each in TARGETS else "" for each in chosen]
    if not set(found) & {"name", "first_name", "last_name"}:
        raise ValidationError([FieldError("mapping", "say which column is the name")])
    return found
