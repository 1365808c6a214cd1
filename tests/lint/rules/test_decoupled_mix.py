def test_it_says_where_what_and_what_to_do(said):
    assert said("TR517") == [
        (
            "example/config.pbtxt:6:3: error TR517 the step 'join' joins answers of different decoupled models; hand "
            "the other tensors through the decoupled model, so that they come with its answers"
        ),
    ]
