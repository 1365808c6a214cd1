"""What the medic answers: /ready and /live for the probes of Triton, /healthz for its own, /metrics for Prometheus."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trireme.medic.metrics import Metrics
    from trireme.medic.rounds import Medic

OK, UNAVAILABLE, UNKNOWN = 200, 503, 404


def serve(medic: Medic, metrics: Metrics, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server that answers; whoever calls starts and ends it."""

    class Page(BaseHTTPRequestHandler):
        """Answers one request."""

        def do_GET(self) -> None:
            """Answer."""
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._answer(OK, metrics.text(), "text/plain; version=0.0.4")
            elif path == "/ready":
                self._say(medic.ready())
            elif path == "/live":
                self._say(medic.live)
            elif path == "/healthz":
                self._say(medic.well)
            else:
                self._answer(UNKNOWN, b"/ready, /live, /healthz or /metrics\n", "text/plain")

        def _say(self, good: bool) -> None:  # noqa: FBT001 - the word itself
            ill = {name: patient.reason for name, patient in medic.patients.items() if not patient.healthy}
            text = json.dumps({"ok": good, "ill": ill}).encode()
            self._answer(OK if good else UNAVAILABLE, text, "application/json")

        def _answer(self, status: int, text: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing: probes come every two seconds."""

    return ThreadingHTTPServer((host, port), Page)
