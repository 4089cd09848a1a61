"""The wheel, installed where nothing else is, serves and books like the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests import asking
from tests.running import RunningServer

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(folder),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("bookonce-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, scratch: Path) -> Path:
    """An environment with the wheel and its locked dependencies, and nothing of this checkout."""
    home = scratch / "elsewhere"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    pip = [
        str(home / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
    ]
    lock = ROOT / "requirements" / "runtime.lock"
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True, cwd="/")
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True, cwd="/")
    return home


def test_it_carries_its_licence_migrations_pages_and_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "bookonce/platform/migrations/0001_booking_core.sql",
        "bookonce/web/templates/services.html",
        "bookonce/web/locales/de.po",
        "bookonce/web/assets/built/manifest.json",
        "bookonce/web/assets/built/embed.js",
        "bookonce/web/assets/swagger-ui/swagger-ui-bundle.js",
        "bookonce/demo/lumen.toml",
        "bookonce/demo/pictures/cover.webp",
        "bookonce/py.typed",
        "bookonce/runtime.lock",
    ):
        assert needed in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith("tests")]


def test_it_says_which_build_it_is(installed: Path, wheel: Path) -> None:
    said = subprocess.run(
        [str(installed / "bin" / "bookonce"), "--version"],
        capture_output=True, text=True, check=True, cwd="/",
    ).stdout  # fmt: skip
    with zipfile.ZipFile(wheel) as archive:
        if "bookonce/COMMIT" not in archive.namelist():
            pytest.skip("this isn't a checkout with git")
        commit = archive.read("bookonce/COMMIT").decode().strip()
    assert said == f"bookonce 0.1.0+g{commit}\n"


def test_its_dependencies_are_all_declared(installed: Path) -> None:
    checked = subprocess.run(
        [str(installed / "bin" / "python"), "-m", "pip", "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_it_serves_the_demo_and_books(installed: Path, scratch: Path) -> None:
    command = [str(installed / "bin" / "bookonce")]
    with RunningServer(None, scratch / "wheel", "--demo", command=command) as server:
        api = f"{server.base_url}/api/v1/lumen"
        first = date.today() + timedelta(days=20)
        found = asking.get(
            f"{api}/availability",
            params={"service": "cut", "from": str(first), "to": str(first + timedelta(days=7))},
        ).json()
        start = next(slot["start"] for day in found["days"] for slot in day["slots"])
        wish = {
            "service": "cut",
            "start": start,
            "client": {"name": "Zoe", "email": "zoe@example.com"},
        }
        assert asking.post(f"{api}/book", json=wish).status_code == 201
    assert server.process is not None
    assert server.process.returncode == 0


def test_the_licences_of_what_ships_fit(installed: Path) -> None:
    """MIT, BSD, Apache, MPL, PostgreSQL and the like; nothing that binds who embeds us."""
    listing = subprocess.run(
        [
            str(installed / "bin" / "python"),
            "-c",
            "import importlib.metadata as m\n"
            "for d in m.distributions():\n"
            "    i = d.metadata\n"
            "    words = [i.get('License-Expression') or '', (i.get('License') or '')[:80]]\n"
            "    words += [c for c in i.get_all('Classifier') or [] if c.startswith('License')]\n"
            "    print(i['Name'], '|', ' '.join(words).replace(chr(10), ' '))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert len(listing.splitlines()) > 20
    for line in listing.splitlines():
        assert "GPL" not in line.upper().replace("LGPL-FREE", ""), line
