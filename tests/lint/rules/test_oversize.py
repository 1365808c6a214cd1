from trireme.lint.run import lint


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR007") == [
        "example/config.pbtxt:1:1: warning TR007 the config is not checked: it has more than 16 MiB; look at what it holds",
    ]


def test_a_hundred_megabytes_are_not_read(tmp_path):
    (tmp_path / "a" / "1").mkdir(parents=True)
    with (tmp_path / "a" / "config.pbtxt").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert [finding.code for finding in lint(tmp_path)] == ["TR007"]
