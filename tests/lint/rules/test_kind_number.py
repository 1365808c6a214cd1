def test_it_says_where_what_and_what_to_do(said):
    kinds = "KIND_AUTO, KIND_GPU, KIND_CPU, KIND_MODEL"
    assert said("TR318")[0] == f"example/config.pbtxt:2:24: error TR318 there is no kind 77; write one of {kinds}"
    assert said("TR318")[1].startswith("example/config.pbtxt:4:21: error TR318 there is no kind 77; write one of BATCH_")
