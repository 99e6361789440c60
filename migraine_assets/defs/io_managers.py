"""How a value travels from asset to asset: a small JSON pointer in the store, replaced atomically."""

from typing import Any

import dagster as dg

from migraine_assets.defs.refs import from_json, to_json
from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.assets.frames import read_pointer, write_pointer


class ReferenceIOManager(dg.ConfigurableIOManager):
    """Keeps the newest reference of every asset. The files behind it are content-addressed and never change."""

    workspace: dg.ResourceDependency[Workspace]

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Make `obj` the current value of the asset."""
        write_pointer(self.workspace.store, _key(context.asset_key), to_json(obj) | {"run": context.run_id})

    def load_input(self, context: dg.InputContext) -> Any:
        """The current value of the upstream asset. Raises `ConfigurationError` where there is none yet."""
        key = _key(context.asset_key)
        payload = read_pointer(self.workspace.store, key)
        if payload is None:
            raise ConfigurationError(
                f"The asset '{key}' has no value in {self.workspace.store_uri} yet: materialize it first."
            )
        return from_json(payload)


def _key(asset_key: dg.AssetKey) -> str:
    return "/".join(asset_key.path)
