"""A second, independent implementation of the handle-service API: correct, with legitimate variants and with faults.

`python tests/second/server.py --edition current --port 0 [--variant NAME]... [--fault NAME]...`
"""

import argparse
import contextlib
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from second_app import App
from second_faults import FAULTS
from second_rules import ALL
from second_variants import VARIANTS
from second_wire import Hooks, Server


@dataclass
class Handle:
    """A running server: where it is, and how to end it."""

    base_url: str
    states_url: str
    app: App
    server: Server

    def close(self) -> None:
        """End it."""
        self.server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def build(edition: str, variants: Sequence[str] = (), faults: Sequence[str] = ()) -> App:
    """The application, without a socket."""
    app = App(edition)
    for name in variants:
        VARIANTS[name].change(app)
    for name in faults:
        FAULTS[name].change(app)
    return app


def start(edition: str, variants: Sequence[str] = (), faults: Sequence[str] = (), port: int = 0) -> Handle:
    """Serve the application on loopback, in threads of this process."""
    app = build(edition, variants, faults)
    server = Server(port, Hooks(app.answer, app.garbled, app.serving))
    root = f"http://127.0.0.1:{server.server_address[1]}"
    app.origin = app.origin or root
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return Handle(root + app.options.base, root + "/states", app, server)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edition", choices=ALL, default="current")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--variant", action="append", default=[], choices=list(VARIANTS), metavar="NAME")
    parser.add_argument("--fault", action="append", default=[], choices=list(FAULTS), metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the variants and faults, and end")
    chosen = parser.parse_args(arguments)
    if chosen.list:
        for title, entries in (("variant", VARIANTS), ("fault", FAULTS)):
            for entry in entries.values():
                sys.stdout.write(f"{title}\t{entry.id}\t{entry.topic}\t{','.join(entry.editions)}\t{entry.text}\n")
        return
    handle = start(chosen.edition, chosen.variant, chosen.fault, chosen.port)
    sys.stdout.write(f"listening on {handle.base_url}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    handle.close()


if __name__ == "__main__":
    main()
