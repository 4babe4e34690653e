"""Who plays what next. No processes and no clock in here: the crew asks and tells.

A worker stays in its cell while there is something left to play. Then it goes to a cell that nobody has begun, one
whose guests it has before others, dear ones first; and when all are begun it helps where most is left. So guests boot
seldom, and no long cell is left for the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from .plan import Cell


@dataclass(slots=True, frozen=True)
class Order:
    """One scenario to be played."""

    cell: Cell
    scenario: str


@dataclass(slots=True, eq=False)
class Progress:
    """Of one cell."""

    cell: Cell
    left: deque[str]
    seconds: float = 0.0  # played so far, all workers together
    workers: set[int] = field(default_factory=set)
    begun: bool = False

    @property
    def left_s(self) -> float:
        return len(self.left) * self.cell.scenario_s


class Schedule:
    """`budget_s`: what a cell may take, all its scenarios together; 0: as long as it takes."""

    def __init__(self, cells: Iterable[Cell], budget_s: float = 0.0):
        self.budget_s = budget_s
        self.progress = [Progress(cell, deque(cell.scenarios)) for cell in cells]
        self._at: dict[int, Progress] = {}
        self._warm: dict[int, frozenset[str]] = {}  # guests that a worker has

    def next(self, worker: int) -> Order | None:
        """None: nothing is left for this worker."""
        here = self._at.get(worker)
        if here is None or not here.left:
            here = self._move(worker)
        return Order(here.cell, here.left.popleft()) if here is not None else None

    def played(self, cell: Cell, seconds: float) -> list[Order]:
        """Counts what a scenario of the cell took; returns what of the cell is not played any more because of it."""
        one = next(one for one in self.progress if one.cell is cell)
        one.seconds += seconds
        if not self.budget_s or one.seconds < self.budget_s:
            return []
        cut = [Order(cell, scenario) for scenario in one.left]
        one.left.clear()
        return cut

    def rest(self) -> list[Order]:
        """Takes all that is left: it will not be played."""
        found = [Order(one.cell, scenario) for one in self.progress for scenario in one.left]
        for one in self.progress:
            one.left.clear()
        return found

    def forget(self, worker: int) -> None:
        """That worker is gone, and its guests with it."""
        self._warm.pop(worker, None)

    def _move(self, worker: int) -> Progress | None:
        before = self._at.pop(worker, None)
        if before is not None:
            before.workers.discard(worker)
        warm = self._warm.get(worker, frozenset())
        open_cells = [one for one in self.progress if one.left]
        fresh = [one for one in open_cells if not one.begun]
        if fresh:
            # Fewest boots; of these the dearest.
            chosen = min(fresh, key=lambda one: (len(one.cell.guests - warm), -one.left_s))
        elif open_cells:
            chosen = max(open_cells, key=lambda one: one.left_s / (len(one.workers) + 1)
                         - len(one.cell.guests - warm))
        else:
            return None
        chosen.begun = True
        chosen.workers.add(worker)
        self._at[worker] = chosen
        self._warm[worker] = warm | chosen.cell.guests
        return chosen
