"""The names of the two prediction tasks."""

from typing import Literal

Task = Literal["attack", "severity"]
TASKS: tuple[Task, ...] = ("attack", "severity")
