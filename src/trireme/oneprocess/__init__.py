"""A pipeline whose steps run in one process: for CPUs, where handing tensors on costs as much as a small step."""
