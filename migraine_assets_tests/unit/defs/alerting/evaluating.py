"""Evaluation of alert sensors as by the daemon, on a real instance with a real store and receiver."""

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import dagster as dg

from migraine_assets.definitions import build_defs
from migraine_assets.defs.alerting import sensors
from migraine_assets.defs.alerting.sensors import TABLE
from migraine_assets.settings import Settings
from migraine_assets.stores.alerts import open_alerts
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.receivers import Webhook


@dataclass
class Daemon:
    """The state of a daemon: instance and cursors. `now`: the clock of the sensors."""

    home: Home
    instance: dg.DagsterInstance
    receiver: Webhook
    now: dt.datetime = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    extra: Mapping[str, str] = field(default_factory=dict)
    cursors: dict[str, str | None] = field(default_factory=dict)

    @cached_property
    def repository(self) -> dg.RepositoryDefinition:
        """The code location, loaded once."""
        with self.entered():
            return build_defs().get_repository_def()

    def evaluate(self, name: str) -> str:
        """Run one tick of the sensor `name`. Returns the sentence on its page."""
        line = next(one for one in TABLE if one.name == name)
        with self.entered():
            context = dg.build_sensor_context(self.instance, self.cursors.get(name), repository_def=self.repository)
            store = Store(Settings().store_location)
            with context:
                result = sensors.evaluate(line, context, store, now=lambda: self.now)
                self.cursors[name] = context.cursor
        return result.sentence

    def wait(self, **span: float) -> None:
        """Advance the clock."""
        self.now += dt.timedelta(**span)

    @property
    def store(self) -> Store:
        """The home's store."""
        return self.home.store

    def open(self) -> list[tuple[str, str]]:
        """Return the identities of open alerts."""
        return [one.alert.identity for one in open_alerts.all_states(self.store) if one.open]

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Enter the environment of the daemon in this block."""
        with self.home.entered({"MIGRAINE_ALERT_URLS": self.receiver.url, **self.extra}):
            yield
