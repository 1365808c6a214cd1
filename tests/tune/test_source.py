import json
import sys

from trireme.tune import source

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = {"instance_group": [{"count": 2}], "dynamic_batching": {"preferred_batch_size": [8]}}


def written(folder, variant="cpu-2"):
    source.write(folder, variant, TABLE, {"format": 1})
    return (folder / "model.toml").read_text()


def test_a_variant_is_added_and_everything_else_stays(sleepy):
    folder = sleepy / "models/sleeper"
    before = (folder / "model.toml").read_text()
    text = written(folder)
    assert text.startswith(before)
    assert tomllib.loads(text)["variants"] == {"cpu-2": TABLE}
    assert json.loads((folder / "tuning/cpu-2.json").read_text()) == {"format": 1}


def test_a_variant_that_is_there_keeps_what_was_not_tuned(sleepy):
    folder = sleepy / "models/sleeper"
    with (folder / "model.toml").open("a") as file:
        file.write('\n[variants.cpu-2]  # mine\ndefault_model_filename = "other.py"\ninstance_group = [{ count = 7 }]\n')
    text = written(folder)
    assert tomllib.loads(text)["variants"]["cpu-2"] == {"default_model_filename": "other.py"} | TABLE
    assert "# mine" in text


def test_writing_twice_is_writing_once(sleepy):
    assert written(sleepy / "models/sleeper") == written(sleepy / "models/sleeper")
