"""The I/O manager: the current value of each asset as a small JSON document in the store, replaced atomically.

Not here: the values (`defs.refs`), the files that they refer to (`stores.assets`).
"""

from typing import Any

import dagster as dg

from migraine_assets.defs.refs import current, to_stored
from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.assets.current_values import write_current


class ReferenceIOManager(dg.ConfigurableIOManager):
    """I/O manager that stores the current reference of each asset. The files behind it are content-addressed."""

    workspace: dg.ResourceDependency[Workspace]

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store `obj` as the current value of the asset."""
        write_current(self.workspace.store, _key(context.asset_key), to_stored(obj, run=context.run_id))

    def load_input(self, context: dg.InputContext) -> Any:
        """Return the current value of the upstream asset. Raises `ConfigurationError` if there is none."""
        key = _key(context.asset_key)
        value = current(self.workspace.store, key)
        if value is None:
            raise ConfigurationError(
                f"The asset '{key}' has no value in {self.workspace.store_uri}: materialize it first."
            )
        return value


def _key(asset_key: dg.AssetKey) -> str:
    return "/".join(asset_key.path)
