"""What a screen reader is given to tell: Chromium's accessibility tree and its live regions."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

PLACES = {"banner", "main", "contentinfo", "navigation", "region", "dialog", "table", "heading"}
STATES = ("required", "invalid", "disabled", "hasPopup", "expanded", "modal")
# Text that comes into a live region that was there is told; so is an alert that comes with its
# text. A status that comes with its text is not told everywhere, so it doesn't count here.
LISTEN = """if (!window.said) {
    window.said = [];
    new MutationObserver((changes) => {
        const regions = new Set();
        for (const { target, addedNodes } of changes) {
            regions.add(target.parentElement && target.closest?.("[role=status], [role=alert]"));
            for (const added of addedNodes)
                if (added.matches?.("[role=alert]")) regions.add(added);
                else added.querySelectorAll?.("[role=alert]").forEach((each) => regions.add(each));
        }
        for (const region of regions) {
            const text = region?.isConnected && region.textContent.trim().replace(/\\s+/g, " ");
            if (text) said.push(`${region.role}: ${text}`);
        }
    }).observe(document, { subtree: true, childList: true, characterData: true });
}"""


class Listener:
    """Somebody who hears a page and uses it by keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._tree: Any = None

    async def listen(self) -> None:
        """From now on, what live regions say is kept."""
        await self.page.evaluate(LISTEN)

    async def heard(self) -> list[str]:
        """What live regions have said since it was asked last, by role and text."""
        said: list[str] = await self.page.evaluate("said.splice(0)")
        return said

    async def focused(self) -> str:
        """What is told of the element that has the focus: role, name, states, description."""
        at = [node for node in await self._nodes() if _property(node, "focused")]
        current = await self.page.evaluate("document.activeElement.ariaCurrent")
        return _told(at[-1]) + (" current" if current else "")

    async def stops(self) -> list[str]:
        """What is told at each stop of the Tab key, from the first to the last."""
        await self.page.evaluate(
            "document.body.tabIndex = -1; document.body.focus();"
            "document.body.removeAttribute('tabindex')"
        )
        found: list[str] = []
        for _ in range(60):
            await self.page.keyboard.press("Tab")
            if await self.page.evaluate("document.activeElement === document.body"):
                return found
            found.append(await self.focused())
        raise AssertionError(f"Tab leads round and round: {found}")

    async def everything(self) -> list[str]:
        """All that can be read, in its order."""
        return [_told(node) for node in await self._nodes()]

    async def places(self) -> list[str]:
        """Landmarks, headings and tables in their order."""
        return [_told(node) for node in await self._nodes() if _value(node, "role") in PLACES]

    async def _nodes(self) -> list[dict[str, Any]]:
        if self._tree is None:
            self._tree = await self.page.context.new_cdp_session(self.page)
            await self._tree.send("Accessibility.enable")
        tree = await self._tree.send("Accessibility.getFullAXTree")
        by_id = {node["nodeId"]: node for node in tree["nodes"]}
        found: list[dict[str, Any]] = []

        def read(node: dict[str, Any]) -> None:  # the nodes come in no order that is promised
            if not node["ignored"]:
                found.append(node)
            for child in node.get("childIds", []):
                if child in by_id:
                    read(by_id[child])

        read(tree["nodes"][0])
        return found


def _told(node: dict[str, Any]) -> str:
    told = _value(node, "role")
    if told == "heading":
        told += f" {_property(node, 'level')}"
    if name := _value(node, "name"):
        told += f' "{" ".join(name.split())}"'
    for state in STATES:
        if _property(node, state) not in (None, False, "false"):
            told += f" {state}"
    if description := _value(node, "description"):
        told += f" — {description}"
    return told


def _value(node: dict[str, Any], what: str) -> str:
    return str(node.get(what, {}).get("value", ""))


def _property(node: dict[str, Any], name: str) -> Any:
    found = (each for each in node.get("properties", []) if each["name"] == name)
    return next((each["value"].get("value") for each in found), None)
