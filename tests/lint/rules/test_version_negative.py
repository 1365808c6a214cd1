def test_it_says_where_what_and_what_to_do(said):
    assert said("TR120") == [
        (
            "example/-1:1:1: error TR120 the version policy serves version -1, and the server hangs at its start; "
            "move the folder away: versions begin at 1"
        ),
    ]


def test_a_folder_that_the_policy_leaves_out_is_nothing(codes):
    assert "TR120" not in codes(
        """
        ==> example/config.pbtxt <==
        backend: "python"
        ==> example/-1/model.py <==
        class TritonPythonModel:
            def execute(self, requests):
                return []
        ==> example/1/model.py <==
        class TritonPythonModel:
            def execute(self, requests):
                return []
        """
    )
