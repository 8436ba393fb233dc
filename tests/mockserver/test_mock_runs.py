"""The end of a world's run, as whoever waits in it sees it."""

from __future__ import annotations

import asyncio

from onezone_mockserver.clock import Clock
from onezone_mockserver.state import WorldRun
from onezone_mockserver.world import World


def test_the_end_of_a_run_does_not_mind_a_loop_that_is_closed() -> None:
    """Who waited there is gone with it."""
    run = WorldRun(World(), Clock())
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(run.wait(60))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    run.end()
    waiting.get_coro().close()  # type: ignore[union-attr]


def test_a_run_that_ends_while_somebody_begins_to_wait_ends_the_wait() -> None:
    """A signal may come at any moment: here it comes when the wait is registered."""
    run = WorldRun(World(), Clock())

    class EndsTheRun(set):  # type: ignore[type-arg]
        def add(self, wait: object) -> None:
            run.end()
            super().add(wait)

    run._waits = EndsTheRun()
    asyncio.run(asyncio.wait_for(run.wait(60), 5))
