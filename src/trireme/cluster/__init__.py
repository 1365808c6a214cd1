"""The repository in Kubernetes: what is generated for it, rendered from it, and checked without a cluster."""
