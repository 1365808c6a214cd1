"""A built repository on its way to pods: published with its bill of materials and a signature, fetched, verified."""
