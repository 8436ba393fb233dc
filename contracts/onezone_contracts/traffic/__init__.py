"""Recorded and proxied exchanges, judged without sending any."""
