"""The JSON Schema of a policy file, so that an editor completes it and marks what is wrong while it is typed.

What pydantic gives of the models is not yet what a person writes: an amount is written in words ("3 working days"), and
what a field means stands in its docstring. Both are put in here. ``policy.schema.json`` beside the packs is this, kept
the same by a test; the first line of a pack names it.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from typing import Any, Final

from pydantic import BaseModel

from escalations import policy
from escalations.rules.codelists import CodeEntry, CodeLists
from escalations.rules.workingtime import Amount, Unit

FILE: Final = "policy.schema.json"
LINE: Final = f"# yaml-language-server: $schema={FILE}"
"""What a pack begins with, for the editors that know the YAML language server."""

_AMOUNT: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": r"^\s*[0-9]{1,6}\s+(working|elapsed|calendar)[ _](days?|hours?)\s*$",
    "description": "A whole number and a unit: " + ", ".join(unit.value.replace("_", " ") for unit in Unit) + ".",
    "examples": ["3 working days", "4 working hours", "24 elapsed hours", "10 calendar days"],
}


def schema() -> dict[str, Any]:
    """The schema of a policy file."""
    found = policy.Policy.model_json_schema()
    parts: dict[str, Any] = found["$defs"]
    parts[Amount.__name__] = _AMOUNT
    parts.pop(Unit.__name__, None)
    for model in _models():
        of = found if model is policy.Policy else parts.get(model.__name__)
        if of is not None:
            _describe(model, of)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": FILE, **found}


def text() -> str:
    """The same, as the file has it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _models() -> list[type[BaseModel]]:
    found = (one for one in vars(policy).values() if inspect.isclass(one) and issubclass(one, policy.PolicyModel))
    return [*(one for one in found if one is not policy.PolicyModel), CodeLists, CodeEntry]


def _describe(model: type[BaseModel], of: dict[str, Any]) -> None:
    """Put what a field's docstring says beside it; a model's own says what the whole part is."""
    of["description"] = inspect.cleandoc(model.__doc__ or "")
    fields: dict[str, Any] = of.get("properties", {})
    for parent in reversed(model.__mro__):
        if parent not in {policy.PolicyModel, BaseModel} and issubclass(parent, BaseModel):
            for name, words in _docstrings(parent).items():
                if name in fields:
                    fields[name]["description"] = words


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    found: dict[str, str] = {}
    if not isinstance(body, ast.ClassDef):
        return found
    for field, after in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            found[field.target.id] = inspect.cleandoc(after.value.value)
    return found
