"""The form of an answer, in the OpenAPI subset that Gemini's `responseSchema` takes.

`propertyOrdering` is left out: it is no longer documented, and the order of fields does not matter
here. `responseJsonSchema` is not used: the batch API mishandles it (2026-08).
"""

from __future__ import annotations

from typing import Any

from gemtag_tui.core.profile import ECHO_FIELD, SUMMARY_FIELD, Bucket, Profile


def response_schema(profile: Profile, echo: str | None = None) -> dict[str, Any]:
    """Return the schema of an answer.

    Args:
        profile: what is asked for.
        echo: an id that the answer is made to repeat, to tell answers that were mixed up.
    """
    properties: dict[str, Any] = {}
    if echo is not None:
        properties[ECHO_FIELD] = {"type": "STRING", "enum": [echo]}
    if profile.summary_words:
        properties[SUMMARY_FIELD] = _summary(profile)
    for bucket in profile.buckets:
        properties[bucket.name] = _bucket(bucket)
    return {"type": "OBJECT", "properties": properties, "required": list(properties)}


def _summary(profile: Profile) -> dict[str, Any]:
    words = (
        f"What the picture shows, in one or two sentences of at most {profile.summary_words} words,"
        " without an opening such as “This picture shows”."
    )
    return {"type": "STRING", "description": words}


def _bucket(bucket: Bucket) -> dict[str, Any]:
    item: dict[str, Any] = {"type": "STRING"}
    if bucket.vocabulary:
        item["enum"] = list(bucket.vocabulary)
    schema: dict[str, Any] = {
        "type": "ARRAY",
        "description": bucket.description,
        "items": item,
        "maxItems": bucket.cap,
    }
    if bucket.required:
        schema["minItems"] = 1
    return schema
