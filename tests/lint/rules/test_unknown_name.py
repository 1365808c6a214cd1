def test_it_says_where_what_and_what_to_do(said):
    assert said("TR003") == [
        (
            "example/config.pbtxt:2:1: error TR003 the config does not parse: ModelConfig has no field 'max_batchsize'; "
            "did you mean 'max_batch_size'?"
        ),
        (
            "example/config.pbtxt:2:30: error TR003 the config does not parse: DataType has no value 'TYPE_FLOAT'; "
            "Triton's name is TYPE_FP32"
        ),
    ]
