"""How far a run is: count, rate, and the time that is left where the number of photos is known."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from spotter.bulk.photos import Photo


class _Rate(ProgressColumn):
    """Photos a second of this run; those that were there before it do not count."""

    def render(self, task: Task) -> Text:
        """Text of the column."""
        seconds = task.elapsed or 0.0
        made = task.fields["made"]
        return Text(f"{made / seconds:.1f}/s" if made and seconds else "-/s")


class _Count(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Text of the column."""
        total = "?" if task.total is None else f"{task.total:.0f}"
        return Text(f"{task.completed:.0f}/{total}")


class BulkProgress:
    """A line on standard error; on one that is no terminal, nothing but the last state.

    Args:
        label: Text before the bar.
        count: Gives the number of photos, or ``None`` where that is not known; runs beside.
        console: Where the bar goes.
    """

    def __init__(
        self, label: str, count: Callable[[], int | None], console: Console | None = None
    ) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            _Count(),
            _Rate(),
            TextColumn("{task.fields[failed]} failed"),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        # Drawn seldom, as it takes from the processor that reads photos.
        self._bar = Progress(
            *columns, console=console or Console(stderr=True), refresh_per_second=2
        )
        self._task = self._bar.add_task(label, total=None, made=0, failed=0)
        self._count = count
        self.made = self.failed = self.kept = 0

    def __enter__(self) -> BulkProgress:
        self._bar.start()
        threading.Thread(target=self._find_total, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def _find_total(self) -> None:
        self._bar.update(self._task, total=self._count())

    def without(self, photos: Iterable[Photo], is_done: Callable[[Photo], bool]) -> Iterator[Photo]:
        """The photos that are to be answered; those that were are counted."""
        for photo in photos:
            if not is_done(photo):
                yield photo
                continue
            self.kept += 1
            if self.kept % 1000 == 1:
                self._show()

    def advance(self, failed: bool) -> None:
        """A photo was answered."""
        self.made += 1
        self.failed += failed
        self._show()

    def _show(self) -> None:
        done = self.made + self.kept
        self._bar.update(self._task, completed=done, made=self.made, failed=self.failed)
