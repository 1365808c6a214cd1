"""pytest-triton: test a model repository of one's own, with the embedded server and without it.

pb_utils      the Python backend's interface in memory, so that a model.py runs without a server
harness       a model.py under that interface: initialize, ask, stream, finalize
plugin        the pytest plugin: a session's server and clients, and the fixtures for model.py
conformance   tests for every model of a repository: `pytest --pyargs trireme.testing.conformance`
"""
