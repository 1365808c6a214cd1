"""One running tritonserver: started in a session of its own, refused with its reason, stopped when its work is done."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trireme.errors import ServerError
from trireme.server import traces
from trireme.server.launcher import LOOPBACK, REGION_PREFIX, command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from typing_extensions import Self

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux keeps it
AS_WRITTEN = "--disable-auto-complete-config"
"""For what is built, which states every field: without it Triton starts each Python model twice, the first time to be asked."""
START_LIMIT = 180.0
"""Seconds until the server has to be ready."""
EXIT_LIMIT = 30
"""Seconds that requests in flight get: Triton's own default for --exit-timeout-secs."""
FAILED = re.compile(r"failed to load '(?P<model>[^']+)' version (?P<version>\d+): (?P<reason>.*)")
PARSED = re.compile(r"Error parsing text-format [\w.]+: (?P<reason>.*)")
POLLED = re.compile(r"Poll failed for model directory '(?P<model>[^']+)': (?P<reason>.*)")
REGION_FLAG = "shm-region-prefix-name"
GIVEN = re.compile(rf"{REGION_FLAG}=([\w-]+)")
STUB, REGION = "triton_python_backend_stub", re.compile(rf"\0({REGION_PREFIX}-\d+-[\w-]+)")
"""A stub's command line names its region, and by what that begins with the server that it belongs to."""
REFUSED = re.compile(r"(?:Invalid argument|Not found|Unsupported|Internal): (?P<reason>.*)")


@dataclass(frozen=True)
class Ports:
    """Where the server listens on loopback."""

    http: int = 8000
    grpc: int = 8001
    metrics: int = 8002

    @classmethod
    def free(cls) -> Ports:
        """Return three ports that nobody uses now."""
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
            for one in sockets:
                one.bind((LOOPBACK, 0))
            return cls(*(one.getsockname()[1] for one in sockets))

    def check(self, *names: str) -> None:
        """Refuse a port that is taken, of all three or of those named.

        Raises:
            ServerError: somebody listens there.

        """
        for name in names or ("http", "grpc", "metrics"):
            port = getattr(self, name)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((LOOPBACK, port))
                except OSError:
                    message = f"port {port} ({name}) is taken; stop what listens there or choose another with --{name}-port"
                    raise ServerError(message) from None

    def flags(self) -> list[str]:
        """Return them as tritonserver's flags, on loopback whatever server it is."""
        ports = {"http": self.http, "grpc": self.grpc, "metrics": self.metrics}
        return [flag for name, port in ports.items() for flag in (f"--{name}-address={LOOPBACK}", f"--{name}-port={port}")]


