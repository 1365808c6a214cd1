def test_it_says_where_what_and_what_to_do(said):
    assert said("TR507") == [
        (
            "example/config.pbtxt:7:3: error TR507 nothing takes the tensor 'unused'; leave it out of output_map, or "
            "make it an output"
        ),
    ]
