"""The gateway: what strangers meet in front of Triton. It validates everything itself, and speaks gRPC to the server."""
