"""Fuzz what the linter reads: configs, ONNX files, Python code and settings, changed byte by byte.

    .venv/bin/python tests/lint/fuzz.py --minutes 60 --seed 1

Each case has to come back with findings, or with one of our own refusals, in bounded time. What it finds becomes a test.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from cases import corpus
from layout import graph

from trireme.errors import TriremeError
from trireme.lint.run import lint

SLOW = 5.0
"""Seconds after which a case counts as found: one of a few kilobytes takes a few milliseconds."""
MARKS = [
    b"{", b"}", b"[", b"]", b"<", b">", b'"', b"'", b"#", b":", b",", b"\\", b"\0", b"\xff", b"\n", b"-", b"nan", b"1e999",
    b"\xef\xbb\xbf",
]  # fmt: skip


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes with a few changes: marks put in, parts taken out, doubled, moved or flipped."""
    for _ in range(chance.randint(1, 6)):
        at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        end = min(end, at + chance.choice((1, 4, 64, 4096)))
        part = data[at:end]
        change = chance.randint(0, 4)
        if change == 0:
            data = data[:at] + chance.choice(MARKS) + data[at:]
        elif change == 1:
            data = data[:at] + data[end:]
        elif change == 2:
            data = data[:at] + part * chance.randint(2, 40) + data[end:]
        elif change == 3:
            data = data[:at] + bytes(chance.randrange(256) for _ in part[:16]) + data[end:]
        else:
            data = data[:at] + data[end:] + part
    return data[: 1 << 16]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)  # noqa: S311 - a corpus, not a secret
    seeds = [case.contents() for case in corpus(asked.seed, 200)]
    model = graph("g (float[n, 3] x) => (float[n, 3] y) { y = Add(x, x) }")
    end, count, found = time.monotonic() + 60 * asked.minutes, 0, 0
    with tempfile.TemporaryDirectory(prefix="lint-fuzz-") as folder:
        root = Path(folder)
        while time.monotonic() < end:
            files = {path.replace("@", "m", 1): text for path, text in chance.choice(seeds).items()}
            files.update({"m/lint.toml": "[lint]\nlatency_goal_ms = 5\n"} if chance.random() < 0.1 else {})
            files.update({"m/1/model.onnx": model} if chance.random() < 0.3 else {})
            chosen = chance.choice(sorted(files))
            one = root / str(count)
            for path, content in files.items():
                data = content if isinstance(content, bytes) else content.replace("@", "m").encode("utf-8", "replace")
                target = one / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(mutate(data, chance) if path == chosen else data)
            begun = time.monotonic()
            try:
                lint(one)
            except TriremeError:
                pass
            except Exception:  # noqa: BLE001 - what a fuzzer looks for
                found += 1
                print(f"case {count} ({chosen}): {(one / chosen).read_bytes()!r}\n{traceback.format_exc()}", flush=True)
            if time.monotonic() - begun > SLOW:
                found += 1
                print(f"case {count} ({chosen}) took {time.monotonic() - begun:.0f} s: {(one / chosen).read_bytes()[:400]!r}")
            count += 1
            for path in sorted(one.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            one.rmdir()
    print(f"{count} cases of seed {asked.seed} in {asked.minutes:g} minutes, {found} found")
    sys.exit(int(bool(found)))


if __name__ == "__main__":
    main()
