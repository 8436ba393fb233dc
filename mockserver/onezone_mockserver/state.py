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
from onezone_mockserver.journal import Journal
from onezone_mockserver.world import BEGINNING, Ids, World

if TYPE_CHECKING:
    from onezone_spec import Contract

    from onezone_mockserver.faults.fault import Fault
    from onezone_mockserver.scenario import Scenario

NO_FAULTS: tuple[Fault, ...] = ()


class WorldRun:
    """A world from one reset to the next, with its journal and what provider states set up in it.

    A request belongs to the run in which it came: what it does after a reset shows nowhere. `clock` is the mock's.
    """

    def __init__(self, world: World, clock: Clock) -> None:
        self.world = world
        self.clock = clock
        self.journal = Journal()
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
    """What the parts of a mock share. `run` is the world that is served now, along with its journal.

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
        self.clock = Clock(None if seed is None else BEGINNING)
        self.scenario = scenario
        self.faults = faults
        self.stopped = False
        self.latency = 0.0
        self.run = WorldRun(self._new_world(), self.clock)

    @property
    def world(self) -> World:
        """The world that is served now."""
        return self.run.world

    @property
    def journal(self) -> Journal:
        """The journal of the world that is served now."""
        return self.run.journal

    def reset(self) -> None:
        """Start anew in the world of the scenario, with an empty journal and the clock put back.

        Whoever waits goes on at once.
        """
        self.clock.put_back()
        self.become(self._new_world(), Journal())

    def become(self, world: World, journal: Journal | None = None) -> None:
        """Serve another world from the next request on; the journal goes on where no other is given."""
        before, self.run = self.run, WorldRun(world, self.clock)
        self.run.journal = journal or before.journal
        before.end()
        if self.stopped:
            self.run.end()

    def stop(self) -> None:
        """The server is told to stop: whoever waits goes on at once."""
        self.stopped = True
        self.run.end()

    def switch(self, faults: tuple[Fault, ...]) -> None:
        """Start anew with these faults and no other."""
        self.faults = faults
        self.reset()

    def empty_world(self) -> World:
        """A world without anybody, in which the faults of the world are at work."""
        methods: dict[str, Any] = {}
        for hook in (hook for fault in self.faults for hook in fault.hooks):
            if hook.method:
                methods[hook.method] = hook.around(methods.get(hook.method) or getattr(World, hook.method), self)
        ids = Ids(self.seed)
        return type("FaultyWorld", (World,), methods)(ids) if methods else World(ids)

    def _new_world(self) -> World:
        return self.scenario.world(self.contract, self.empty_world())
