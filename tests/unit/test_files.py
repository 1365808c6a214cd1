from trireme.files import replace


def test_a_text_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    replace(path, "new")
    assert ([one.name for one in tmp_path.iterdir()], path.read_text()) == (["a.txt"], "new")
