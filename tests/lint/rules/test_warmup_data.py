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
