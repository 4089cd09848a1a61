"""The five commands of docs/integrate.md lead to a signed webhook."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.running import COMMAND, RunningServer, free_port

ROOT = Path(__file__).parents[2]


def test_five_commands_lead_from_nothing_to_a_signed_webhook(
    new_database: Callable[[], str], scratch: Path
) -> None:
    text = (ROOT / "docs/integrate.md").read_text()
    part = text[text.index("### From nothing") : text.index("### The request")]
    receiver, serving, commands, printed = re.findall(r"```\w+\n(.*?)```", part, re.DOTALL)
    setting, _, command = serving.strip().partition(" ")
    assert command == "bookonce serve --demo &"
    name, _, value = setting.partition("=")
    folder = scratch / "integrate"
    folder.mkdir()
    port = str(free_port())
    (folder / "receive.py").write_text(receiver.replace("9000", port))
    url = new_database()
    with RunningServer(
        url, folder / "data", "--demo", environment={name: value}, jobs=True
    ) as server:
        script = commands.replace("http://127.0.0.1:8000/", f"{server.base_url}/")
        known = f'export BOOKONCE_DATABASE_URL="{url}"\nbookonce() {{ "{COMMAND[0]}" -c "{COMMAND[2]}" "$@"; }}\n'
        running = subprocess.Popen(
            ["bash", "-euc", known + script.replace("9000", port) + "\nwait"],
            cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert running.stdout is not None
        try:
            lines = iter(running.stdout.readline, "")
            assert any(printed.strip() in line for line in lines)
        finally:
            subprocess.run(["kill", "--", f"-{running.pid}"], check=True)
            running.wait(10)
