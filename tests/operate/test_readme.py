"""The README's booking works as it stands there, each time that it is run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.running import RunningServer

ROOT = Path(__file__).parents[2]


def test_the_booking_of_the_readme_works_twice(scratch: Path) -> None:
    text = (ROOT / "README.md").read_text()
    part = text[text.index("## Book by the API") : text.index("The whole API can be read")]
    script = "\necho\n".join(re.findall(r"```sh\n(.*?)```", part, re.DOTALL))
    assert "api=http://127.0.0.1:8000/" in script
    with RunningServer(None, scratch / "readme", "--demo") as server:
        script = script.replace("http://127.0.0.1:8000/", f"{server.base_url}/")
        for _ in range(2):
            done = subprocess.run(
                ["bash", "-euc", script], capture_output=True, text=True, check=True
            )
            assert '"status":"confirmed"' in done.stdout
            assert "BOOKING_CONFLICT" in done.stdout
            assert "IDEMPOTENCY_MISMATCH" not in done.stdout
