from trireme.lint.run import lint


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR001") == [
        (
            "example/config.pbtxt:1:1: error TR001 the config cannot be read: it is not a file, which ends the "
            "server; put a readable text file there, or remove it"
        ),
    ]


def test_a_link_that_goes_round_is_a_finding(tmp_path):
    (tmp_path / "a" / "1").mkdir(parents=True)
    (tmp_path / "a" / "config.pbtxt").symlink_to("config.pbtxt")
    assert "TR001" in {finding.code for finding in lint(tmp_path)}
