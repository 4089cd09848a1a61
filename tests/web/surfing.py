"""Somebody without JavaScript: pages as text, links and one form."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx

from tests.factories import tomorrow_at

ZOE = {"name": "Zoe", "email": "zoe@example.com"}
ENGLISH = {"Accept-Language": "en", "Accept": "text/html"}


class Reader(HTMLParser):
    """A page as somebody without JavaScript has it: its text, its links, its form."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.answer = answer
        self.links: list[tuple[str, str]] = []
        self.action = self.looks_at = ""
        """Of a form that changes something, and of one that only looks."""
        self.fields: dict[str, str] = {}
        self.buttons: list[tuple[str, str, str]] = []
        self.others: list[str] = []
        """The starts that can be chosen instead."""
        self.text = ""
        self._link: str | None = None
        self._button: tuple[str, str] | None = None
        self._textarea = ""
        self._inside = ""
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        names = {name: value or "" for name, value in attributes}
        if tag == "a":
            self._link, self._inside = names.get("href", ""), names.get("aria-label", "")
        elif tag == "form" and names.get("method") == "post":
            self.action = names["action"]
        elif tag == "form":
            self.looks_at = names["action"]
        elif tag == "input" and names.get("type") == "radio":
            self.others.append(names["value"])
        elif tag == "input":
            self.fields[names["name"]] = names.get("value", "")
        elif tag == "textarea":
            self._textarea = names["name"]
            self.fields[self._textarea] = ""
        elif tag == "button":
            self._button, self._inside = (names.get("name", ""), names.get("value", "")), ""

    def handle_endtag(self, tag: str) -> None:
        said = " ".join(self._inside.split())
        if tag == "a" and self._link is not None:
            self.links.append((said, self._link))
            self._link = None
        elif tag == "button" and self._button is not None:
            self.buttons.append((said, *self._button))
            self._button = None
        elif tag == "textarea":
            self.fields[self._textarea] = self.fields[self._textarea].removeprefix("\n")
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        self._inside += data
        self.text += data
        if self._textarea:
            self.fields[self._textarea] += data

    def link(self, words: str) -> str:
        """The address of the first link that says so."""
        return next(href for said, href in self.links if words in said)


class Surfer:
    """Somebody who reads pages, follows links and sends forms."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def open(self, address: str, status: int = 200) -> Reader:
        answer = self.client.get(address, headers=ENGLISH)
        assert answer.status_code == status, answer.text
        return Reader(answer)

    def send(self, page: Reader, button: str | None = None, **typed: str) -> Reader:
        """Send a page's form with what was typed, by its one button or the one named."""
        fields = page.fields | typed
        if button is not None:
            _, name, value = next(each for each in page.buttons if button in each[0])
            fields |= {name: value}
        answer = self.client.post(page.action, data=fields, headers=ENGLISH)
        if answer.status_code == 303:
            return self.open(answer.headers["location"])
        return Reader(answer)


def slug_of(api: str) -> str:
    return api.rpartition("/")[2]


def to_the_form(surfer: Surfer, api: str, **choice: str) -> Reader:
    """The form for ten o'clock, the day after tomorrow."""
    start = tomorrow_at(10)
    parameters = {"service": "cut", "staff": "any", "date": str(start.date())}
    address = httpx.URL(
        f"/{slug_of(api)}", params=parameters | {"start": start.isoformat()} | choice
    )
    return surfer.open(str(address))
