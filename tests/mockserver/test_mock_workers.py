"""Test suites of others: eight workers with a reset before each test, all against one mock."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from mock_client import GOOD, HOME, basic

if TYPE_CHECKING:
    from pathlib import Path

    from socket_client import Address

WORKERS, TESTS = 8, 12
COLLECTION = f"/api/v3/groups/{HOME}/handle_services"
ADAM = {"Authorization": basic("adam", "adam-password")}


def call(connection: http.client.HTTPConnection, method: str, path: str, **sent: Any) -> tuple[int, bytes, str | None]:
    connection.request(method, path, **sent)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.getheader("Location")


def worker(address: Address, prefix: str, headers: dict[str, str]) -> list[str]:
    """A worker's tests, each after a reset; gives what went wrong."""
    connection, wrong = http.client.HTTPConnection(*address), []
    as_adam = {**ADAM, **headers, "Content-Type": "application/json"}

    def services() -> list[str]:
        _, body, _ = call(connection, "GET", prefix + COLLECTION, headers=as_adam)
        ids: list[str] = json.loads(body)["handle_services"]
        return ids

    for number in range(TESTS):
        call(connection, "POST", f"{prefix}/_mock/reset", headers=headers)
        before = services()
        replies = [
            call(connection, "POST", prefix + COLLECTION, body=json.dumps(GOOD), headers=as_adam) for _ in range(3)
        ]
        after = services()
        location = (replies[0][2] or "").removeprefix(f"http://{address[0]}:{address[1]}")
        shown, _, _ = call(connection, "GET", location, headers=as_adam)
        _, journal, _ = call(connection, "GET", f"{prefix}/_mock/journal", headers=headers)
        seen = (len(before), [status for status, *_ in replies], len(after), shown, json.loads(journal)["total"])
        if seen != (1, [204] * 3, 4, 200, 6):
            wrong.append(f"{number}: {seen}")
    connection.close()
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("way", ["path", "header", "cookie"])
def test_eight_workers_do_not_disturb_each_other(address: Address, way: str) -> None:
    """Each in a world of its own, by whichever way it is named."""

    def run(number: int) -> list[str]:
        name = f"{way}-{number}"
        headers = {"header": {"X-Mock-World": name}, "cookie": {"Cookie": f"mock_world={name}"}}.get(way, {})
        return worker(address, f"/_world/{name}" if way == "path" else "", headers)

    with ThreadPoolExecutor(WORKERS) as pool:
        assert list(pool.map(run, range(WORKERS))) == [[]] * WORKERS


SUITE = """
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const mock = `${process.env.MOCK}/_world/worker-${process.pid}`;
const headers = { Authorization: process.env.ADAM, "Content-Type": "application/json" };
const services = async () =>
  (await (await fetch(`${mock}${process.env.COLLECTION}`, { headers })).json()).handle_services.length;

beforeEach(() => fetch(`${mock}/_mock/reset`, { method: "POST" }));
for (let number = 0; number < 5; number++) {
  test(`a service is registered ${number}`, async () => {
    assert.equal(await services(), 1);
    const made = await fetch(`${mock}${process.env.COLLECTION}`, { method: "POST", headers, body: process.env.GOOD });
    assert.equal(made.status, 204);
    assert.ok(made.headers.get("Location").startsWith(mock));
    assert.equal((await fetch(made.headers.get("Location"), { headers })).status, 200);
    assert.equal(await services(), 2);
  });
}
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js")
def test_nodes_test_runner_runs_its_files_at_the_same_time(address: Address, tmp_path: Path) -> None:
    """Eight files, a process each, with a reset in every beforeEach: as docs/mock.md shows."""
    for number in range(WORKERS):
        (tmp_path / f"suite-{number}.test.mjs").write_text(SUITE, encoding="utf-8")
    variables = {
        "MOCK": f"http://{address[0]}:{address[1]}",
        "ADAM": ADAM["Authorization"],
        "COLLECTION": COLLECTION,
        "GOOD": json.dumps(GOOD),
        "PATH": os.environ["PATH"],
    }
    command = ["node", "--test", f"--test-concurrency={WORKERS}", "--test-reporter=tap", *map(str, tmp_path.iterdir())]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=variables, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr
    assert f"# pass {WORKERS * 5}\n" in ended.stdout
