"""The two questions that models answer, by name."""

from typing import Literal

Task = Literal["attack", "severity"]
TASKS: tuple[Task, ...] = ("attack", "severity")
