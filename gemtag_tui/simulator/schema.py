"""The request messages of the API, as far as images and text go.

Fields that tagging has no use for (tools, speech, …) are known by name, so that they are not
called unknown, and otherwise left alone. Source: gemini-facts §4, §5.1, §6 and the public
reference of generateContent.
"""

from __future__ import annotations

from gemtag_tui.simulator.proto import Field, Message

STRING, BYTES, BOOL = Field("string"), Field("bytes"), Field("bool")
INT32, INT64, FLOAT, STRUCT = Field("int32"), Field("int64"), Field("float"), Field("struct")
STRINGS = Field("string", repeated=True)
STRUCTS = Field("struct", repeated=True)


def message(of: Message, *, repeated: bool = False) -> Field:
    """A field that holds a message, or a list of them."""
    return Field("message", of=of, repeated=repeated)


def enum(name: str, *values: str, any_case: bool = False) -> Field:
    """A field that holds one of some names."""
    return Field("enum", values=frozenset(values), type_name=name, any_case=any_case)


TYPES = ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL")
_RESOLUTIONS = [f"MEDIA_RESOLUTION_{level}" for level in ("UNSPECIFIED", "LOW", "MEDIUM", "HIGH")]
RESOLUTION = enum("GenerationConfig.MediaResolution", *_RESOLUTIONS)
PART_RESOLUTION = enum("Part.MediaResolution.Level", *_RESOLUTIONS, "MEDIA_RESOLUTION_ULTRA_HIGH")
THINKING_LEVEL = enum(
    "ThinkingConfig.ThinkingLevel",
    "THINKING_LEVEL_UNSPECIFIED",
    "MINIMAL",
    "LOW",
    "MEDIUM",
    "HIGH",
    "XHIGH",
)
SERVICE_TIER = enum("ServiceTier", "UNSPECIFIED", "STANDARD", "FLEX", "PRIORITY", any_case=True)

SCHEMA = Message("Schema")
SCHEMA.define(
    type=enum("Type", *TYPES, any_case=True),
    format=STRING,
    title=STRING,
    description=STRING,
    nullable=BOOL,
    enum=STRINGS,
    items=message(SCHEMA),
    properties=Field("map", of=SCHEMA),
    required=STRINGS,
    propertyOrdering=STRINGS,
    maxItems=INT64,
    minItems=INT64,
    minLength=INT64,
    maxLength=INT64,
    minProperties=INT64,
    maxProperties=INT64,
    minimum=FLOAT,
    maximum=FLOAT,
    pattern=STRING,
    example=STRUCT,
    anyOf=message(SCHEMA, repeated=True),
    default=STRUCT,
)

BLOB = Message("Blob").define(mimeType=STRING, data=BYTES, displayName=STRING)
FILE_DATA = Message("FileData").define(mimeType=STRING, fileUri=STRING, displayName=STRING)
PART = Message("Part").define(
    text=STRING,
    inlineData=message(BLOB),
    fileData=message(FILE_DATA),
    mediaResolution=message(Message("MediaResolution").define(level=PART_RESOLUTION)),
    thought=BOOL,
    thoughtSignature=BYTES,
    functionCall=STRUCT,
    functionResponse=STRUCT,
    executableCode=STRUCT,
    codeExecutionResult=STRUCT,
    videoMetadata=STRUCT,
    partMetadata=STRUCT,
)
CONTENT = Message("Content").define(parts=message(PART, repeated=True), role=STRING)
THINKING = Message("ThinkingConfig").define(
    includeThoughts=BOOL, thinkingBudget=INT32, thinkingLevel=THINKING_LEVEL
)
GENERATION_CONFIG = Message("GenerationConfig").define(
    candidateCount=INT32,
    stopSequences=STRINGS,
    maxOutputTokens=INT32,
    temperature=FLOAT,
    topP=FLOAT,
    topK=FLOAT,
    seed=INT32,
    responseMimeType=STRING,
    responseSchema=message(SCHEMA),
    responseJsonSchema=STRUCT,
    presencePenalty=FLOAT,
    frequencyPenalty=FLOAT,
    responseLogprobs=BOOL,
    logprobs=INT32,
    responseModalities=STRINGS,
    mediaResolution=RESOLUTION,
    thinkingConfig=message(THINKING),
    speechConfig=STRUCT,
    imageConfig=STRUCT,
    enableEnhancedCivicAnswers=BOOL,
)
SAFETY = Message("SafetySetting").define(category=STRING, threshold=STRING)
GENERATE = Message("GenerateContentRequest").define(
    model=STRING,
    contents=message(CONTENT, repeated=True),
    systemInstruction=message(CONTENT),
    generationConfig=message(GENERATION_CONFIG),
    safetySettings=message(SAFETY, repeated=True),
    tools=STRUCTS,
    toolConfig=STRUCT,
    cachedContent=STRING,
    serviceTier=SERVICE_TIER,
    store=BOOL,
    labels=STRUCT,
)
COUNT_TOKENS = Message("CountTokensRequest").define(
    model=STRING,
    contents=message(CONTENT, repeated=True),
    generateContentRequest=message(GENERATE),
)

INLINED = Message("InlinedRequest").define(request=message(GENERATE), metadata=STRUCT)
INLINED_LIST = Message("InlinedRequests").define(requests=message(INLINED, repeated=True))
INPUT_CONFIG = Message("InputConfig").define(fileName=STRING, requests=message(INLINED_LIST))
BATCH = Message("GenerateContentBatch").define(
    displayName=STRING,
    model=STRING,
    inputConfig=message(INPUT_CONFIG),
    priority=INT64,
    webhookConfig=STRUCT,
)
CREATE_BATCH = Message("BatchGenerateContentRequest").define(batch=message(BATCH), model=STRING)

FILE = Message("File").define(name=STRING, displayName=STRING, mimeType=STRING, sizeBytes=INT64)
CREATE_FILE = Message("CreateFileRequest").define(file=message(FILE))
