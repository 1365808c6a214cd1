def test_it_says_where_what_and_what_to_do(said):
    assert said("TR116") == [
        (
            "example/config.pbtxt:2:69: error TR116 the label file 'labels.txt' is not in the model's folder; known "
            "are: config.pbtxt"
        ),
    ]


def test_a_folder_in_its_place_ends_the_server(codes):
    config = 'backend: "python"\noutput { name: "y" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "1" }'
    assert codes(config) == ["TR116"]
