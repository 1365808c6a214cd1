"""Ask the real server which models of a repository it loads, and why it refuses the others.

All models go to one start. When a model takes the whole server down, the repository is asked again, model by model, with a
fresh server after each death: some configs end the process, and that is a verdict too.
"""

from __future__ import annotations

import json
import re
import urllib.request
from typing import TYPE_CHECKING

import tritonclient.grpc as grpcclient
from tritonclient.utils import InferenceServerException

from trireme.errors import ServerError
from trireme.server.process import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FLAGS = (
    "--exit-on-error=false",
    "--strict-readiness=false",
    "--model-load-thread-count=8",
    "--backend-config=python,stub-timeout-seconds=12",
)
EXPLICIT = ("--model-control-mode=explicit",)
AT_ONCE = 40
"""Models of one start: more of them slow each other down."""
REASONS = (
    re.compile(r"failed to load '(?P<model>[^']+)' version \d+: (?P<reason>.*)"),
    re.compile(r"failed to load model '(?P<model>[^']+)': (?P<reason>.*)"),
    re.compile(r"ensemble '?(?P<model>[^ ',]+)'? (?P<reason>(?:contains|allows|depends).*)"),
    re.compile(r"in ensemble (?P<model>[^ ,]+), (?P<reason>.*)"),
    re.compile(r"(?P<reason>circular dependency between ensembles: (?P<model>\S+) .*)"),
    re.compile(r"Poll failed for model directory '(?P<model>[^']+)': (?P<reason>.*)"),
)
SILENT = "the server died: no last words"
START_LIMIT = 60.0
LOAD_LIMIT = 15.0
"""Seconds that one model may take to load; longer means that it never will."""
PARSE = re.compile(r"Error parsing text-format [\w.]+: (?P<reason>.*)")
DIED = re.compile(r"what\(\):\s+(?P<reason>.*)")


def verdicts(repository: Path, log: Path, flags: tuple[str, ...] = (), *, alone: bool = False) -> dict[str, str]:
    """Return Triton's reason for each model folder it does not serve; a model that loads is not among them.

    alone asks for one model after the other from the beginning: for those that are known to end the server.
    """
    folders = sorted(path.name for path in repository.iterdir() if path.is_dir())
    refused: dict[str, str] = {}
    for first in range(0, len(folders), AT_ONCE):
        some = folders[first : first + AT_ONCE]
        told = None if alone else together(repository, log, flags, some)
        refused.update(one_by_one(repository, log, flags, some) if told is None else told)
    return refused


def together(repository: Path, log: Path, flags: tuple[str, ...], folders: Sequence[str]) -> dict[str, str] | None:
    """Load all models at one start; None when the server died of it, or never came up."""
    named = [f"--load-model={name}" for name in folders]
    server = Server(repository, log, flags=(*FLAGS, *EXPLICIT, *named, *flags), limit=START_LIMIT)
    try:
        server.start()
        ready = {row["name"] for row in _index(server.http) if row.get("state") == "READY"}
    except (ServerError, OSError):
        return None
    finally:
        server.kill()
    reasons = _reasons(log.read_text(encoding="utf-8", errors="replace"))
    return {name: reasons.get(name, "no reason in the log") for name in folders if name not in ready}


def one_by_one(repository: Path, log: Path, flags: tuple[str, ...], folders: Iterable[str]) -> dict[str, str]:
    """Load each model by the load API; a server that dies or hangs is that model's verdict, and the next one gets another.

    A death that says nothing may be of what came before: it is a verdict when a fresh server dies of the model, too.
    """
    refused: dict[str, str] = {}
    waiting, asked_again = list(folders), set[str]()
    while waiting:
        server = Server(repository, log, flags=(*FLAGS, *EXPLICIT, *flags))
        server.start()
        try:
            while waiting and (name := waiting.pop(0)):
                problem, ended = _load(server, name, log)
                if problem == SILENT and name not in asked_again:
                    asked_again.add(name)
                    waiting.insert(0, name)
                    break
                refused.update({name: problem} if problem else {})
                if ended:
                    break
        finally:
            server.kill()
        told = _reasons(log.read_text(encoding="utf-8", errors="replace"))
        refused.update({name: told[name] for name in refused.keys() & told.keys()})
    return refused


def _load(server: Server, name: str, log: Path) -> tuple[str, bool]:
    """Return why a model did not load, if it did not, and whether the server is of no use any more."""
    with grpcclient.InferenceServerClient(server.grpc.removeprefix("grpc://")) as client:
        try:
            client.load_model(name, client_timeout=LOAD_LIMIT)
        except InferenceServerException as error:
            if "DEADLINE_EXCEEDED" in str(error.status()):
                return "the server hangs", True
            if "UNAVAILABLE" in str(error.status()):
                died = DIED.findall(log.read_text(encoding="utf-8", errors="replace"))
                return f"the server died: {died[-1]}" if died else SILENT, True
            return error.message(), False
    return "", False


def _reasons(text: str) -> dict[str, str]:
    """Return the reasons of a log by model; a parse error stands in the line before the model's own."""
    found: dict[str, str] = {}
    parse = ""
    for line in text.splitlines():
        parse = match["reason"] if (match := PARSE.search(line)) else parse
        for pattern in REASONS:
            if match := pattern.search(line):
                both = f"{match['reason']} {parse}" if "failed to read text proto" in line else match["reason"]
                found[match["model"]] = both
    return found


def _index(address: str) -> list[dict[str, str]]:
    request = urllib.request.Request(f"{address}/v2/repository/index", data=b"{}", method="POST")
    with urllib.request.urlopen(request, timeout=LOAD_LIMIT) as answer:
        return json.loads(answer.read() or b"[]")
