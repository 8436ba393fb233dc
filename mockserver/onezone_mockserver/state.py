"""The state of a mock: the contract that it keeps, the world that it serves, what it was asked, and its faults.

Nothing in here knows of HTTP or of Connexion. A stage that needs state asks for it when a request is there, so that
another world or other faults count from the next request on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from onezone_mockserver.clock import Clock
from onezone_mockserver.feed import Feed
from onezone_mockserver.journal import FullRows, Journal
from onezone_mockserver.scenario.carrying import carried
from onezone_mockserver.world import BEGINNING, Ids, World
from onezone_mockserver.worlds import COMMON, Worlds

if TYPE_CHECKING:
    from onezone_spec import Contract

    from onezone_mockserver.faults.fault import Fault
    from onezone_mockserver.overrides import Override
    from onezone_mockserver.scenario import Scenario

NO_FAULTS: tuple[Fault, ...] = ()


class WorldRun:
    """A world from one reset to the next, with its journal and what provider states set up in it.

    A request belongs to the run in which it came: what it does after a reset shows nowhere. `name` is the world's.
    """

    def __init__(self, world: World, clock: Clock, name: str = COMMON) -> None:
        self.world = world
        self.clock = clock
        self.name = name
        self.journal = Journal()
        self.overrides: list[Override] = []
        self.provider_states: defaultdict[bytes, list[Any]] = defaultdict(list)
        self._waits: set[asyncio.Future[None]] = set()
        self._over = False

    async def wait(self, seconds: float) -> None:
        """Wait for so long, or until the run is over."""
        over = asyncio.get_running_loop().create_future()
        self._waits.add(over)
        try:
            if not self._over:
                await asyncio.wait([over], timeout=seconds)
        finally:
            self._waits.discard(over)

    def end(self) -> None:
        """End every wait in this run, and every later one at once. May be called from a signal handler."""
        self._over = True
        for over in tuple(self._waits):
            with contextlib.suppress(RuntimeError):  # the loop is closed, and with it whoever waited there is gone
                over.get_loop().call_soon_threadsafe(over.cancel)


class MockState:
    """What the parts of a mock share. `run` is the common world, along with its journal; `worlds` are those with names.

    Faults, latency and the scenario are of all worlds. `full_rows` bounds what their journals keep, `feed` tells of it.
    `mistake` is what is wrong with the files of the contract and the scenario since they were read last.

    With a `seed`, ids, tokens and times are the same after each reset for the same requests: the clock stands still.
    """

    def __init__(
        self,
        contract: Contract,
        scenario: Scenario,
        faults: tuple[Fault, ...] = NO_FAULTS,
        seed: int | None = None,
    ) -> None:
        self.contract = contract
        self.seed = seed
        self.ids = Ids(seed)
        self.scenario = scenario
        self.faults = faults
        self.stopped = False
        self.latency = 0.0
        self.journalling = True
        self.mistake = ""
        self.full_rows = FullRows()
        self.feed = Feed()
        self.run = self._new_run(COMMON)
        self.worlds: Worlds[WorldRun] = Worlds(self._new_run, WorldRun.end)

    @property
    def world(self) -> World:
        """The common world, as it is now."""
        return self.run.world

    @property
    def journal(self) -> Journal:
        """The journal of the common world."""
        return self.run.journal

    def run_of(self, name: str) -> WorldRun:
        """The run of the world of that name, which is made of the scenario at first use."""
        return self.worlds.use(name) if name else self.run

    def reset(self, name: str = COMMON) -> None:
        """Start a world anew from the scenario, with an empty journal and the clock put back.

        Whoever waits in it goes on at once.
        """
        self._begin(self._new_run(name))

    def become(self, world: World, name: str = COMMON) -> None:
        """Serve another world under that name from the next request on; journal, overrides and clock go on."""
        before = self.run_of(name)
        world.fresh = before.world.fresh  # with a seed, no id comes again
        run = WorldRun(world, before.clock, name)
        run.journal, run.overrides = before.journal, before.overrides
        self._begin(run)

    def carry_over(self, contract: Contract, scenario: Scenario) -> list[str]:
        """Carry every world over to the current contract and scenario. Returns what no longer fits, a line each."""
        lost: list[str] = []
        for run in (self.run, *(run for _, run, _ in self.worlds.all())):
            world, unfit = carried(run.world, (contract, scenario), (self.contract, self.scenario), self.empty_world)
            lost += [f"{run.name}: {line}" if run.name else line for line in unfit]
            provider_states = run.provider_states
            self.become(world, run.name)
            now = self.run_of(run.name)
            now.provider_states = provider_states
            now.overrides = [override for override in run.overrides if self._still_fits(override)]
        return lost

    def _still_fits(self, override: Override) -> bool:
        """Whether an override can go on under the contract. One with a fault is made for the faults of its time."""
        operation = override.rule.when.operation
        return override.faults is None and (operation is None or operation in self.contract.operations)

    def stop(self) -> None:
        """Stop the server: every wait ends at once."""
        self.stopped = True
        for run in (self.run, *(run for _, run, _ in self.worlds.all())):
            run.end()
        self.feed.close()

    def switch(self, faults: tuple[Fault, ...]) -> None:
        """Start anew in every world with these faults and no other."""
        self.faults = faults
        self.worlds.clear()
        self.reset()

    def empty_world(self) -> World:
        """A world without anybody, in which the faults of the world are at work."""
        methods: dict[str, Any] = {}
        for hook in (hook for fault in self.faults for hook in fault.hooks):
            if hook.method:
                methods[hook.method] = hook.around(methods.get(hook.method) or getattr(World, hook.method), self)
        ids = self.ids if self.seed is None else Ids(self.seed)
        return type("FaultyWorld", (World,), methods)(ids) if methods else World(ids)

    def _begin(self, run: WorldRun) -> None:
        """Replace the previous run by this one."""
        if self.stopped:
            run.end()
        if run.name:
            self.worlds.put(run.name, run)
        else:
            before, self.run = self.run, run
            before.end()
        self.feed.reset(run.name)

    def _new_run(self, name: str) -> WorldRun:
        clock = Clock(None if self.seed is None else BEGINNING)
        run = WorldRun(self.scenario.world(self.contract, self.empty_world()), clock, name)
        if self.stopped:
            run.end()
        return run
