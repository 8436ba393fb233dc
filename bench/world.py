"""How the mock's world bears growing: from 10 to 1,000,000 memberships.

    python bench/world.py [--sizes 10 100 1000] [--parents 1] [--json bench/results/world.json]

For each size a process of its own makes the data of a world (10 memberships a user, groups nested up to 20 deep with
`--parents` parents each, privileges and zone privileges drawn at random), builds the world from it, and asks the access
rule of registering a handle service for random users and groups, half of them allowed and half refused, which cost
differently. `demo` is the world of the demo.

Columns: seconds to build from parsed data; MiB of resident memory that the world itself takes; microseconds of CPU
a decision, after user and group were looked up as the stages before do it: remembered (`warm`, of 20 asked again and
again), not remembered (`first`), and the mean of the ten decisions after each of a hundred changes of a user's
membership (`after joining`) and of a group's place (`after nesting`; the first of the ten is about the group that got
the new child); each as a ratio to the demo. `longest` is the slowest single decision after a change of nesting. Numbers
are the best of five rounds, of this machine at this hour: compare rows of one run.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import subprocess
import sys
import time
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson
from onezone_mockserver.access import Guard
from onezone_mockserver.scenario import DEMO, read_scenario
from onezone_mockserver.scenario.snapshot import build
from onezone_mockserver.world import GROUP, USER, World
from onezone_spec import load

SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
RESULTS = Path(__file__).parent / "results" / "world.json"
DEPTH, ROUNDS, QUESTIONS, CHANGES, AFTER = 20, 5, 2_000, 100, 10
OPERATION = "create_group_handle_service"
INSIDE = ("group_view", "group_create_handle_service", "group_leave_handle_service")
ZONE = ("oz_handle_services_create", "oz_groups_list")
COLUMNS = ("warm", "first", "after_joining", "after_nesting")


Pair = tuple[Any, dict[str, str]]
"""A user, and the parameters of a request."""


def world_data(memberships: int, parents: int, dice: random.Random) -> dict[str, Any]:
    """A world of that many memberships, as data: layers of groups, each group inside groups of the layer above."""
    count, crowd = max(2, memberships // 50), max(2, memberships // 10)
    groups = [{"id": f"group-{at:032d}", "users": {}, "children": {}, "zone_privileges": []} for at in range(count)]
    layer = max(1, count // DEPTH)
    for at in range(layer, count):
        top = (at // layer - 1) * layer
        for above in dice.sample(range(top, top + layer), min(parents, layer)):
            groups[above]["children"][groups[at]["id"]] = some(dice, INSIDE)
    for group in dice.sample(groups, max(1, count // 50)):
        group["zone_privileges"] = some(dice, ZONE)
    users = [{"id": f"user-{at:032d}", "username": f"user-{at}", "password": "password"} for at in range(crowd)]
    left = memberships - sum(len(group["children"]) for group in groups)
    while left > 0:
        joined = dice.choice(groups)["users"]
        left -= (user := users[left % crowd]["id"]) not in joined
        joined[user] = some(dice, INSIDE)
        if len(users) * len(groups) <= memberships and all(len(group["users"]) == crowd for group in groups):
            break
    services = [{"id": f"service-{at:030d}", "groups": {group["id"]: "all"}} for at, group in enumerate(groups[::10])]
    return {"users": users, "groups": groups, "handle_services": services}


def some(dice: random.Random, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if dice.random() < 0.5]


def resident_mib() -> float:
    """MiB of memory that this process has resident."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


