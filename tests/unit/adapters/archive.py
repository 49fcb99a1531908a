"""An archive of bars on loopback, answering as the exchange documents."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from bridge_patch.adapters.feeds.download import Klines
from bridge_patch.adapters.feeds.series import Window
from bridge_patch.domain.intent import UnixMs
from tests.unit.adapters.bars import MINUTE, START_MS

#: A time by which every bar of these tests has closed.
LATE_SEC = START_MS / 1000 + 10_000_000


def kline(open_ms: int) -> list[object]:
    """One bar in the exchange's documented shape: times whole, figures as text."""
    number = (open_ms - START_MS) // MINUTE
    return [
        open_ms,
        f"{95_000 + number}.10",
        f"{95_001 + number}.00",
        f"{94_999 + number}.50",
        f"{95_000 + number}.60",
        "12.345",
        open_ms + MINUTE - 1,
        "1172816.02",
        308,
        "6.1",
        "579530.01",
        "0",
    ]


@dataclass
class Archive:
    """An exchange that remembers what it was asked, and fails when told to."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    faults: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    listed_ms: int = START_MS
    last_ms: int = START_MS + 10_000 * MINUTE

    def answer(self, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(query)
        if self.faults:
            return self.faults.pop(0)
        first = max(int(query["startTime"]), self.listed_ms)
        end = min(int(query["endTime"]), self.last_ms)
        times = range(first, end + 1, MINUTE)[: int(query["limit"])]
        return 200, {}, json.dumps([kline(at) for at in times]).encode()


@contextmanager
def serving() -> Iterator[Archive]:
    """Run an archive for as long as the block lasts."""
    here = Archive()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            status, headers, body = here.answer(query | {"path": asked.path})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Waits:
    """Remembers every pause instead of making it."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def source(archive: Archive, waits: Waits | None = None) -> Klines:
    return Klines(base_url=archive.url, pause=waits or Waits(), clock=lambda: LATE_SEC)


def window(bars: int, first: int = 0) -> Window:
    return Window(
        start_ms=UnixMs(START_MS + first * MINUTE),
        end_ms=UnixMs(START_MS + (first + bars) * MINUTE),
    )
