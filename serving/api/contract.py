"""`GET /contract`: the fields of a diary as data, for forms and importers that are built from the contract.

Not here: the contract (`migraine_assets.core.contract`), request bodies (`serving.contract.requests`), the form of the
answer (`serving.contract.responses`).
"""

from starlette.requests import Request
from starlette.responses import Response

from migraine_assets.core.contract import Field
from migraine_assets.core.diary.aliases import ALIASES, SPELLINGS
from migraine_assets.core.features.windows import LOOK_BACK
from migraine_assets.prediction.model_set import ModelSet
from serving.api.bodies import json_response
from serving.contract.requests import ENTRIES
from serving.contract.responses import ContractField, DiaryContract, FieldAlias
from serving.services import Services


async def contract(services: Services, _: Request) -> Response:
    """Handle `GET /contract`. Before a model is loaded, the fields are those of the source."""
    return json_response(describe(services.predictor.models, least_days=services.settings.least_history_days))


def describe(models: ModelSet, *, least_days: int = 0) -> DiaryContract:
    """Describe the fields that `models` accept; `least_days`: the configured minimum of known days."""
    served = [model for task in models.tasks.values() for model in task.all]
    used = frozenset[str]().union(*[model.used for model in served])
    needed = [model.least_days for model in models.tasks["attack"].all] if models.ready else []
    return DiaryContract(
        entries=ENTRIES,
        look_back_days=LOOK_BACK,
        least_known_days=max([least_days, *needed]),
        simulated_model=True in [model.simulated for model in served],
        fields=[_field(field, used=field.column in used) for field in models.contract.fields],
    )


def _field(field: Field, *, used: bool) -> ContractField:
    return ContractField(
        name=field.name,
        kind=field.kind,
        role=field.role,
        description=field.description,
        unit=field.unit,
        low=field.low,
        high=field.high,
        categories=list(field.categories),
        spellings=SPELLINGS.get(field.name, {}),
        aliases=[FieldAlias(each.name, dict(each.recode)) for each in ALIASES if each.field == field.name],
        used=used,
    )
