"""Starting tritonserver: the embedded one, prepared, or a full one as it is."""
