"""Serves an OpenAPI document with PyPI's mockforge, on loopback only: python forge.py DOCUMENT PORT."""

import socketserver
import sys

from mockforge.server import MockHandler  # type: ignore[import-not-found]
from mockforge.spec_parser import SpecParser  # type: ignore[import-not-found]

if __name__ == "__main__":
    document, port = sys.argv[1:]
    MockHandler.routes = SpecParser(spec_path=document).get_routes()
    socketserver.TCPServer(("127.0.0.1", int(port)), MockHandler).serve_forever()
