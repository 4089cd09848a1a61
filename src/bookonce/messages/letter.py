"""A message before it is a mail: what it says, in order, in one language. HTML and text are made of
the same letter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bookonce.platform.languages import FIRST_STRONG_ISOLATE, POP_ISOLATE, Language


@dataclass(frozen=True, slots=True)
class Row:
    """A detail: what it is, and what it says."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Action:
    """A link to a page; nothing happens before somebody presses a button there."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message says. `text` is it in a line, for telephones; `secret_url` stands in it, but not
    in what is kept of it.
    """

    language: Language
    subject: str
    heading: str
    greeting: str = ""
    paragraphs: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    items: tuple[str, ...] = ()
    note: str = ""
    actions: tuple[Action, ...] = ()
    footer: tuple[str, ...] = ()
    text: str = ""
    secret_url: str = ""

    def in_own_words(self, subject: str, body: str) -> Letter:
        """The same in a business's own words; an empty line begins a paragraph."""
        paragraphs = tuple(part.strip() for part in body.split("\n\n") if part.strip())
        return replace(self, subject=subject, greeting="", paragraphs=paragraphs)

    def without_secrets(self, text: str) -> str:
        """What is kept of a text that was sent."""
        return text.replace(self.secret_url, "…") if self.secret_url else text


def isolated(text: str) -> str:
    """A name among words that may be written the other way, in plain text."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}" if text else ""


def as_text(letter: Letter) -> str:
    """The letter as plain text."""
    blocks = [letter.heading, letter.greeting, *letter.paragraphs]
    blocks.append("\n".join(f"{row.label}: {row.value}" for row in letter.rows))
    blocks.append("\n".join(f"- {item}" for item in letter.items))
    blocks.append(letter.note)
    blocks += [f"{action.label}:\n{action.url}" for action in letter.actions]
    blocks.append("\n".join(("-- ", *letter.footer)) if letter.footer else "")
    return "\n\n".join(block for block in blocks if block) + "\n"
