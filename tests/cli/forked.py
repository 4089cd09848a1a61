"""Commands in forks of a process that has imported them already.

A command's process is a fresh one still: its own arguments, environment, folder and streams, and
nothing of other commands. Only the second that Python needs for importing is spent once.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

HEAD_BYTES = 8
ALONE = ("serve", "jobs", "torture")
"""Modules that bring what only they need; a command of theirs imports it in its own fork."""


class Forks:
    """A process that forks for each command. `run` may be called from any thread."""

    def __init__(self, environment: dict[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from tests.cli.forked import main; main()",
                 str(theirs.fileno())],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, cwd=Path(__file__).parents[2],
                env=environment,
            )  # fmt: skip
        self._socket = ours
        self._lock = threading.Lock()

    def run(
        self, arguments: Sequence[str], streams: tuple[int, int, int], environment: dict[str, str]
    ) -> Fork:
        """Start a command on these descriptors: input, output and errors."""
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        told = json.dumps([list(arguments), environment]).encode()
        with there, self._lock:
            head = len(told).to_bytes(HEAD_BYTES, "big")
            socket.send_fds(self._socket, [head], [*streams, there.fileno()])
            self._socket.sendall(told)
        return Fork(here)


class Fork:
    """A command that was started."""

    def __init__(self, waiting: socket.socket) -> None:
        self._waiting = waiting
        self.pid = int.from_bytes(self._received(), "big")

    def wait(self, timeout_s: float) -> int:
        """Its exit code, negative for a signal. Kills it and raises TimeoutExpired after so long."""
        self._waiting.settimeout(timeout_s)
        try:
            return int.from_bytes(self._received(), "big", signed=True)
        except TimeoutError:
            os.kill(self.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired("bookonce", timeout_s) from None
        finally:
            self._waiting.close()

    def _received(self) -> bytes:
        found = b""
        while len(found) < HEAD_BYTES:
            part = self._waiting.recv(HEAD_BYTES - len(found))
            if not part:
                raise AssertionError("the process that forks has ended")
            found += part
        return found


def main() -> NoReturn:
    """Import the commands, then fork for each that is asked for, until nobody asks any more."""
    from bookonce.cli.main import MODULES

    for name in sorted(set(MODULES.values())):
        if name.rpartition(".")[2] not in ALONE:
            import_module(name)
    asked = socket.socket(fileno=int(sys.argv[1]))
    while True:
        head, descriptors, _, _ = socket.recv_fds(asked, HEAD_BYTES, 4)
        if not head:
            sys.exit()
        length = int.from_bytes(head, "big")
        told = b""
        while len(told) < length:
            told += asked.recv(length - len(told))
        arguments, environment = json.loads(told)
        waiting = socket.socket(fileno=descriptors[3])
        if os.fork() == 0:
            _keep(asked, waiting, arguments, environment, descriptors[:3])
        waiting.close()
        for each in descriptors[:3]:
            os.close(each)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _keep(
    asked: socket.socket, waiting: socket.socket,
    arguments: list[str], environment: dict[str, str], streams: list[int],
) -> NoReturn:  # fmt: skip
    """Run a command in a fork of this fork, and tell what became of it."""
    asked.close()
    pid = os.fork()
    if pid == 0:
        waiting.close()
        _command(arguments, environment, streams)
    for each in streams:
        os.close(each)
    with contextlib.suppress(BrokenPipeError):
        waiting.sendall(pid.to_bytes(HEAD_BYTES, "big"))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        waiting.sendall(code.to_bytes(HEAD_BYTES, "big", signed=True))
    os._exit(0)


def _command(arguments: list[str], environment: dict[str, str], streams: list[int]) -> NoReturn:
    from bookonce.cli.main import main as command

    for number, each in enumerate(streams):
        os.dup2(each, number)
        os.close(each)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir("/")
    sys.argv = ["bookonce", *arguments]
    code = 0
    try:
        command()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
    os._exit(code)
