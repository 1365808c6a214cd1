"""Why a variant is as it is: tuning/<variant>.json beside its TOML, written by a tuning, read by `trireme why` and lint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trireme.errors import UnreadableError
from trireme.tune import edges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FOLDER = "tuning"
FORMAT = 1


@dataclass(frozen=True)
class Evidence:
    """What a tuning found, as JSON has it."""

    variant: str
    table: Mapping[str, Any]

    @property
    def headline(self) -> str:
        """Return when, where and for what it was tuned."""
        table = self.table
        machine = f"{table['machine']['processor']}, {table['machine']['cores']} cores"
        unit = f" as part of {table['unit']}" if table["unit"] != table["model"] else ""
        return f"tuned {table['date']}{unit} on {machine}, for p99 <= {table['goal_p99_ms']:g} ms"

    @property
    def versions(self) -> Mapping[str, int]:
        """Return the versions that were measured, a model alone or those of a pipeline in one process."""
        found: Mapping[str, int] = self.table.get("members") or {self.table["model"]: self.table["version"]}
        return found

    def lines(self) -> Iterator[str]:
        """Yield the evidence for people: what was chosen, what was measured, what was rejected and why."""
        yield self.headline
        chosen = self.table["chosen"]
        yield f"chosen    {chosen['knobs']}: {chosen['throughput']:.0f} requests/s with p99 {chosen['p99_ms']:.1f} ms"
        if self.table.get("lengths"):
            yield f"lengths   {edges.told(tuple(self.table['lengths'].items()))}"
        for row in self.table["points"]:
            simulated = f"simulated p99 {row['simulated_p99_ms']:.1f}"
            all_answered = row["p99_ms"] is not None
            found = f"p50 {row['p50_ms']:.1f}, p99 {row['p99_ms']:.1f} ms" if all_answered else "not all were answered"
            behind = "" if row["kept_rate"] else ", and the generator fell behind: it does not count"
            yield f"measured  {row['offered']:.0f}/s: {found} ({simulated}){behind}  {row['knobs']}"
        for row in self.table["rejected"]:
            yield f"rejected  {row['knobs']}: {row['why']}"
        yield f"simulated {self.table['simulated']:,} settings from {self.table['calibrated']} calibrated batch times"


def path_of(folder: Path, variant: str) -> Path:
    """Return where a model's folder keeps a variant's evidence."""
    return folder / FOLDER / f"{variant}.json"


def read(folder: Path) -> tuple[Evidence, ...]:
    """Return every evidence of a model's folder.

    Raises:
        UnreadableError: a file is none.

    """
    found = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        place = "/".join(path.parts[-4:])
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise UnreadableError(place, str(error), "take it from git again, or tune again") from None
        if not isinstance(table, dict) or table.get("format") != FORMAT:
            raise UnreadableError(place, "it is of another format", f"this release reads format {FORMAT}; tune again")
        found.append(Evidence(path.stem, table))
    return tuple(found)


def summary(evidence: Evidence, header: str) -> str:
    """Return configs/<variant>.toml, under a header: enough for the linter to see that the evidence is stale."""
    table = evidence.table
    rows = {key: table[key] for key in ("unit", "goal_p99_ms", "date", "version", "artefact")} | dict(table["machine"])
    return f"{header}\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in rows.items())
