"""Rules about settings that depend on each other or on the model.

Sources: gemini-facts §3.4 and §7 (thinking), §4 (structured output).
"""

from __future__ import annotations

from typing import Any

from gemtag_tui.simulator.errors import invalid
from gemtag_tui.simulator.models import Model

MAX_BUDGET = 32768
AUTOMATIC = -1


def check_thinking(config: dict[str, Any], model: Model) -> tuple[str, int | None]:
    """Return the thinking level and budget asked for.

    Raises:
        ApiError: 400 when the model does not take them.
    """
    level = config.get("thinkingLevel", "")
    level = "" if level == "THINKING_LEVEL_UNSPECIFIED" else level
    budget = config.get("thinkingBudget")
    if level and budget is not None:
        raise invalid(
            "You can only set only one of thinking budget and thinking level. "
            "Please remove one of them and try again."
        )
    if level and not model.levels:
        raise invalid("Thinking level is not supported for this model.")
    if level and level not in model.levels:
        raise invalid(
            f"Thinking level {level} is not supported for this model. "
            "Please retry with other thinking level."
        )
    if budget is not None:
        _check_budget(budget, model)
    return level, budget


def _check_budget(budget: int, model: Model) -> None:
    if not model.budget_ok:
        raise invalid("Thinking budget is not supported for this model.")
    if model.min_budget and budget == 0:
        raise invalid("Budget 0 is invalid. This model only works in thinking mode.")
    low = max(model.min_budget, 0)
    if budget != AUTOMATIC and not (budget == 0 or low <= budget <= MAX_BUDGET):
        raise invalid(
            f"The thinking budget {budget} is invalid. Please choose a value between "
            f"{low} and {MAX_BUDGET}."
        )


def check_schema(settings: dict[str, Any]) -> dict[str, Any] | None:
    """Return the response schema, from whichever field holds it.

    Raises:
        ApiError: 400 for a schema that contradicts itself or its MIME type.
    """
    openapi, json_schema = settings.get("responseSchema"), settings.get("responseJsonSchema")
    if openapi is not None and json_schema is not None:
        raise invalid("Only one of response_schema and response_json_schema can be set.")
    mime = settings.get("responseMimeType", "text/plain")
    allowed = ("text/plain", "application/json", "application/xml", "application/yaml")
    if mime not in (*allowed, "text/x.enum"):
        raise invalid(
            "* GenerateContentRequest.generation_config.response_mime_type: allowed mimetypes "
            "are `text/plain`, `application/json`, `application/xml`, `application/yaml` and "
            "`text/x.enum`.\n"
        )
    schema = openapi if openapi is not None else json_schema
    if schema is None:
        return None
    if not isinstance(schema, dict):
        raise invalid("Invalid value at 'generation_config.response_json_schema'")
    if mime not in {"application/json", "text/x.enum"}:
        raise invalid(
            "Response schema is only supported with response_mime_type: `application/json` "
            "or `text/x.enum`."
        )
    if openapi is not None:
        problems = list(_schema_problems(openapi, "response_schema"))
        if problems:
            raise invalid(
                "".join(f"* GenerateContentRequest.generation_config.{p}\n" for p in problems)
            )
    return schema


def _schema_problems(schema: dict[str, Any], path: str) -> list[str]:
    kind = schema.get("type")
    children = schema.get("properties") or {}
    problems = []
    if kind is None and not schema.get("anyOf"):
        problems.append(f"{path}.type: must be specified")
    if kind == "OBJECT" and not children:
        problems.append(f"{path}.properties: should be non-empty for OBJECT type")
    if kind == "ARRAY" and "items" not in schema:
        problems.append(f"{path}.items: missing field.")
    if kind not in {"STRING", "INTEGER", "NUMBER", None} and schema.get("enum"):
        problems.append(f"{path}.enum: only allowed for STRING type")
    for name in ("required", "propertyOrdering"):
        for at, wanted in enumerate(schema.get(name) or []):
            if wanted not in children:
                spelled = "property_ordering" if name == "propertyOrdering" else name
                problems.append(f"{path}.{spelled}[{at}]: property is not defined")
    if any(value == "" for value in schema.get("enum") or []):
        problems.append(f"{path}.enum[0]: cannot be empty")
    return problems + _nested_problems(schema, path)


def _nested_problems(schema: dict[str, Any], path: str) -> list[str]:
    problems = []
    for name, child in (schema.get("properties") or {}).items():
        problems += _schema_problems(child, f"{path}.properties[{name}]")
    if isinstance(schema.get("items"), dict):
        problems += _schema_problems(schema["items"], f"{path}.items")
    for at, child in enumerate(schema.get("anyOf") or []):
        problems += _schema_problems(child, f"{path}.any_of[{at}]")
    return problems
