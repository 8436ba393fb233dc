"""The mock as one ASGI application: Connexion's assembly around our stages, built when it is created."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onezone_spec import DEFAULT_EDITION, Contract, load

from onezone_mockserver.accept import Accept
from onezone_mockserver.authenticate import Authenticate
from onezone_mockserver.authorize import Authorize
from onezone_mockserver.control import Control
from onezone_mockserver.cors import Cors
from onezone_mockserver.edge import Edge
from onezone_mockserver.effects import Effects
from onezone_mockserver.errors import Renderer
from onezone_mockserver.journal import Journal, Journaling
from onezone_mockserver.lean import ConnexionMiddleware, Resolver, routes
from onezone_mockserver.locate import Locate
from onezone_mockserver.media_type import MediaType
from onezone_mockserver.parse import Parse
from onezone_mockserver.prefer import Prefer
from onezone_mockserver.refuse import Refuse
from onezone_mockserver.route import Route
from onezone_mockserver.scenario import DEMO, Scenario, read_scenario
from onezone_mockserver.stage import link
from onezone_mockserver.validate import Validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from onezone_mockserver.faults import Fault
    from onezone_mockserver.faults.install import Installer


class Mock(ConnexionMiddleware):  # type: ignore[misc]  # Connexion is untyped
    """The mock of one edition. `world` is its state, `journal` what it was asked, `contract` what it keeps.

    The stack is built here and not on the first request, so that a mistake in the contract is an error of the start.
    """

    def __init__(
        self, contract: Contract, scenario: Scenario, *, control: bool, latency: float, cors: Cors, journal: bool = True
    ) -> None:
        self.contract = contract
        self.scenario = scenario
        self.journaling = journal
        self.control = Control(self) if control else None
        self.edge = partial(Edge, cors=cors, control=self.control, latency=latency)
        self.assemble()

    def assemble(self, faults: Iterable[Fault] = ()) -> None:
        """Put the stack together in a world like new, with these faults and no other."""
        self.world = self.scenario.world(self.contract)
        self.journal = Journal()
        self.faults = tuple(faults)
        installer = self._installer() if self.faults else None
        middlewares = [self.edge, *(installer.outside() if installer else ()), *self._stages()]
        super().__init__(Effects(self.contract, self.world), middlewares=middlewares, resolver=Resolver(_no_function))
        self.add_api(routes(self.contract.document), base_path=self.contract.base_paths[0])
        self.app, self.middleware_stack = self._build_middleware_stack()
        if installer:
            installer.world(self.world)
            installer.inside(self.middleware_stack)
        link(self.middleware_stack)

    def _installer(self) -> Installer:
        from onezone_mockserver.faults.install import Installer

        return Installer(self, self.faults)

    def _stages(self) -> list[Callable[..., Any]]:
        """The stages inside the edge, in the order of a request."""
        contract, world, renderer = self.contract, self.world, Renderer(self.contract)
        return [
            *([partial(Journaling, journal=self.journal)] if self.journaling else ()),
            partial(Refuse, renderer=renderer),
            partial(Route, contract=contract),
            partial(Prefer, renderer=renderer),
            partial(Authenticate, world=world),
            Accept,
            partial(MediaType, contract=contract),
            partial(Parse, contract=contract),
            partial(Locate, contract=contract, world=world),
            partial(Authorize, contract=contract, world=world),
            partial(Validate, contract=contract),
        ]

    def reset(self) -> None:
        """Put the world back to the scenario, and forget the exchanges."""
        self.world.become(self.scenario.world(self.contract))
        self.journal.clear()


def create_app(  # noqa: PLR0913  (every option of a mock)
    edition: str = DEFAULT_EDITION,
    scenario: Scenario | Path | str | None = None,
    *,
    control: bool = True,
    latency: float = 0.0,
    cors_origins: Sequence[str] = ("*",),
    faults: Sequence[str] = (),
    journal: bool = True,
) -> Mock:
    """The mock of `edition` as an ASGI application, in the world of `scenario` (a file, or None for the demo).

    `latency` is in seconds, `faults` are ids of the catalogue; without `journal` nothing is written
    down. Raises onezone_spec.UnknownEditionError, ScenarioError and faults.UnknownFaultError.
    """
    contract = load(edition)
    if not isinstance(scenario, Scenario):
        scenario = read_scenario(Path(scenario) if scenario else DEMO, contract)
    mock = Mock(contract, scenario, control=control, latency=latency, cors=Cors(cors_origins), journal=journal)
    if faults:
        from onezone_mockserver.faults import chosen

        mock.assemble(chosen(faults, contract.edition))
    return mock


def _no_function(operation_id: str) -> Callable[[], None]:
    """Connexion resolves each operation to a function; here the effects do its work, so this one is never called."""

    def function() -> None:
        raise NotImplementedError(operation_id)

    return function
