def test_it_says_where_what_and_what_to_do(said):
    assert said("TR405") == [
        "example/config.pbtxt:3:56: error TR405 minimum_slot_utilization is 1.5; write a share from 0 to 1",
    ]
