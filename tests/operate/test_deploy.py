"""The files in `deploy/`: they can be read by what reads them, and say what the pages say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def dockerfile() -> list[tuple[str, str]]:
    """Each instruction of the last stage."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM"))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines[last:])]


def compose() -> Any:
    """The compose file."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_the_image_runs_as_nobody_special_and_says_how_it_is() -> None:
    found = dict(dockerfile())
    assert found["USER"] == "bookonce"
    assert found["VOLUME"] == "/var/lib/bookonce"
    assert "/healthz" in found["HEALTHCHECK"]
    assert found["ENTRYPOINT"] == '["bookonce"]'
    assert "10001" in found["RUN"]


def test_what_is_installed_is_locked() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    for line in re.findall(r"pip install .*", text):
        assert "--require-hashes" in line or "--no-deps" in line, line
    assert "npm ci" in text


def test_the_dockerfile_is_linted() -> None:
    program = shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint isn't installed")
    done = subprocess.run(
        [program, "--ignore", "DL3008", str(DEPLOY / "Dockerfile")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_compose_puts_a_proxy_before_what_only_it_reaches() -> None:
    services = compose()["services"]
    ours, proxy = services["bookonce"], services["proxy"]
    assert "ports" not in ours
    assert proxy["depends_on"]["bookonce"]["condition"] == "service_healthy"
    assert "/readyz" in ours["healthcheck"]["test"][-1]
    assert ours["read_only"]
    assert ours["cap_drop"] == ["ALL"]
    subnet = compose()["networks"]["inside"]["ipam"]["config"][0]["subnet"]
    assert ours["environment"]["BOOKONCE_TRUSTED_PROXIES"] == subnet
    assert ours["volumes"] == ["data:/var/lib/bookonce"]


def test_every_setting_in_the_files_is_one() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    for file in DEPLOY.iterdir():
        for name in re.findall(r"BOOKONCE_[A-Z_]+", file.read_text()):
            assert f"### {name}\n" in page, (file.name, name)


def test_the_unit_is_the_one_on_the_page() -> None:
    assert (DEPLOY / "bookonce@.service").read_text() in (ROOT / "docs/operate.md").read_text()


def test_the_unit_can_be_read_by_systemd(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze isn't installed")
    text = (DEPLOY / "bookonce@.service").read_text()
    place = tmp_path / "bookonce@8001.service"
    place.write_text(text.replace("/opt/bookonce/bin/bookonce", "/bin/true"))
    done = subprocess.run(
        [program, "verify", "--man=no", str(place)], capture_output=True, text=True, check=False
    )
    wrong = [line for line in done.stderr.splitlines() if "bookonce@" in line]
    assert [line for line in wrong if "User" not in line] == []


def test_alerts_ask_for_metrics_that_there_are() -> None:
    page = (ROOT / "docs/operate.md").read_text()
    groups = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 5
    for rule in rules:
        assert rule["annotations"].keys() == {"summary", "do"}, rule["alert"]
        for name in re.findall(r"bookonce_\w+", rule["expr"]):
            assert f"`{name.removesuffix('_bucket')}`" in page, name


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        pytest.skip("nginx isn't installed (apt-get install nginx-light)")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    site = (DEPLOY / "nginx.conf").read_text()
    site = site.replace("/etc/ssl/book.example.com.pem", str(certificate))
    site = site.replace("/etc/ssl/book.example.com.key", str(key))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {site} }}"
    )
    done = subprocess.run(
        [program, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_caddy_takes_its_file() -> None:
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("caddy isn't installed (apt-get install caddy)")
    done = subprocess.run(
        [program, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
        capture_output=True, text=True, check=False,
        env={"DOMAIN": "book.example.com", "UPSTREAM": "127.0.0.1:8001 127.0.0.1:8002",
             "PATH": "/usr/bin", "HOME": "/tmp"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_path_below_another_site_is_refused_plainly() -> None:
    from bookonce.platform.errors import ValidationError
    from bookonce.platform.settings import Settings

    with pytest.raises(ValidationError, match="not below a path"):
        Settings.read({"BOOKONCE_PUBLIC_URL": "https://example.com/booking"})
