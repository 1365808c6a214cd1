def test_it_says_where_what_and_what_to_do(said):
    assert said("TR118") == [
        (
            "example/1:1:1: error TR118 version 1 has no model.py, and the server hangs at its start; put it there; "
            "known are: main.py"
        ),
    ]


def test_a_compute_capability_may_have_a_file_of_its_own(codes):
    example = """\
        ==> example/config.pbtxt <==
        backend: "tensorrt"
        cc_model_filenames { key: "9.0" value: "hopper.plan" }
        ==> example/1/hopper.plan <==
        (plan)
        """
    assert codes(example) == []


def test_a_file_name_may_have_a_folder_in_it(codes):
    example = """\
        ==> example/config.pbtxt <==
        backend: "python"
        default_model_filename: "src/model.py"
        ==> example/1/src/model.py <==
        class TritonPythonModel:
            def execute(self, requests):
                return []
        """
    assert codes(example) == []
