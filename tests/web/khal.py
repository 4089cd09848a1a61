"""Somebody's calendar: khal, a calendar program for the terminal, with files of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONFIGURATION = """
[calendars]
[[own]]
path = {folder}/calendar
[sqlite]
path = {folder}/khal.db
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = {zone}
default_timezone = {zone}
"""
EVENT = "{start-long} to {end-long} | {title} | {location} | {status}"


class Khal:
    """One viewer's calendar; times are told by the clock of `zone`."""

    def __init__(self, folder: Path, zone: str) -> None:
        (folder / "calendar").mkdir(parents=True)
        self._folder = folder
        self._configuration = folder / "config"
        self._configuration.write_text(CONFIGURATION.format(folder=folder, zone=zone))

    def take(self, content: bytes) -> None:
        """Import a file, replacing events that are known already."""
        file = self._folder / "appointment.ics"
        file.write_bytes(content)
        self._run("import", "--batch", str(file))

    def events(self) -> list[str]:
        """The events of the next three years, each once, in the form of `EVENT`."""
        listed = self._run(
            "list", "--once", "--format", EVENT, "--day-format", "", "today", "1100d"
        )
        return [line.strip() for line in listed.splitlines() if line.strip()]

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "khal", "-c", str(self._configuration), *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={"HOME": str(self._folder), "LC_ALL": "C.UTF-8"},
        )
        assert done.returncode == 0, done.stderr
        # It goes on after "Cannot find timezone" and the like; such a file isn't understood.
        assert not done.stderr, done.stderr
        return done.stdout
