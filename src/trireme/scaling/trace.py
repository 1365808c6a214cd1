"""A load trace: seconds and rates, straight lines between them; read from CSV, three are shipped."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trireme.errors import UnreadableError, ValueRefusedError, suggestion

if TYPE_CHECKING:
    from trireme.arrays import Array

FOLDER = Path(__file__).with_name("traces")
COLUMNS = ["seconds", "rate"]


@dataclass(frozen=True)
class Trace:
    """Requests a second over time; moments [s] rise from 0."""

    name: str
    moments: tuple[float, ...]
    rates: tuple[float, ...]

    @property
    def seconds(self) -> int:
        """Return how long it is."""
        return int(self.moments[-1])

    def each_second(self, peak: float | None) -> Array:
        """Return the rate of every second; with a peak, scaled so that the highest one is it."""
        rates = np.interp(np.arange(self.seconds), self.moments, self.rates)
        return rates if peak is None else rates * (peak / max(self.rates))

    def arrivals(self, peak: float | None, seed: int = 0) -> Array:
        """Return when requests arrive [s], rising: a Poisson process of these rates."""
        draw = np.random.default_rng(seed)
        counts = draw.poisson(self.each_second(peak))
        moments = np.repeat(np.arange(self.seconds, dtype=float), counts) + draw.random(counts.sum())
        return np.sort(moments)


def shipped() -> list[str]:
    """Return the names of the traces that come along."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def read(name: str) -> Trace:
    """Return a trace that comes along, by its name, or of a CSV file with the columns seconds and rate.

    Raises:
        ValueRefusedError: there is none of the name, or its moments or rates cannot be.
        UnreadableError: it is no such CSV.

    """
    path = FOLDER / f"{name}.csv" if name in shipped() else Path(name)
    if not path.is_file():
        raise ValueRefusedError("--trace", name, f"{suggestion(name, shipped())}; or give a CSV file")
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    rows = list(csv.reader(lines))
    if not rows or [word.strip() for word in rows[0]] != COLUMNS:
        raise UnreadableError(str(path), f"its first line is not {','.join(COLUMNS)}", "write one row a moment: seconds,rate")
    try:
        pairs = [(float(row[0]), float(row[1])) for row in rows[1:]]
    except (ValueError, IndexError):
        bad = next(row for row in rows[1:] if not _is_row(row))
        raise UnreadableError(str(path), f"{','.join(bad)!r} is no pair of numbers", "write seconds,rate") from None
    moments, rates = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    if len(pairs) < 2 or moments[0] != 0 or any(a >= b for a, b in pairwise(moments)):  # noqa: PLR2004
        raise ValueRefusedError(f"{path}: seconds", list(moments[:3]), "they begin at 0 and rise; there are two at least")
    if min(rates) < 0 or max(rates) <= 0:
        raise ValueRefusedError(f"{path}: rate", min(rates), "rates are from 0, and one is more")
    return Trace(path.stem, moments, rates)


def _is_row(row: list[str]) -> bool:
    try:
        return bool(float(row[0]) + float(row[1])) or True
    except (ValueError, IndexError):
        return False
