"""The mock as one ASGI application: Connexion reads the contract's document and dispatches to our middlewares."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connexion import ConnexionMiddleware
from connexion.resolver import Resolver
from onezone_spec import DEFAULT_EDITION, Contract

from onezone_mockserver.control import Control, Gate, host_of
from onezone_mockserver.cors import Cors
from onezone_mockserver.delay import Delay
from onezone_mockserver.edge import Edge
from onezone_mockserver.effects import Effects
from onezone_mockserver.error_handler import ErrorHandler
from onezone_mockserver.errors import Renderer
from onezone_mockserver.exchange import KEY
from onezone_mockserver.forwarding import Forwarding, Target
from onezone_mockserver.overriding import Overriding
from onezone_mockserver.pipeline import Following, Pipeline
from onezone_mockserver.proxies import always, forwarded
from onezone_mockserver.routing import Routing
from onezone_mockserver.source import MISTAKES, Source
from onezone_mockserver.state import NO_FAULTS, MockState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from onezone_mockserver.exchange import App, Receive, Scope, Send
    from onezone_mockserver.faults.fault import Fault
    from onezone_mockserver.journal import Journal
    from onezone_mockserver.scenario import Scenario
    from onezone_mockserver.world import World

ASSEMBLE = {"type": "assemble"}
"""No protocol of ASGI: nothing happens but that Connexion puts its stack together, as it does when first called."""


class Mock(Edge):
    """The mock of one contract. `state` has all that changes; `world` and `journal` are those that it has now.

    Inside the edge, the contract is served under each of its base paths. Connexion registers a document under one:
    there is one stack for each base path, all of one state. The first is put together now, so that a mistake in the
    contract is an error of the start, and the others when they are first asked for.
    """

    control: Control | None

    def __init__(
        self, source: Source, state: MockState, middlewares: Sequence[Callable[[App], Any]], options: dict[str, Any]
    ) -> None:
        control: Control | None = options.pop("control")
        super().__init__(self._serve, state=state, cors=options.pop("cors"), control=control)
        self.source = source
        self.middlewares = middlewares
        self.outside = options.pop("outside")
        self.options = options
        if control is not None:
            control.on_reload = self.reload
        self._build()

    def _build(self) -> None:
        """Put together what depends on the contract. Where that fails, what was there before stays."""
        contract, options = self.state.contract, self.options
        target = Target(options["forward"], options["only"], contract) if options["forward"] else None
        challenge = contract.challenges if options["challenge"] is None else options["challenge"]
        parts = Effects(self.state), Renderer(contract, challenge=challenge), target
        first, *_ = contract.base_paths
        stack = self._stack(first, *parts)
        longest_first = sorted(contract.base_paths, key=len, reverse=True)
        self.bases = [(f"{base}/".encode(), base) for base in longest_first]
        self.parts, self.target = parts, target
        self.stacks, self.first = {first: stack}, stack
        self.begin_anew()

    def reload(self) -> list[str]:
        """Read contract and scenario anew, and go on with them; gives what of the state fits no longer, a line each.

        Raises what create_app raises; then everything stays as it was, and the mistake is shown on the page.
        """
        state = self.state
        try:
            lost = self._read_again()
            state.mistake = ""
        except MISTAKES as error:
            state.mistake = str(error)
            raise
        finally:
            state.feed.reloaded(state.mistake)
        return lost

    def _read_again(self) -> list[str]:
        state = self.state
        before = state.contract, state.scenario, state.faults
        contract, scenario = self.source.read()
        faults = chosen_faults([fault.id for fault in state.faults], contract)
        state.contract, state.scenario, state.faults = contract, scenario, faults
        try:
            self._build()
        except Exception:
            state.contract, state.scenario, state.faults = before
            raise
        return state.carry_over(before[0], before[1])

    @property
    def contract(self) -> Contract:
        """What the mock keeps."""
        return self.state.contract

    @property
    def world(self) -> World:
        """The world that is served now."""
        return self.state.world

    @property
    def journal(self) -> Journal:
        """What was asked last."""
        return self.state.journal

    def reset(self) -> None:
        """Put the world back to the scenario, and forget the exchanges."""
        self.state.reset()

    def _serve(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a request on to the stack of its base path; one below none is refused by the first."""
        path: bytes = scope[KEY].path
        for start, base in self.bases:
            if path.startswith(start):
                stack = self.stacks.get(base)
                if stack is None:
                    stack = self.stacks[base] = self._stack(base, *self.parts)
                return stack(scope, receive, send)
        return self.first(scope, receive, send)

    def _stack(self, base_path: str, effects: Effects, renderer: Renderer, target: Target | None) -> App:
        """Connexion with our middlewares, for one base path."""
        stack = ConnexionMiddleware(
            effects,
            middlewares=[
                partial(ErrorHandler, renderer=renderer),
                *([partial(Delay, state=self.state)] if self.state.latency else ()),
                Overriding,
                *([partial(Forwarding, state=self.state, target=target)] if target else ()),
                Routing,
                *self.middlewares,
                *([Following] if self.middlewares else ()),
                Pipeline,
            ],
            resolver=Resolver(_no_function),
        )
        stack.add_api(self.contract.document, base_path=base_path, state=self.state)
        _run(stack(dict(ASSEMBLE), _nothing, _nothing))
        served: App = stack
        return served


