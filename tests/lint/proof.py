"""Ask the linter and the real server about the same repositories, and count where they differ."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cases import corpus
from verdicts import verdicts

from trireme.lint import rule
from trireme.lint.finding import Severity
from trireme.lint.repository import Options
from trireme.lint.run import lint

EMBEDDED = Options(("24.10",), gpus=0, backends=("python", "onnxruntime", "pytorch", "tensorrt"), agents=())
LEAST = 0.99
"""The share of the refused that has to be found, and of the found in which Triton's own reason has to be among ours."""
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


def table(tallies, seconds):
    """Write what was compared as a page of the docs."""
    total = sum((tally.counts for tally in tallies.values()), Counter())
    missed = [row for tally in tallies.values() for row in tally.missed]
    false = [row for tally in tallies.values() for row in tally.false_alarms]
    strange = [row for tally in tallies.values() for row in tally.unrecognised]
    both = total["refused by both"]
    compared = both + total["loaded by both"] + len(missed) + len(false)
    codes = sum((tally.codes for tally in tallies.values()), Counter())
    seeds = ", ".join(map(str, tallies))
    lines = [
        "# The linter against the real server",
        "",
        "Written by `make lint-proof`: drawn repositories, valid and broken, were loaded by the embedded server (release",
        "24.10) and linted; every model was compared. The seeds give the same repositories again.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| cases (seeds {seeds}) | {total['cases']} |",
        f"| models in them | {compared + total['refused by a stand-in alone']} |",
        f"| loaded by the server, no error found | {total['loaded by both']} |",
        f"| refused by the server, and found | {both} |",
        f"| refused and not found | {len(missed)} ({100 * len(missed) / max(both + len(missed), 1):.2f} % of the refused) |",
        f"| loaded, and called an error (false alarms) | {len(false)} |",
        f"| found, with the server's own reason among ours | {both - len(strange)} of {both} |",
        f"| refused by the stand-in for a native backend alone, not compared | {total['refused by a stand-in alone']} |",
        f"| seen: time for all of it | {seconds:.0f} s on 2 shared cores |",
        "",
        "## What was found, by rule",
        "",
        ", ".join(f"{code} {count}" for code, count in sorted(codes.items())),
        "",
        "## Where the two differ",
        "",
        *(f"- not found ({' and '.join(row[1])}): the server says «{_sentence(row[2])}»" for row in missed),
        *(f"- false alarm ({' and '.join(row[1])}): {row[3]}" for row in false),
        *(f"- other words ({' and '.join(row[1])}): the server says «{_sentence(row[2])}», we {row[3]}" for row in strange),
    ]
    return "\n".join(lines) + "\n"


def _sentence(reason):
    """Return the server's reason as one line, without the paths of the machine that it ran on."""
    return re.sub(r"/[\w./-]+", "...", reason.replace("\\n", " ").splitlines()[0])[:200]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=400, help="cases of each seed")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6])
    parser.add_argument("--table", type=Path, help="write the table there")
    asked = parser.parse_args()
    begun = time.monotonic()
    tallies = {}
    for number in asked.seeds:
        with tempfile.TemporaryDirectory(prefix="lint-proof-") as folder:
            tallies[number] = run(number, asked.cases, Path(folder))
        one = tallies[number]
        print(f"seed {number}: {dict(one.counts)}, caught {one.caught:.2%}, false alarms {len(one.false_alarms)}", flush=True)
    text = table(tallies, time.monotonic() - begun)
    if asked.table:
        asked.table.write_text(text, encoding="utf-8")
    print(text)
    bad = any(tally.false_alarms or min(tally.caught, tally.recognised) < LEAST for tally in tallies.values())
    sys.exit(int(bad))


if __name__ == "__main__":
    main()
