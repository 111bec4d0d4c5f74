"""The order in which each workflow gives commands, read from its source: ``python -m tests.replay.fingerprint``.

Replays find a changed order only where a golden history goes. The fingerprint finds it anywhere in the file: for each
function, every call that becomes a command or waits, and every other function of the workflow that it calls, in the
order of the source.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from escalations.workflows.escalation import EscalationWorkflow
from escalations.workflows.post_round import PostRoundWorkflow

FILE = Path(__file__).parent / "fingerprints.json"
WORKFLOWS: tuple[type, ...] = (EscalationWorkflow, PostRoundWorkflow)

_COMMANDS = frozenset(
    {
        "continue_as_new",
        "deprecate_patch",
        "execute_activity",
        "execute_child_workflow",
        "execute_local_activity",
        "patched",
        "sleep",
        "start_activity",
        "start_child_workflow",
        "start_local_activity",
        "upsert_memo",
        "upsert_search_attributes",
        "wait_condition",
        "wait",
    }
)
_SHAPES = frozenset({"timeout", "local_retry_threshold", "retry_policy", "start_to_close_timeout"})
"""Arguments whose presence decides what becomes of a call, such as a timer behind a wait."""


def of(workflow: type) -> dict[str, list[str]]:
    """Give the commands of each function of a workflow, in the order of the source."""
    return of_source(inspect.getsource(workflow))


def of_source(source: str) -> dict[str, list[str]]:
    """The same, of a class's source."""
    (found,) = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    functions = [node for node in found.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    names = {function.name for function in functions}
    told = {function.name: list(_calls(function, names)) for function in functions}
    return {name: calls for name, calls in told.items() if calls}


def _calls(function: ast.AST, names: set[str]) -> Iterator[str]:
    for node in ast.iter_child_nodes(function):
        yield from _calls(node, names)
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id == "workflow" and node.func.attr in _COMMANDS:
            what = [ast.unparse(node.args[0])] if node.args and "activity" in node.func.attr else []
            shape = sorted(keyword.arg for keyword in node.keywords if keyword.arg in _SHAPES)
            yield f"{node.func.attr}({', '.join([*what, *shape])})"
        elif isinstance(owner, ast.Name) and owner.id == "self" and node.func.attr in names:
            yield f"self.{node.func.attr}"


def all_of_them() -> dict[str, object]:
    """Give what is committed: for each workflow its commands, and a short hash over them."""
    told: dict[str, object] = {}
    for workflow in WORKFLOWS:
        commands = of(workflow)
        digest = hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()[:16]
        told[workflow.__name__] = {"fingerprint": digest, "commands": commands}
    return told


if __name__ == "__main__":
    FILE.write_text(json.dumps(all_of_them(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{FILE.name} was written. Read docs/changing-a-workflow.md before you commit it.\n")
