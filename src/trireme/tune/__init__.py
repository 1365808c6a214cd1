"""The tuner: measure a model a little, simulate Triton's batcher a lot, verify the best few on the real server."""
