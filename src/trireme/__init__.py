"""Trireme: small model sources in, one versioned Triton model repository out."""

__version__ = "0.1.0"
