"""`trireme buckets` over the shipped tokenizer."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from trireme.errors import TuneError
from trireme.tune import lengths, padding

TRIREME = str(Path(sys.executable).with_name("trireme"))
TEXTS = ["A calm crew", "The crossing was long and the soup was cold and the crew was not kind to anybody on board", "Fine."]


def test_lengths_are_those_of_the_tokenizer(sources):
    assert lengths.measure(sources.root / "model_repository", "text_tokenizer", TEXTS) == [5, 21, 4]


def test_the_table_shows_now_and_the_best_of_each_number(sources):
    lines = list(padding.table(padding.measure(sources.root, "text_tokenizer", TEXTS, None), 3))
    assert lines[0] == "3 texts of 4 to 21 tokens, 10.0 on average"
    assert lines[2].split() == ["16,32,64,128,256", "(now)", "113.3%", "113.3%"]
    assert lines[4].split() == ["21,256", "110.0%", "110.0%"]
    assert lines[5].split()[0] == "5,21,256"


@pytest.mark.alone
def test_what_lengths_cost_is_measured_on_the_server(sources):
    price = lengths_cost(sources)
    assert price(64) > 1.5 * price(8)


def lengths_cost(sources):
    return padding.measure(sources.root, "text_tokenizer", TEXTS, "text_encoder").cost


def test_edges_are_written_into_model_toml_with_its_comments(sources, tmp_path):
    for folder in ("models/text_tokenizer", "model_repository/text_tokenizer"):
        shutil.copytree(sources.root / folder, tmp_path / folder)
    said = padding.write(tmp_path, "text_tokenizer", padding.measure(sources.root, "text_tokenizer", TEXTS, None), 2)
    assert said.startswith("wrote buckets = 21,256 into models/text_tokenizer/model.toml")
    text = (tmp_path / "models/text_tokenizer/model.toml").read_text()
    assert 'string_value = "21,256"' in text
    assert "# texts are padded to the least that holds them" in text


@pytest.mark.parametrize(
    ("model", "said"), [("credit_features", "no parameter 'buckets'"), ("image_preprocess", "no parameter 'buckets'")]
)
def test_a_model_that_pads_nothing_is_refused(sources, model, said):
    with pytest.raises(TuneError, match=said):
        lengths.edges_now(sources.root / "model_repository", model)


def test_a_text_that_the_model_refuses_is_named(sources):
    with pytest.raises(TuneError, match="text_tokenizer: it refuses ' ': text: row 0 is empty"):
        lengths.measure(sources.root / "model_repository", "text_tokenizer", [" "])


def test_the_command_refuses_what_is_not_there(tmp_path):
    line = [TRIREME, "buckets", "text_tokenizer", "--texts", str(tmp_path / "none")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert done.returncode == 2
    assert "does not exist" in done.stderr
