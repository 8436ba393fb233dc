"""nginx for tests: a configuration that keeps everything in one folder."""

from __future__ import annotations

from pathlib import Path

CONFIG = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
{server}
    }}
}}
"""


def configured(folder: Path, server: str) -> Path:
    """The configuration file of an nginx in the foreground with one server, whose directives are given."""
    path = folder / "nginx.conf"
    path.write_text(CONFIG.format(folder=folder, server=server), encoding="utf-8")
    return path
