"""Why there is no answer to a request, in words for a user."""

from __future__ import annotations

import socket
import ssl

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"})
"""OpenSSL's reasons where what came is plain HTTP."""


class NoHttpError(Exception):
    """The bytes received are not an HTTP answer."""


class CutOffError(Exception):
    """The answer ended before its announced length."""


def words(error: Exception) -> str:
    """What went wrong on the wire, in words for a user."""
    match error:
        case ConnectionRefusedError():
            return "the connection was refused"
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return "the connection was closed without an answer"
        case CutOffError():
            return "the answer ended before its announced length"
        case NoHttpError():
            return f"what came is no HTTP answer ({error})"
        case socket.gaierror():
            return "the host name is not known"
        case ssl.SSLError():
            return _tls_words(error)
        case _:
            return f"the request failed: {error}"


def _tls_words(error: ssl.SSLError) -> str:
    """OpenSSL's reason in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate was not accepted: {error.verify_message}; "
            "--cacert FILE says whom to trust, --insecure checks nothing"
        )
    reason = error.reason or str(error)
    hint = "; what listens there speaks no TLS: is it http:// instead of https://?" if reason in _NO_TLS else ""
    return f"TLS failed: {reason.replace('_', ' ').lower()}{hint}"
