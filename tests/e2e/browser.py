"""A real browser for our pages, and what it did: console, requests, the finished page."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"
)
#: What keeps a browser from asking for things of its own.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--enable-logging=stderr", "--dump-dom"),
)


@dataclass(frozen=True)
class Visit:
    """One page that was opened: its DOM at the end, its console, what it asked for."""

    dom: str
    console: list[str]
    requests: list[str]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine only."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def visit(address: str, folder: Path, *flags: str) -> Visit:
    """Open a page to its end, in a browser that has never run before."""
    assert CHROMIUM is not None
    log, profile = folder / "net.json", folder / "profile"
    for stale in (log, profile):
        shutil.rmtree(stale, ignore_errors=True)
    done = subprocess.run(
        [
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={profile}",
            f"--log-net-log={log}",
            *flags,
            address,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    origin = "/".join(address.split("/")[:3])
    return Visit(
        dom=done.stdout,
        console=re.findall(r"CONSOLE[^\n]*", done.stderr),
        requests=sorted(_asked_for(log, origin)),
    )


def _asked_for(log: Path, origin: str) -> set[str]:
    """Return every address that the page itself, and not the browser, asked for."""
    text = log.read_text(encoding="utf-8")
    try:
        told = json.loads(text)
    except json.JSONDecodeError:  # the browser ended before it closed the list
        told = json.loads(text.rstrip().rstrip(",") + "]}")
    found = set()
    for event in told["events"]:
        asked = event.get("params", {})
        url = str(asked.get("url", ""))
        if "method" in asked and (asked.get("initiator") == origin or origin in url):
            found.add(url)
    return found
