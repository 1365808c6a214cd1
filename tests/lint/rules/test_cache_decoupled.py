def test_it_says_where_what_and_what_to_do(said):
    assert said("TR313") == [
        ("example/config.pbtxt:3:1: error TR313 the response cache takes no decoupled model; remove the cache, or answer once"),
    ]


def test_an_ensemble_is_decoupled_by_its_member(codes):
    example = """\
        ==> example/config.pbtxt <==
        platform: "ensemble"
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
        output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
        response_cache { enable: true }
        ensemble_scheduling { step { model_name: "member" model_version: -1
          input_map { key: "x" value: "x" } output_map { key: "y" value: "y" } } }
        ==> member/config.pbtxt <==
        backend: "python"
        model_transaction_policy { decoupled: true }
        input { name: "x" data_type: TYPE_FP32 dims: [ 3 ] }
        output { name: "y" data_type: TYPE_FP32 dims: [ 3 ] }
        """
    assert codes(example) == ["TR313"]
