def test_it_says_where_what_and_what_to_do(said):
    assert said("TR605") == [
        (
            "example/config.pbtxt:3:48: error TR605 'x' has shape [-1,4], and the graph of version 1 has [-1,3]; use "
            "the graph's sizes"
        ),
        (
            "example/config.pbtxt:3:48: error TR605 'x' has shape [-1,-1,3], and the graph of version 1 has [-1,3]; "
            "leave the batch out of dims"
        ),
        (
            "example/config.pbtxt:4:49: error TR605 'y' has shape [-1,-1,3], and the graph of version 1 has [-1,3]; "
            "leave the batch out of dims"
        ),
    ]
