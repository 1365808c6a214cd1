from pathlib import Path

import pytest

from trireme import errors


def all_errors(base=errors.TriremeError):
    for error in base.__subclasses__():
        yield error
        yield from all_errors(error)


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes():
    for error in all_errors():
        assert f"─ {error.__name__} " in errors.__doc__


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errors.UnknownKeyError("a.toml", "versoin", ["version"]), "a.toml: unknown key 'versoin'; did you mean 'version'?"),
        (
            errors.ValueRefusedError("a.toml: version", 0, "it is a number from 1"),
            "a.toml: version: 0 is refused; it is a number from 1",
        ),
        (errors.MissingSourceError("models/a", "export.py", "write it"), "models/a: export.py is missing; write it"),
        (
            errors.DuplicateNameError("a", Path("models/a"), Path("ensembles/a")),
            "ensembles/a: the name 'a' is taken by models/a; rename one of the two folders",
        ),
        (
            errors.LockedVersionError("models/a/model.toml", 1, ["infer.py"], 2),
            (
                "models/a/model.toml: version 1 is published and its sources changed (infer.py); "
                "set version = 2 in models/a/model.toml, or `trireme build --relock a` if nobody was given it"
            ),
        ),
        (
            errors.GateFailedError("models/a", "auc", 0.7, 0.8),
            "models/a: gate.auc: measured 0.7, and at least 0.8 is asked for; mend the artefact",
        ),
    ],
)
def test_an_error_says_place_value_and_remedy_in_one_line(error, sentence):
    assert str(error) == sentence


def test_a_word_that_is_near_to_none_gets_the_list_of_the_known():
    assert errors.suggestion("zzz", ["input", "output"]) == "known are: input, output"
