"""GPUs that pods are placed on, by the name that an overlay gives them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trireme.discover import read_toml
from trireme.errors import ValueRefusedError, suggestion


@dataclass(frozen=True)
class Gpu:
    """A kind of GPU: the values of its nodes' label, its compute capability ("8.9"), and its MIG profiles ("1g.10gb")."""

    name: str
    products: tuple[str, ...]
    capability: str
    mig: tuple[str, ...] = ()


def known() -> dict[str, Gpu]:
    """Return all, by name."""
    table = read_toml(Path(__file__).with_name("gpus.toml"))
    return {
        name: Gpu(name, tuple(row["products"]), row["capability"], tuple(row.get("mig", ()))) for name, row in table.items()
    }


def find(name: str) -> Gpu:
    """Return the GPU of a name, or of its nodes' label.

    Raises:
        ValueRefusedError: none is called so; the known are listed.

    """
    table = known()
    by_label = {label.lower(): gpu for gpu in table.values() for label in gpu.products}
    found = table.get(name.lower()) or by_label.get(name.lower().removesuffix("-shared"))
    if found is None:
        raise ValueRefusedError("the name of a GPU", name, f"{suggestion(name.lower(), table)} (known: {', '.join(table)})")
    return found
