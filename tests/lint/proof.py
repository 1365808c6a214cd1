"""Ask the linter and the real server about the same repositories, and count where they differ."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import dataclass, field

from cases import corpus
from verdicts import verdicts

from trireme.lint import rule
from trireme.lint.finding import Severity
from trireme.lint.repository import Options
from trireme.lint.run import lint

EMBEDDED = Options(("24.10",), gpus=0, backends=("python", "onnxruntime", "pytorch", "tensorrt"), agents=())
DEADLY = re.compile("ends the server|server hangs")
"""What findings say of configs that end the server or keep it from starting: such cases are asked one at a time."""


@dataclass
class Tally:
    """Models by outcome, and the ones that differ with what both sides said."""

    counts: Counter = field(default_factory=Counter)
    codes: Counter = field(default_factory=Counter)
    false_alarms: list = field(default_factory=list)
    missed: list = field(default_factory=list)
    unrecognised: list = field(default_factory=list)

    @property
    def refused(self):
        return self.counts["refused by both"] + len(self.missed)

    @property
    def caught(self):
        """The share of the refused that the linter caught."""
        return self.counts["refused by both"] / max(self.refused, 1)

    @property
    def recognised(self):
        """The share of the caught in which Triton's own reason is among ours."""
        return 1 - len(self.unrecognised) / max(self.counts["refused by both"], 1)


def write(case, name, root):
    for path, text in case.contents().items():
        target = root / path.replace("@", name, 1)
        target.parent.mkdir(parents=True, exist_ok=True)
        named = text.replace("@", name) if path.endswith(".pbtxt") else text
        data = named if isinstance(named, bytes) else named.replace("\xff", "\udcff").encode("utf-8", "surrogateescape")
        target.write_bytes(data)


def run(number, count, root):
    """Compare both sides on the corpus of a seed."""
    tally = Tally()
    asked = {"together": root / "together", "alone": root / "alone"}
    drawn = {}
    for index, case in enumerate(corpus(number, count)):
        name = f"c{index:04}"
        shutil.rmtree(root / "one", ignore_errors=True)
        write(case, name, root / "one")
        deadly = any(DEADLY.search(finding.message) for finding in lint(root / "one", EMBEDDED, variant=""))
        write(case, name, asked["alone" if deadly else "together"])
        drawn[name] = case
    for way, repository in asked.items():
        if repository.is_dir():
            said = verdicts(repository, root / f"{way}.log", alone=way == "alone")
            compare(repository, said, drawn, tally)
    tally.counts["cases"] = len(drawn)
    return tally


def compare(repository, said, drawn, tally):
    """Sort every model by what both sides say; a warning counts as caught when it foretells the server's own reason."""
    found = {}
    for finding in lint(repository, EMBEDDED, variant=""):
        found.setdefault(finding.model, []).append(finding)
    for model in sorted(path.name for path in repository.iterdir()):
        errors = [finding for finding in found.get(model, []) if finding.severity is Severity.ERROR]
        foretold = [finding for finding in found.get(model, []) if foretells(finding, said.get(model, ""))]
        told = model, drawn[model.split("m")[0]].broken, said.get(model, ""), [(one.code, one.message) for one in errors]
        if "cannot honour" in said.get(model, ""):
            tally.counts["refused by a stand-in alone"] += 1  # what Triton's own backend would do is not known here
        elif model not in said:
            tally.counts["loaded by both"] += not errors
            tally.false_alarms += [told] if errors else []
        elif errors or foretold:
            tally.counts["refused by both"] += 1
            tally.codes.update({finding.code for finding in errors or foretold})
            tally.unrecognised += [] if foretold else [told]
        else:
            tally.missed.append(told)


def foretells(finding, reason):
    """Say whether a finding's rule knows the server's reason."""
    pattern = rule.found()[finding.code].triton
    return bool(pattern and reason and re.search(pattern, reason))
