"""NGINX in front of Tritons: the config that ships in k8s/components/nginx, listening on loopback, over given servers."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from trireme.errors import ClusterError, ServerError
from trireme.fleet.traffic import NAME
from trireme.server.launcher import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from trireme.server.process import Ports

COMPONENTS = "k8s/components"
START_SECONDS = 10.0
TEMPORARY = "/tmp/"  # noqa: S108 - where the pod's NGINX writes
LOG = "access.log"
ASKED = f"log_format asked '$http_{NAME.replace('-', '_')} $upstream_addr'; access_log {{}} asked;"
SERVICE = re.compile(r" *server triton\.trireme\.svc\.cluster\.local service=(?P<name>\w+) resolve (?P<rest>.*);")
"""The line of the pod's config that stands for every Triton, each by the name that SRV records give it."""


class Balancer:
    """One NGINX, its files in a folder of its own; balance is the component that says how it chooses, such as nginx-hash."""

    def __init__(self, root: Path, work: Path, ports: Ports, servers: Sequence[Ports], balance: str = "nginx") -> None:
        self.ports = ports
        self._components, self._work, self._servers, self._balance = root / COMPONENTS, work, servers, balance
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def grpc(self) -> str:
        """Return the address to call over gRPC."""
        return f"grpc://{LOOPBACK}:{self.ports.grpc}"

    @property
    def http(self) -> str:
        """Return the address to call over HTTP."""
        return f"http://{LOOPBACK}:{self.ports.http}"

    def start(self) -> None:
        """Start it, and wait until it listens.

        Raises:
            ClusterError: nginx is not installed.
            ServerError: it refuses its config, or does not listen.

        """
        binary = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or shutil.which("nginx")
        if binary is None:
            raise ClusterError("nginx", "it is not installed", "`make cluster-tools` installs what is missing")
        self._work.mkdir(parents=True, exist_ok=True)
        (self._work / LOG).unlink(missing_ok=True)
        self._write(())
        line = [binary, "-p", str(self._work), "-c", str(self._work / "nginx.conf"), "-e", "stderr"]
        with (self._work / "nginx.log").open("wb") as log:
            checked = subprocess.run([*line, "-t"], capture_output=True, text=True, check=False)  # noqa: S603 - our own line
            if checked.returncode:
                message = f"nginx refuses its config: {checked.stderr.strip().splitlines()[0]}"
                raise ServerError(message)
            self._process = subprocess.Popen([*line, "-g", "daemon off;"], stdout=log, stderr=log)  # noqa: S603
        end = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                message = f"nginx does not listen; its log is {self._work / 'nginx.log'}"
                raise ServerError(message)
            time.sleep(0.05)

    def leave_out(self, servers: Collection[Ports]) -> None:
        """Send new requests to the others from now on; those that run are finished where they are."""
        self._write(servers)
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def asked(self, server: Ports) -> set[str]:
        """Return the names of the requests that were given to a server over gRPC, and to others after it."""
        rows = [line.partition(" ") for line in (self._work / LOG).read_text(encoding="utf-8").splitlines()]
        return {name for name, _, servers in rows if f"{LOOPBACK}:{server.grpc}" in servers.split(", ")}

    def stop(self) -> None:
        """End it; requests that run are finished."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, self.ports.grpc)) == 0

    def _write(self, left_out: Collection[Ports]) -> None:
        text = self._shipped("nginx", "nginx.conf")
        text = text.replace("listen 8001 ", f"listen {LOOPBACK}:{self.ports.grpc} ")
        text = text.replace("listen 8000;", f"listen {LOOPBACK}:{self.ports.http};")
        text = text.replace(TEMPORARY, f"{self._work}/").replace("access_log off;", ASKED.format(self._work / LOG))
        (self._work / "nginx.conf").write_text(text, encoding="utf-8")
        (self._work / "balance.conf").write_text(self._shipped(self._balance, "balance.conf"), encoding="utf-8")
        lines = [line for line in self._shipped("nginx", "triton.conf").splitlines() if not line.startswith("resolver ")]
        upstreams = SERVICE.sub(lambda row: self._rows(row, left_out), "\n".join(lines))
        (self._work / "triton.conf").write_text(upstreams, encoding="utf-8")

    def _shipped(self, component: str, name: str) -> str:
        return (self._components / component / name).read_text(encoding="utf-8")

    def _rows(self, service: re.Match[str], left_out: Collection[Ports]) -> str:
        """Return a line for each server in place of the one for all of them."""
        rows = []
        for ports in self._servers:
            down = " down" if ports in left_out else ""
            rows.append(f"    server {LOOPBACK}:{getattr(ports, service['name'])} {service['rest']}{down};")
        return "\n".join(rows)