class Server:
    """A tritonserver over one repository; a context manager. traces is where its spans go, none without it."""

    def __init__(  # noqa: PLR0913 - all by name, each with its default
        self,
        repository: Path,
        log: Path,
        *,
        ports: Ports | None = None,
        flags: tuple[str, ...] = (),
        traces: str = "",
        limit: float = START_LIMIT,
    ) -> None:
        self.limit = limit
        self.repository = repository.resolve()
        self.ports = ports or Ports.free()
        self.log = log
        self.flags = flags
        self.traces = traces
        self.process: subprocess.Popen[bytes] | None = None
        self._prefix = f"{REGION_PREFIX}-{os.getpid()}-{self.ports.http}-"

    @property
    def grpc(self) -> str:
        """Return the address to call over gRPC."""
        return f"grpc://{LOOPBACK}:{self.ports.grpc}"

    @property
    def http(self) -> str:
        """Return the address to call over HTTP."""
        return f"http://{LOOPBACK}:{self.ports.http}"

    @property
    def metrics(self) -> str:
        """Return the address of the metrics page."""
        return f"http://{LOOPBACK}:{self.ports.metrics}/metrics"

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it is ready.

        Raises:
            ServerError: it cannot run here, a model was refused, or it was not ready in time.

        """
        self.ports.check()
        sweep()
        own = [
            f"--model-repository={self.repository}",
            *self.ports.flags(),
            f"--backend-config=python,{REGION_FLAG}={self._prefix}",
        ]
        own += traces.flags(self.traces) if self.traces else []
        line, environment = command([*own, *self.flags])
        if self.traces:
            environment[traces.ENDPOINT] = self.traces
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the launcher's own command line
                line,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.log.parent,
            )
        with contextlib.ExitStack() as unless_ready:
            unless_ready.callback(self.kill)
            self._wait_until_ready()
            unless_ready.pop_all()

    def stop(self) -> int:
        """Ask the server to finish what is in flight and exit; kill what is left. Return its exit status."""
        if self.process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=EXIT_LIMIT + 5)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()
        return self.process.returncode

    def kill(self) -> None:
        """End the server and its stubs at once, and take their shared memory back."""
        if self.process is None:
            return
        self.strike()
        self.process.wait()
        _remove_regions(self._prefix)

    def strike(self) -> None:
        """Send the kill and wait for nothing: the handler of a signal, which may have come into a wait, can do no more."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def running(self) -> bool:
        """Say whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def left(self) -> tuple[int, int]:
        """Return how many processes of the server's session live, and how many regions of shared memory it holds."""
        session = self.process.pid if self.process is not None else -1
        living = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                living += int(fields[3]) == session and fields[0] != "Z"
        return living, sum(1 for _ in SHARED_MEMORY.glob(f"{self._prefix}*"))

    def stubs(self, model: str) -> list[int]:
        """Return the processes that execute a model in Python, its own or a twin's."""
        words = (f"\0{self.repository}/{model}/", f"\0{self._prefix}")
        return [pid for pid, line in _command_lines() if STUB in line and all(word in line for word in words)]

    def reasons(self) -> list[str]:
        """Return why models were refused, as the log tells it, a line each."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        found = [f"{m['model']} version {m['version']}: {_first(m['reason'])}" for m in FAILED.finditer(text)]
        found += [f"{m['model']}: {_first(m['reason'])}" for m in POLLED.finditer(text)]
        found += [_first(m["reason"]) for m in PARSED.finditer(text)]
        found = found or [
            _first(m["reason"]) for line in text.splitlines() if line.startswith("E") and (m := REFUSED.search(line))
        ]
        return list(dict.fromkeys(found)) or text.strip().splitlines()[-1:]

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + self.limit
        while time.monotonic() < end:
            if not self.running():
                message = (
                    f"the server did not start: {'; '.join(self.reasons()) or 'no reason given'}; the whole log is {self.log}"
                )
                raise ServerError(message)
            if self._answers_ready():
                return
            time.sleep(0.05)
        message = f"the server was not ready in {self.limit:g} s; its log is {self.log}"
        raise ServerError(message)

    def _answers_ready(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self.ports.http, timeout=1)
        try:
            connection.request("GET", "/v2/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


def sweep() -> None:
    """Take back what crashed servers of ours left behind: regions, and busy stubs, whose prefix no running server was given."""
    regions = list(SHARED_MEMORY.glob(f"{REGION_PREFIX}-[0-9]*-*"))  # before the servers: what one makes meanwhile stays
    lines = dict(_command_lines())
    living = {prefix for line in lines.values() for prefix in GIVEN.findall(line)}
    for pid, line in lines.items():
        own = REGION.search(line)
        if STUB in line and own and not any(own[1].startswith(prefix) for prefix in living):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended meanwhile, or is another user's
                os.kill(pid, signal.SIGKILL)
    for region in regions:
        if not any(region.name.startswith(prefix) for prefix in living):
            region.unlink(missing_ok=True)


def _command_lines() -> Iterator[tuple[int, str]]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            yield int(path.parent.name), path.read_bytes().decode(errors="replace")


def _remove_regions(prefix: str) -> None:
    for region in SHARED_MEMORY.glob(f"{prefix}*"):
        region.unlink(missing_ok=True)


def _first(reason: str) -> str:
    """Return the first line of a reason that the log wrote with escaped line ends."""
    return reason.split("\\n", maxsplit=1)[0].strip().removesuffix('"').removesuffix(";")
