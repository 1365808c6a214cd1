"""Bundles for machines without Triton."""