def create_app(  # noqa: PLR0913  (every option of a mock)
    edition: str | Contract | Source = DEFAULT_EDITION,
    scenario: Scenario | Path | str | None = None,
    *,
    control: bool = True,
    control_token: str | None = None,
    control_hosts: Sequence[str] = (),
    latency: float = 0.0,
    cors_origins: Sequence[str] = ("*",),
    public_url: str | None = None,
    trust_proxy: bool = False,
    challenge: bool | None = None,
    faults: Sequence[str] = (),
    forward: str | None = None,
    only: Sequence[str] = (),
    journal: bool = True,
    seed: int | None = None,
    middlewares: Sequence[Callable[[App], Any]] = (),
) -> Mock:
    """The mock as an ASGI application. Raises one of `source.MISTAKES` for a mistake in edition or scenario.

    Args:
        edition: a name, a contract, or a Source, which has the scenario as well.
        scenario: the users and groups to start with, or their file; None is the demo.
        control: whether there is a control plane under `/_mock/`.
        control_token: the bearer token that it asks for.
        control_hosts: host names under which it answers without a token, beside loopback's and addresses.
        latency: seconds by which every answer is delayed.
        cors_origins: origins whose pages may read the answers.
        public_url: the URL that Locations start with.
        trust_proxy: whether to believe `Forwarded` and `X-Forwarded-*`.
        challenge: whether a 401 has `WWW-Authenticate`; None leaves it to the edition.
        faults: ids of faults.
        forward: the base URL of a server that answers what `only` does not name.
        only: ids of the operations that the mock answers itself.
        journal: whether to keep a record of requests.
        seed: with a seed, the same requests get the same ids, tokens and times.
        middlewares: ASGI middlewares, or Connexion's, between routing and the mock's stages.
    """
    source = edition if isinstance(edition, Source) else Source(edition, scenario)
    contract, read = source.read()
    state = MockState(contract, read, seed=seed)
    if faults:
        state.switch(chosen_faults(faults, contract))
    state.latency, state.journalling = latency, journal
    cors = Cors(cors_origins)
    hosts = [*control_hosts, *([host_of(public_url)] if public_url else [])]
    options = {
        "control": Control(state, Gate(cors, control_token, hosts)) if control else None,
        "cors": cors,
        "forward": forward,
        "only": only,
        "outside": always(public_url) if public_url else forwarded if trust_proxy else None,
        "challenge": challenge,
    }
    return Mock(source, state, middlewares, options)


def chosen_faults(ids: Sequence[str], contract: Contract) -> tuple[Fault, ...]:
    """The faults of these ids, whose catalogue is loaded only where there are any. Raises faults.UnknownFaultError."""
    if not ids:
        return NO_FAULTS
    from onezone_mockserver.faults import chosen

    return chosen(ids, contract)


def _run(assembling: Any) -> None:
    """Run a coroutine that waits for nothing."""
    try:
        assembling.send(None)
    except StopIteration:
        return


async def _nothing(*_: Any) -> Any:
    """What an application receives and sends while it is put together."""


def _no_function(operation_id: str) -> Callable[[], None]:
    """Connexion resolves each operation to a function; here the effects do its work, so this one is never called."""

    def function() -> None:
        raise NotImplementedError(operation_id)

    return function
