"""`trireme fetch`: a published repository into a folder, verified before the folder is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trireme import tree
from trireme.delivery import store
from trireme.delivery.signing import SIGNATURE
from trireme.errors import DeliveryError

if TYPE_CHECKING:
    from trireme.delivery.signing import Trust


def fetch(source: str, target: Path, trust: Trust) -> bool:
    """Copy a published repository from a folder or URL, verify the copy, and rename it in; say whether there was need.

    What lies there already and is the same, by its signature and its bytes, stays.

    Raises:
        DeliveryError: it cannot be reached, or is not what somebody we trust signed; the target is as it was.

    """
    place = store.Place.of(source)
    if _same(place, target):
        try:
            trust.verify(target)
        except DeliveryError:
            pass  # the copy was damaged: it is fetched anew
        else:
            return False
    with store.staging(target) as folder:
        copy = Path(folder) / "tree"
        place.get(copy)
        trust.verify(copy)
        copy.chmod(0o755)
        tree.swap(copy, target)
    return True


def _same(place: store.Place, target: Path) -> bool:
    here = target / SIGNATURE
    return here.is_file() and here.read_bytes() == place.read(SIGNATURE)
