"""The bill of materials of a built repository: models with their licences and digests, and the packages they need.

CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/), written by its own library.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from trireme import __version__, digest
from trireme.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from trireme.discover import Sources
    from trireme.lock import Lock
    from trireme.spec import Ensemble, Model

NAME = "sbom.cdx.json"
LICENCE = re.compile(r"\*\*Licen[cs]e\*\*:? +([A-Za-z0-9][A-Za-z0-9.+-]*)")
"""How a model's README states it: an SPDX identifier behind the word in bold."""


def text(sources: Sources, tree: Path, lock: Lock) -> str:
    """Return the bill of a built tree as JSON; the same tree has the same bill, but for the day and its serial number.

    Raises:
        DeliveryError: a README states no licence.

    """
    bom = Bom()
    bom.metadata.component = root = Component(
        name=sources.root.name, version=digest.of_mapping(_digests(lock)), type=ComponentType.APPLICATION, bom_ref="repository"
    )
    bom.metadata.tools.components.add(Component(name="trireme", version=__version__, type=ComponentType.APPLICATION))
    packages: dict[tuple[str, str], Component] = {}
    members = []
    for unit in sources.units:
        for number, entry in sorted(lock.versions.get(unit.name, {"1": {}}).items()):
            if not (tree / unit.name / number).is_dir():
                continue
            component = _model(unit, number, tree / unit.name / number, entry)
            needs = [packages.setdefault(pair, _package(*pair)) for pair in sorted(entry.get("packages", {}).items())]
            bom.components.add(component)
            bom.register_dependency(component, needs)
            members.append(component)
    for package in packages.values():
        bom.components.add(package)
    bom.register_dependency(root, members)
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def licence(unit: Model | Ensemble) -> str:
    """Return the SPDX identifier that a unit's README states.

    Raises:
        DeliveryError: it states none.

    """
    path = unit.folder / "README.md"
    found = LICENCE.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    if found is None:
        place = f"{unit.folder.parent.name}/{unit.name}/README.md"
        raise DeliveryError(place, "it states no licence", "write «**Licence** <SPDX identifier>», as «**Licence** Apache-2.0»")
    return found[1].rstrip(".")


def _model(unit: Model | Ensemble, number: str, folder: Path, entry: Mapping[str, Any]) -> Component:
    files = digest.of_files(folder, [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts])
    measures = entry.get("measures", {})
    return Component(
        name=unit.name,
        version=number,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{unit.name}:{number}",
        licenses=[DisjunctiveLicense(id=licence(unit))],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest.of_mapping(files))],
        properties=[
            *(Property(name=f"trireme:measure:{name}", value=f"{value:g}") for name, value in measures.items()),
            *(Property(name=f"trireme:file:{name}", value=f"sha256:{value}") for name, value in files.items()),
        ],
    )


def _package(name: str, version: str) -> Component:
    url = PackageURL("pypi", name=name, version=version)
    return Component(name=name, version=version, type=ComponentType.LIBRARY, bom_ref=str(url), purl=url)


def _digests(lock: Lock) -> dict[str, str]:
    return dict(_rows(lock))


def _rows(lock: Lock) -> Iterator[tuple[str, str]]:
    for model, versions in lock.versions.items():
        for number, entry in versions.items():
            yield from ((f"{model}/{number}/{path}", value) for path, value in entry["files"].items())
