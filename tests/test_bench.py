"""The measurement of the judge runs, and writes what it promises. What it measures is asserted nowhere."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parent.parent / "bench" / "judge.py"


@pytest.fixture(name="bench", scope="module")
def bench_module() -> Iterator[ModuleType]:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("bench_judge", SCRIPT)
    assert spec
    assert spec.loader
    module = sys.modules["bench_judge"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["bench_judge"]


@pytest.mark.slow
def test_a_small_run_measures_and_records(
    bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each contender has its requests and times, and says of each fault whether it noticed it."""
    path = tmp_path / "results" / "judge.json"
    tiny = "--rounds 1 --fault status-200 --depth quick --examples 1"
    peer = "--phases=examples --include-operation-id=create_group_handle_service"
    bench.main([*tiny.split(), "--schemathesis", peer, "--output", str(path)])
    document = json.loads(path.read_text(encoding="utf-8"))
    judge, other = document["contenders"]
    assert judge["without_faults"] == ["conformant"]
    assert list(judge["noticed"].values()) == [True]
    assert judge["noticed"].keys() == other["noticed"].keys()
    for module in (judge, other):
        (cost,) = module["rounds"]
        assert cost["requests"] > 0
        assert cost["wall_s"] > 0
        assert cost["cpu_s"] > 0
    assert "ozkit verify, quick" in capsys.readouterr().out


@pytest.mark.parametrize(("count", "of"), [(4, 100), (1, 3), (7, 7), (50, 7), (0, 7)])
def test_faults_are_drawn_evenly(bench: ModuleType, count: int, of: int) -> None:
    """As many as asked for, in the order of the catalogue, no two near each other; the same for the same seed."""
    ids = [str(number) for number in range(of)]
    drawn = [int(identity) for identity in bench.sample(ids, count, 3)]
    assert len(drawn) == min(count, of)
    assert drawn == sorted(set(drawn))
    assert [int(identity) for identity in bench.sample(ids, count, 3)] == drawn
    gaps = [after - before for before, after in pairwise(drawn)]
    assert all(gap >= of // max(count, 1) for gap in gaps if count <= of)
