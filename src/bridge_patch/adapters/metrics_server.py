"""Serves `/metrics` and `/healthz` on this machine only, on a thread of its own.

A port that is taken is tried again later: a second process of the same kind waits there
until the first is gone. Nothing here is needed for trading, and nothing here waits for it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, final

from bridge_patch.adapters.loopback import HOST, is_here
from bridge_patch.adapters.metrics_told import Told

#: How long a client may take to ask, and how many may ask at once.
ASK_MAX_SEC: Final = 5.0
CLIENTS_MAX: Final = 8
_TEXT: Final = "text/plain; charset=utf-8"


@final
@dataclass(slots=True)
class MetricsServer:
    """The one server of a process, once it could take its port."""

    told: Told
    port: int
    _server: _Loopback | None = None
    _thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def is_open(self) -> bool:
        """Tell whether it serves."""
        return self._server is not None

    @property
    def bound_port(self) -> int:
        """Return the port that it has; it differs where any was asked for, by 0."""
        return self.port if self._server is None else int(self._server.server_address[1])

    def open(self) -> None:
        """Take the port and serve, or raise OSError where it cannot be had."""
        handler = _handler(self.told)
        server = _Loopback((HOST, self.port), handler)
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Let go of the port."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(ASK_MAX_SEC)
            self._server = None


class _Loopback(ThreadingHTTPServer):
    """Answers a bounded number of clients at once, and hangs up on the others."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]):
        self._room = threading.BoundedSemaphore(CLIENTS_MAX)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on another thread, if there is one left."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for the next client."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is no news."""


def _handler(told: Told) -> type[BaseHTTPRequestHandler]:
    from prometheus_client import exposition  # noqa: PLC0415 - only who serves needs it

    from bridge_patch.adapters.metrics_page import registry_of  # noqa: PLC0415 - as above

    registry = registry_of(told)

    class Handler(BaseHTTPRequestHandler):
        timeout = ASK_MAX_SEC
        server_version = "bridge-patch"
        sys_version = ""

        def do_GET(self) -> None:
            """Answer the page, the probe, or say where they are."""
            path = self.path.partition("?")[0]
            if not is_here(self.headers.get("Host", HOST)):
                self._answer(403, _TEXT, b"only by the names of this machine\n")
            elif path == "/metrics":
                accept = self.headers.get("Accept", "")
                encode, content_type = exposition.choose_encoder(accept)
                self._answer(200, content_type, encode(registry))
            elif path == "/healthz":
                health = told.health()
                self._answer(200 if health.is_well else 503, _TEXT, health.text().encode())
            else:
                self._answer(404, _TEXT, b"/metrics or /healthz\n")

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as do_GET
            """Say nothing: a line for each scrape helps nobody."""

    return Handler
