"""`trireme new`: a working model folder from a template; what it writes builds, serves and is tested as it stands."""

from __future__ import annotations

from pathlib import Path

from trireme.errors import DuplicateNameError, ValueRefusedError, suggestion
from trireme.spec import NAME

TEMPLATES = Path(__file__).with_name("templates")


def backends() -> list[str]:
    """Return the backends there is a template for."""
    return sorted(path.name for path in TEMPLATES.iterdir() if path.is_dir())


def create(root: Path, name: str, backend: str) -> list[Path]:
    """Write models/<name>/ and return its files.

    Raises:
        SourceError: the name cannot be a model's or is taken, or there is no template for the backend.

    """
    if not NAME.fullmatch(name):
        raise ValueRefusedError("the name", name, "a name is a small letter, then small letters, digits, _ or -")
    if backend not in backends():
        raise ValueRefusedError("the backend", backend, suggestion(backend, backends()))
    folder = Path("models") / name
    for taken in (folder, Path("ensembles") / name):
        if (root / taken).exists():
            raise DuplicateNameError(name, taken, folder)
    (root / folder).mkdir(parents=True)
    written = []
    for template in sorted((TEMPLATES / backend).iterdir()):
        if template.is_file():
            path = folder / template.name
            text = template.read_text(encoding="utf-8").replace("# {name}", f"# {name}")
            (root / path).write_text(text, encoding="utf-8")
            written.append(path)
    return written
