"""The JSON output of `migraine forecast --json`. Not here: filling the document (`cli.commands.forecast`)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from migraine_assets.cli.documents.base import Bundle, CommandDocument


class ForecastLine(msgspec.Struct, frozen=True, kw_only=True):
    """The forecast for one participant, or the reason why there is none."""

    participant: str
    for_date: Annotated[str | None, Meta(description="the predicted day, ISO 8601")]
    probability: Annotated[float | None, Meta(description="of an attack; null if the model abstains")]
    usual: Annotated[float | None, Meta(description="the participant's own shrunk rate of attack days")]
    relative_to_usual: Annotated[float | None, Meta(description="probability divided by the usual rate")]
    risk_band: Annotated[str | None, Meta(description="low, moderate, high or very_high")]
    severity: Annotated[float | None, Meta(description="expected severity, or headache days, given an attack")]
    error: Annotated[str | None, Meta(description="why there is no forecast")] = None


class ForecastModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that made the forecasts."""

    task: str
    algorithm: str
    bundle: Bundle
    data_version: Annotated[str, Meta(description="MD5 of the diaries that it was trained on")]
    simulated: Annotated[bool, Meta(description="whether these diaries were simulated")]


class ForecastDocument(CommandDocument, frozen=True, kw_only=True):
    """`migraine forecast`."""

    source: Annotated[str, Meta(description="the diary")]
    models: list[ForecastModel]
    participants: int
    forecasts: Annotated[int, Meta(description="participants with a forecast")]
    without: Annotated[dict[str, int], Meta(description="participants without one, by reason")]
    warnings: Annotated[dict[str, int], Meta(description="forecasts by code of their warnings")]
    lines: Annotated[list[ForecastLine], Meta(description="largest relative risk first")]
    file: Annotated[str | None, Meta(description="absolute path of the file with all columns")] = None
