import sys

import pytest

from trireme.sources import find_root, load_infer, load_module


def test_a_module_imports_its_neighbours_and_leaves_the_path_as_it_was(tmp_path):
    (tmp_path / "neighbour_of_test.py").write_text("VALUE = 3\n")
    (tmp_path / "infer.py").write_text("from neighbour_of_test import VALUE\n")
    before = list(sys.path)
    assert load_module(tmp_path / "infer.py").VALUE == 3
    assert sys.path == before


def test_infer_of_a_model_is_found_by_its_name(project):
    assert load_infer("double", project).__name__ == "infer"


def test_the_root_is_found_from_a_folder_inside(project):
    assert find_root(project / "models" / "double") == project


def test_no_root_above_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no models/ folder in"):
        find_root(tmp_path)


def test_a_file_that_is_no_python_is_refused(tmp_path):
    with pytest.raises(ImportError, match="is not a Python file"):
        load_module(tmp_path / "infer.txt")
