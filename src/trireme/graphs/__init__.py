"""Which CUDA graphs a model should have: chosen from the batches that really come, for a budget of memory."""
