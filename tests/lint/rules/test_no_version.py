def test_it_says_where_what_and_what_to_do(said):
    assert said("TR102") == [
        (
            "example/config.pbtxt:2:1: error TR102 the version policy asks for 3, and the folders are 1; name a "
            "version that is there"
        ),
        (
            "example/config.pbtxt:1:1: error TR102 there is no version folder; make one: a folder named 1, with the "
            "model's file in it"
        ),
    ]


def test_an_ensemble_needs_a_version_folder_too(codes):
    example = """\
        ==> example/config.pbtxt <==
        platform: "ensemble"
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
        output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
        ensemble_scheduling { step { model_name: "member" model_version: -1
          input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
        ==> example/README.md <==
        no version
        ==> example/v1/readme.txt <==
        no number
        ==> member/config.pbtxt <==
        backend: "python"
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
        output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
        """
    files = example.replace("==> example/v1", "==> example/0v")
    assert "TR102" in codes(files.replace("0v", "00"))


def test_latest_of_none_serves_nothing(codes):
    assert codes('backend: "python"\nversion_policy { latest { num_versions: 0 } }') == ["TR102"]