class RuleQuestions:
    """Asks one access rule in one world."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world, self.dice = world, dice
        self.guard = Guard(load("current").operations[OPERATION])
        self.users, self.groups = list(world.users.values()), list(world.ids(GROUP))
        self.pools = self.allowed(QUESTIONS), self.refused(QUESTIONS)

    def allowed(self, count: int) -> list[Pair]:
        """Random users who may, each with the parameters of a request for a random one of its groups."""
        pairs: list[Pair] = []
        for _ in range(count * 50):
            user = self.dice.choice(self.users)
            groups = list(self.world.memberships(USER, user.id, GROUP)) or self.groups
            params = {"id": self.dice.choice(groups)}
            if self.guard.decide(self.world, user, params).allowed:
                pairs.append((user, params))
            if len(pairs) == count:
                break
        return pairs or self.refused(1)

    def refused(self, count: int) -> list[Pair]:
        """Random users who may not, each with the parameters of a request for a random group."""
        drawn = ((self.dice.choice(self.users), {"id": self.dice.choice(self.groups)}) for _ in range(count * 50))
        return list(islice((pair for pair in drawn if not self.guard.decide(self.world, *pair).allowed), count))

    def pairs(self, count: int) -> list[Pair]:
        """As many allowed as refused ones."""
        return [self.dice.choice(self.pools[at % 2]) for at in range(count)]

    def spent(self, pairs: list[Pair]) -> float:
        """Microseconds a decision, ten at a time, each after its user and group were looked up as a request does it."""
        decide, spent = self.guard.decide, 0
        for start in range(0, len(pairs), AFTER):
            some_pairs = pairs[start : start + AFTER]
            for user, params in some_pairs:
                self.world.user_of_name(user.name)
                self.world.exists(GROUP, params["id"])
            before = time.thread_time_ns()
            for user, params in some_pairs:
                decide(self.world, user, params)
            spent += time.thread_time_ns() - before
        return spent / len(pairs) / 1000

    def warm(self) -> float:
        pairs = self.pairs(20) * (QUESTIONS // 20)
        self.spent(pairs)
        return self.spent(pairs)

    def first(self) -> float:
        drawn = self.pairs(QUESTIONS)
        pools = ({(user.id, params["id"]): (user, params) for user, params in drawn[half::2]} for half in (0, 1))
        pairs = list(chain(*zip(*(pool.values() for pool in pools), strict=False)))
        rounds = max(1, QUESTIONS // len(pairs))
        spent = 0.0
        for _ in range(rounds):
            self.guard.memory.clear()
            spent += self.spent(pairs)
        return spent / rounds

    def after_joining(self) -> float:
        spent = 0.0
        for user, params in self.pairs(CHANGES):
            privileges = self.world.related(USER, user.id, GROUP, params["id"])
            self.world.relate(USER, user.id, GROUP, params["id"], frozenset({"group_view"}))
            spent += self.spent(self.pairs(AFTER))
            if privileges is None:
                self.world.unrelate(USER, user.id, GROUP, params["id"])
            else:
                self.world.relate(USER, user.id, GROUP, params["id"], privileges)
        return spent / CHANGES

    def after_nesting(self) -> tuple[float, float]:
        """The mean, and the slowest decision."""
        spent = longest = 0.0
        for _ in range(CHANGES):
            child, parent = self.dice.sample(self.groups, 2)
            privileges = self.world.related(GROUP, child, GROUP, parent)
            self.world.relate(GROUP, child, GROUP, parent, frozenset({"group_view"}))
            each = [self.spent([pair]) for pair in [(self.pairs(1)[0][0], {"id": parent}), *self.pairs(AFTER - 1)]]
            spent, longest = spent + sum(each) / AFTER, max(longest, *each)
            if privileges is None:
                self.world.unrelate(GROUP, child, GROUP, parent)
        return spent / CHANGES, longest


def measure(size: str, parents: int, rounds: int) -> dict[str, Any]:
    """One row: everything about one world."""
    dice, contract = random.Random(4), load("current")
    if size == "demo":
        data = orjson.loads(read_scenario(DEMO, contract).text)
    else:
        data = orjson.loads(orjson.dumps(world_data(int(size), parents, dice)))
    gc.collect()
    memory, before = resident_mib(), time.process_time()
    world = build(data, contract)
    row: dict[str, Any] = {"memberships": size, "load_s": time.process_time() - before}
    row["mib"] = resident_mib() - memory
    del data
    gc.collect()
    gc.freeze()
    questions = RuleQuestions(world, dice)
    row["warm"] = min(questions.warm() for _ in range(rounds))
    row["first"] = min(questions.first() for _ in range(rounds))
    row["after_joining"] = min(questions.after_joining() for _ in range(rounds))
    nesting = [questions.after_nesting() for _ in range(rounds)]
    row["after_nesting"], row["longest"] = (
        min(seconds for seconds, _ in nesting),
        min(longest for _, longest in nesting),
    )
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as text; ratios are to the first row."""
    head = f"{'memberships':>12} {'load s':>8} {'MiB':>7}"
    lines = [head + "".join(f"{name.replace('_', ' ') + ' µs':>22}" for name in COLUMNS) + f"{'longest µs':>12}"]
    for row in rows:
        cells = "".join(f"{row[name]:>14.2f} ({row[name] / rows[0][name]:>4.2f})" for name in COLUMNS)
        start = f"{row['memberships']:>12} {row['load_s']:>8.2f} {row['mib']:>7.1f}"
        lines.append(f"{start} {cells}{row['longest']:>12.0f}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure the world of the mock as it grows.")
    parser.add_argument("--sizes", nargs="+", default=[str(size) for size in SIZES], help="memberships (default: all)")
    parser.add_argument("--parents", type=int, default=1, help="parents of a group (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file for the raw numbers (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="ask little: only to see that it runs")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(measure(options.one, options.parents, 1 if options.quick else ROUNDS)))
        return 0
    rows = []
    for size in ["demo", *options.sizes]:
        command = [sys.executable, __file__, "--one", size, "--parents", str(options.parents)]
        command += ["--quick"] if options.quick else []
        rows.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    figures = {"python": sys.version.split()[0], "parents": options.parents, "rows": rows}
    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
