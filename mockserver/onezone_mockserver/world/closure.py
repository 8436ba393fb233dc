"""What a node of a graph gathers from everything that it reaches, remembered for as long as it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

V = TypeVar("V")


class Closure(Generic[V]):
    """value(node) = own(node) joined with value(every node `onward`); `back` are the same edges the other way round.

    Nodes of a cycle have one value, as Tarjan's algorithm finds it. The value of a node is remembered only along with
    those of all nodes onward, so forgetting a node reaches whatever was gathered from it.
    """

    def __init__(
        self,
        onward: Mapping[str, Iterable[str]],
        back: Mapping[str, Iterable[str]],
        own: Callable[[str], V],
        join: Callable[[V, V], V],
    ) -> None:
        self.onward = onward
        self.back = back
        self.own = own
        self.join = join
        self.values: dict[str, V] = {}

    def of(self, node: str) -> V:
        """The value of a node."""
        value = self.values.get(node)
        return self._gather(node) if value is None else value

    def forget(self, node: str) -> list[str]:
        """Forget the value of a node and what was gathered from it; gives the nodes whose values are gone."""
        gone, todo = [], [node]
        while todo:
            stale = todo.pop()
            if self.values.pop(stale, None) is not None:
                gone.append(stale)
                todo.extend(self.back.get(stale, ()))
        return gone

    def _gather(self, start: str) -> V:
        walk = _Walk(self)
        walk.enter(start)
        while walk.todo:
            node, onward = walk.todo[-1]
            if not walk.step(node, onward):
                walk.todo.pop()
                walk.leave(node)
        return self.values[start]


class _Walk(Generic[V]):
    """One walk through nodes without a value. `path` has those whose cycle is not yet known as a whole."""

    def __init__(self, closure: Closure[V]) -> None:
        self.closure = closure
        self.todo: list[tuple[str, Iterator[str]]] = []
        self.path: list[str] = []
        self.order: dict[str, int] = {}
        self.lowest: dict[str, int] = {}
        self.values: dict[str, V] = {}

    def enter(self, node: str) -> None:
        self.order[node] = self.lowest[node] = len(self.order)
        self.values[node] = self.closure.own(node)
        self.path.append(node)
        self.todo.append((node, iter(self.closure.onward.get(node, ()))))

    def step(self, node: str, onward: Iterator[str]) -> bool:
        """Go on from a node; False where nothing is left to enter."""
        settled, order = self.closure.values, self.order
        for other in onward:
            value = settled.get(other)
            if value is not None:
                self.values[node] = self.closure.join(self.values[node], value)
            elif other in order:
                self.lowest[node] = min(self.lowest[node], order[other])
            else:
                self.enter(other)
                return True
        return False

    def leave(self, node: str) -> None:
        """All onward of a node is seen: close its cycle where the node is the first of it; tell who it came from."""
        if self.lowest[node] == self.order[node]:
            self._close(node)
        if not self.todo:
            return
        before = self.todo[-1][0]
        value = self.closure.values.get(node)
        if value is None:
            self.lowest[before] = min(self.lowest[before], self.lowest[node])
        else:
            self.values[before] = self.closure.join(self.values[before], value)

    def _close(self, node: str) -> None:
        at = self.path.index(node) if self.path[-1] != node else len(self.path) - 1
        cycle = self.path[at:]
        del self.path[at:]
        total = self.values[node]
        for each in cycle[1:]:
            total = self.closure.join(total, self.values[each])
        for each in cycle:
            self.closure.values[each] = total
