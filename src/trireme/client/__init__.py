"""A small typed client over tritonclient: names and checks inputs from the server's own metadata, has timeouts by default.

>>> from trireme.client import Client
>>> with Client("grpc://127.0.0.1:8001") as client:            # or http://127.0.0.1:8000
...     client.infer("text_classification", {"text": ["I love it"]})["label"]
"""

from trireme.client.aio import AsyncClient
from trireme.client.sync import Client

__all__ = ["AsyncClient", "Client"]
