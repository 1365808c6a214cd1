from trireme.lint.run import Choice, lint


def test_it_says_where_what_and_what_to_do(said):
    assert said("TR454") == [
        "example/config.pbtxt:7:3: error TR454 the file 'x.bin' is not in warmup/; put it there",
    ]


def test_a_file_of_texts_has_a_length_before_each(codes):
    config = """\
        ==> example/config.pbtxt <==
        backend: "python"
        input { name: "x" data_type: TYPE_STRING dims: [ 1 ] }
        model_warmup {
          name: "one"
          batch_size: 1
          inputs { key: "x" value { data_type: TYPE_STRING dims: [ 1 ] input_data_file: "x" } }
        }
        ==> example/warmup/x <==
        """
    assert codes(config + "\x01\0\0\0a") == []
    assert codes(config + "a text") == ["TR454"]


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path):
    (tmp_path / "m" / "warmup").mkdir(parents=True)
    (tmp_path / "m" / "1").mkdir()
    (tmp_path / "m" / "warmup" / "x.bin").symlink_to("/proc/self/mem")  # it opens, and a read from its beginning fails
    (tmp_path / "m" / "config.pbtxt").write_text(
        'backend: "python" max_batch_size: 8 input { name: "x" data_type: TYPE_STRING dims: [ 1 ] } model_warmup { name: "a" '
        'batch_size: 1 inputs { key: "x" value { data_type: TYPE_STRING dims: [ 1 ] input_data_file: "x.bin" } } }'
    )
    (found,) = lint(tmp_path, choice=Choice(("TR454",)))
    assert "'x.bin' cannot be read" in found.message
