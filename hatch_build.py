"""What is added to the wheel: which commit it was built from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildIdentity(BuildHookInterface):  # type: ignore[type-arg]
    """Writes `bookonce/COMMIT` into the wheel, if the commit is known."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the files are gathered. An editable install asks git itself."""
        if version == "editable" or self.target_name != "wheel":
            return
        commit = os.environ.get("SOURCE_COMMIT") or _commit(Path(self.root))
        if commit:
            place = Path(self.directory, "COMMIT")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(f"{commit}\n")
            build_data["force_include"][str(place)] = "bookonce/COMMIT"


def _commit(root: Path) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--abbrev=12", "--dirty=.changed",
             "--match=", "--exclude=*"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return done.stdout.strip()
