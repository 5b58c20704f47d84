"""What the demo tells: chapters, and the steps that must happen in them.

Each step is shown as it happens and noted as kept or broken; one broken step makes the exit code 1.
"""

from dataclasses import dataclass
from typing import Final

from rich.console import Console, RenderableType
from rich.text import Text

WIDTH: Final = 110  # where it is told to no terminal


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    happened: bool


class Story:
    """Where it is told, and the steps so far."""

    def __init__(self, on: Console) -> None:
        self.on: Final = on
        self.steps: Final[list[Step]] = []
        self._chapter = 0

    def chapter(self, title: str) -> None:
        self._chapter += 1
        self.on.print()
        self.on.print(Text(f"{self._chapter}. {title}", "bold cyan"))

    def say(self, *parts: RenderableType) -> None:
        self.on.print(*parts, sep="\n")

    def step(self, name: str, happened: bool) -> None:
        self.steps.append(Step(name, happened))

    @property
    def kept(self) -> bool:
        return bool(self.steps) and all(step.happened for step in self.steps)

    def summary(self) -> None:
        kept, broken = ("✓", "✗") if self.on.encoding.startswith("utf") else ("ok", "NO")
        self.on.print()
        for step in self.steps:
            mark = Text(f"{kept} ", "bold green") if step.happened else Text(f"{broken} ", "bold red")
            self.say(mark + Text(step.name))
