def test_it_says_where_what_and_what_to_do(said):
    assert said("TR202") == [
        "example/config.pbtxt:2:1: error TR202 'x' has no data type; add data_type: TYPE_...",
    ]


def test_a_python_model_that_completes_its_config_may(codes):
    example = """\
        ==> example/config.pbtxt <==
        backend: "python"
        input { name: "x" dims: [ 3 ] }
        ==> example/1/model.py <==
        class TritonPythonModel:
            @staticmethod
            def auto_complete_config(config):
                config.add_input({"name": "x", "data_type": "TYPE_FP32", "dims": [3]})
                return config

            def execute(self, requests):
                return []
        """
    assert codes(example) == []
