def test_it_says_where_what_and_what_to_do(said):
    assert said("TR212") == [
        ('example/config.pbtxt:5:1: error TR212 a batch_input has 0 sources, and takes one; write source_input: "..." once'),
    ]
