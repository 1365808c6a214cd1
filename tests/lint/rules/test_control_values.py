def test_it_says_where_what_and_what_to_do(said):
    assert said("TR403") == [
        (
            "example/config.pbtxt:3:51: error TR403 CONTROL_SEQUENCE_START states no values; state one of "
            "int32_false_true, fp32_false_true, bool_false_true"
        ),
        (
            "example/config.pbtxt:3:109: error TR403 fp32_false_true of CONTROL_SEQUENCE_START has 1 of two entries; "
            "write two: the value for no, the value for yes"
        ),
    ]
