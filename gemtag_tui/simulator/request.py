"""A generateContent request, checked and reduced to what decides its answer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import msgspec

from gemtag_tui.simulator.errors import invalid
from gemtag_tui.simulator.models import Model
from gemtag_tui.simulator.proto import Reader
from gemtag_tui.simulator.rules import check_schema, check_thinking
from gemtag_tui.simulator.schema import COUNT_TOKENS, GENERATE

IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class ImagePart:
    """One picture in a prompt: base64 text, or the address of an uploaded file."""

    mime: str
    data: str
    uri: str = ""
    resolution: str = ""


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """What the answer depends on."""

    model: Model
    images: tuple[ImagePart, ...]
    text: str
    text_tokens: int
    wants_json: bool = False
    schema: dict[str, Any] | None = None
    json_schema: bool = False
    """The schema came as responseJsonSchema, which batch mishandles."""
    max_output: int | None = None
    resolution: str = ""
    level: str = ""
    budget: int | None = None
    service_tier: str = "standard"
    prefix: str = ""
    """The text before the first picture."""
    extra: dict[str, Any] = field(default_factory=dict)


def decode(body: bytes) -> Any:
    """Parse a JSON body.

    Raises:
        ApiError: 400 in Google's words when it is no JSON.
    """
    try:
        return msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError):
        start = body[:40].decode("utf-8", "replace")
        raise invalid(f"Invalid JSON payload received. Unexpected token.\n{start}\n^") from None


def read_generate(payload: Any, model: Model, version: str) -> GenerateRequest:
    """Check a generateContent payload and reduce it.

    Raises:
        ApiError: 400 as Google words it.
    """
    wire = Reader(version).read(payload, GENERATE)
    return reduce_request(wire, model)


def read_count(payload: Any, model: Model, version: str) -> GenerateRequest:
    """Check a countTokens payload: contents, or a whole generateContent request."""
    wire = Reader(version).read(payload, COUNT_TOKENS)
    whole = wire.get("generateContentRequest")
    return reduce_request(whole if whole is not None else wire, model)


def reduce_request(wire: dict[str, Any], model: Model) -> GenerateRequest:
    """Reduce a request whose field names are already known to be right."""
    contents = wire.get("contents") or []
    _check_contents(contents, model)
    system = wire.get("systemInstruction") or {}
    parts = [part for content in contents for part in content.get("parts") or []]
    texts = [part.get("text") or "" for part in [*(system.get("parts") or []), *parts]]
    text = "\n".join(filter(None, texts))
    settings = wire.get("generationConfig") or {}
    level, budget = check_thinking(settings.get("thinkingConfig") or {}, model)
    schema = check_schema(settings)
    _check_settings(settings, model)
    return GenerateRequest(
        model=model,
        images=tuple(_images(parts)),
        text=text,
        text_tokens=max(1, len(text) // CHARS_PER_TOKEN),
        wants_json=settings.get("responseMimeType") == "application/json",
        schema=schema,
        json_schema="responseJsonSchema" in settings,
        max_output=settings.get("maxOutputTokens"),
        resolution=settings.get("mediaResolution", ""),
        level=level,
        budget=budget,
        service_tier=_tier(wire.get("serviceTier")),
        prefix=_prefix(system, parts),
    )


def _prefix(system: dict[str, Any], parts: list[dict[str, Any]]) -> str:
    """Return the text that comes before anything else: what an implicit cache may know."""
    before = itertools.takewhile(lambda part: "text" in part, parts)
    texts = [part.get("text") or "" for part in [*(system.get("parts") or []), *before]]
    return "\n".join(filter(None, texts))


def _tier(name: str | None) -> str:
    return "standard" if name in {None, "UNSPECIFIED"} else str(name).lower()


def _check_contents(contents: list[dict[str, Any]], model: Model) -> None:
    if not contents:
        raise invalid("* GenerateContentRequest.contents: contents is not specified\n")
    for at, content in enumerate(contents):
        if not content.get("parts"):
            raise invalid(
                f"* GenerateContentRequest.contents[{at}].parts: "
                "contents.parts must not be empty.\n"
            )
        if content.get("role", "user") not in {"user", "model", ""}:
            raise invalid("Please use a valid role: user, model.")
    if model.strict_penalties and contents[-1].get("role") == "model":
        raise invalid("Please ensure that the last turn has the role user.")


def _check_settings(settings: dict[str, Any], model: Model) -> None:
    penalties = ("presencePenalty", "frequencyPenalty")
    if model.strict_penalties and any(settings.get(name) for name in penalties):
        raise invalid(f"Penalty is not enabled for models/{model.name}")
    if (limit := settings.get("maxOutputTokens")) is not None and limit < 1:
        raise invalid(
            "* GenerateContentRequest.generation_config.max_output_tokens: "
            "max_output_tokens must be positive.\n"
        )


def _images(parts: list[dict[str, Any]]) -> list[ImagePart]:
    images = []
    for part in parts:
        resolution = (part.get("mediaResolution") or {}).get("level", "")
        if (blob := part.get("inlineData")) is not None:
            mime = blob.get("mimeType", "")
            images.append(ImagePart(mime, blob.get("data") or "", "", resolution))
        elif (link := part.get("fileData")) is not None:
            mime = link.get("mimeType", "")
            images.append(ImagePart(mime, "", link.get("fileUri") or "", resolution))
        elif "text" not in part:
            raise invalid(
                "* GenerateContentRequest.contents[0].parts[0].data: required oneof field 'data' "
                "must have one initialized field\n"
            )
    for image in images:
        if image.mime not in IMAGE_TYPES and (image.mime or not image.uri):
            raise invalid(f"Unsupported MIME type: {image.mime}")
    return images
