def test_it_says_where_what_and_what_to_do(said):
    assert said("TR002") == [
        (
            'example/config.pbtxt:3:17: error TR002 the config does not parse: Message type "inference.ModelConfig" '
            'should not have multiple "max_batch_size" fields; mend the text at this place'
        ),
        (
            'example/config.pbtxt:4:1: error TR002 the config does not parse: Field "sequence_batching" is specified '
            'along with field "dynamic_batching", another member of oneof "scheduling_choice" for message type '
            '"inference.ModelConfig"; mend the text at this place'
        ),
    ]
