"""The YAML loader of mapping files: scalars stay text, and unneeded YAML features are refused.

Not here: which keys a mapping has (`sources.columns.mapping`), single values (`sources.columns.mapping_values`).
"""

from collections import Counter
from typing import Any

import yaml

# Levels of a mapping: the file, columns, a column, its recoding, a value.
_MAX_DEPTH = 8


class MappingLoader(yaml.BaseLoader):
    """A YAML loader that keeps scalars as text, and refuses aliases, tags, deep nesting and duplicate keys.

    Nested aliases can expand to millions of values. For duplicate keys, YAML would silently keep the last.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose the next node. Raises `yaml.composer.ComposerError` for an alias, a tag or deep nesting."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        problem = (
            "aliases (*name) are not allowed; repeat the value" if isinstance(event, yaml.AliasEvent)
            else f"the tag {event.tag} is not allowed; remove it" if getattr(event, "tag", None) not in (None, "!")
            else "it is nested too deeply" if self._depth >= _MAX_DEPTH
            else ""
        )  # fmt: skip
        if problem:
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        self._depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct the mapping of `node`. Raises `yaml.constructor.ConstructorError` for a duplicate key."""
        twice = [key for key, count in Counter(key.value for key, _ in node.value if key.id == "scalar").items()
                 if count > 1]  # fmt: skip
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key '{twice[0]}'", node.start_mark)
        return super().construct_mapping(node, deep=deep)
