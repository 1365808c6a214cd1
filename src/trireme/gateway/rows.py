"""Items as arrays without a batch: columns while all are of one shape, so that a thousand items are as few arrays as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trireme.arrays import Array

    Row = Mapping[str, Array]


class Rows:
    """Items in their order: of columns, batch first, or of rows that may differ in shape."""

    def __init__(
        self, count: int, columns: Mapping[str, Array] | None = None, rows: Sequence[Row] = (), places: Sequence[int] = ()
    ) -> None:
        self.places = places or range(count)
        """Where each item stands in its request."""
        self._count = count
        self._columns = columns
        self._rows = rows

    @classmethod
    def of(cls, rows: Sequence[Row], places: Sequence[int] = ()) -> Rows:
        """Return rows as they are; places are theirs in a request, where others of it are not among them."""
        return cls(len(rows), rows=rows, places=places)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Row:
        if self._columns is None:
            return self._rows[number]
        return {name: column[number] for name, column in self._columns.items()}

    def __iter__(self) -> Iterator[Row]:
        return (self[number] for number in range(self._count))

    def groups(self, most: int) -> Iterator[Sequence[int]]:
        """Yield the numbers of items of one shape, at most so many together."""
        alike: list[Sequence[int]] = [range(self._count)]
        if self._columns is None:
            by_shape: dict[object, list[int]] = {}
            for number, row in enumerate(self._rows):
                by_shape.setdefault(tuple((name, array.shape) for name, array in row.items()), []).append(number)
            alike = list(by_shape.values())
        for numbers in alike:
            yield from (numbers[first : first + most] for first in range(0, len(numbers), most))

    def batch(self, numbers: Sequence[int]) -> dict[str, Array]:
        """Return items of one shape as one batch."""
        if self._columns is not None:
            if len(numbers) == self._count:
                return dict(self._columns)
            return {name: column[numbers[0] : numbers[-1] + 1] for name, column in self._columns.items()}
        chosen = [self._rows[number] for number in numbers]
        if len(chosen) == 1:
            return {name: array[None] for name, array in chosen[0].items()}
        return {name: np.stack([row[name] for row in chosen]) for name in chosen[0]}
