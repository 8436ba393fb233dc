"""Asks the mock of a container whether it serves: `python -m onezone_mockserver.health` ends with 0 where it does."""

from __future__ import annotations

import os
import ssl
import sys
import urllib.request
from http.client import HTTPException

SECONDS = 2.0


def main() -> int:
    """0 where the mock that the variables OZKIT_MOCK_PORT and OZKIT_MOCK_TLS_CERT describe answers on loopback."""
    tls = bool(os.environ.get("OZKIT_MOCK_TLS_CERT"))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is this machine's own, for another name
    url = f"http{'s' if tls else ''}://127.0.0.1:{os.environ.get('OZKIT_MOCK_PORT', '8080')}/_mock/health"
    handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    try:
        urllib.request.build_opener(*handlers).open(url, timeout=SECONDS).close()
    except (OSError, HTTPException, ValueError) as error:
        sys.stderr.write(f"{url}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
