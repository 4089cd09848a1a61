"""Fail if what ships has a known vulnerability; say so in one line if that can't be found out.

Known vulnerabilities are kept by a service on the network. A machine that can't reach it, or a
mirror that does not answer for it, must not fail every check, so an audit that did not take place
passes. Only a vulnerability fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LASTS_S_MAX = 30
LOCK = Path(__file__).parents[1] / "requirements/runtime.lock"
PIP_AUDIT = (
    *(sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes"),
    *("--disable-pip", "--format", "json", "--progress-spinner", "off"),
)


def main() -> int:
    """Zero unless a vulnerability is known."""
    try:
        ran = subprocess.run(
            PIP_AUDIT, capture_output=True, text=True, timeout=LASTS_S_MAX, check=False
        )
        packages = json.loads(ran.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        print(f"not audited: no answer from the service within {LASTS_S_MAX} s")
        return 0
    except ValueError:
        print("not audited: the service can't be reached")
        return 0
    print(summary(packages))
    found = list(vulnerabilities(packages))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


def summary(packages: list[dict[str, Any]]) -> str:
    """How many packages the service knows. A mirror may know none."""
    known = sum("skip_reason" not in package for package in packages)
    if known == 0:
        return "not audited: the service knows none of the packages"
    return f"audited: {known} of {len(packages)} packages"


def vulnerabilities(packages: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each that is known."""
    for package in packages:
        for each in package.get("vulns", ()):
            fixed = ", ".join(each["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {each['id']}, fixed in {fixed}"


if __name__ == "__main__":
    sys.exit(main())
