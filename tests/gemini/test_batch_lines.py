from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gemtag_tui.core.calls import Answer
from gemtag_tui.gemini.answers import parse_line
from gemtag_tui.gemini.batch_lines import key_of_line, usual_line

counts = st.integers(-5, 10**10) | st.none()
words = st.text(max_size=12)
part = st.fixed_dictionaries({"text": words}, optional={"thought": st.booleans()})
candidate = st.fixed_dictionaries(
    {"content": st.fixed_dictionaries({"parts": st.lists(part, max_size=2)})},
    optional={"finishReason": st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY"]), "index": counts},
)
usage = st.fixed_dictionaries(
    {"promptTokenCount": counts, "candidatesTokenCount": counts},
    optional={
        "thoughtsTokenCount": counts,
        "toolUsePromptTokenCount": counts,
        "cachedContentTokenCount": counts,
        "totalTokenCount": counts,
        "promptTokensDetails": st.lists(
            st.fixed_dictionaries(
                {"modality": st.sampled_from(["IMAGE", "TEXT"]), "tokenCount": counts}
            ),
            max_size=2,
        ),
    },
)
response = st.fixed_dictionaries(
    {"candidates": st.lists(candidate, max_size=2), "usageMetadata": usage},
    optional={"modelVersion": words, "promptFeedback": st.just({"blockReason": "SAFETY"})},
)
line = st.fixed_dictionaries({"key": words, "response": response})


@given(line)
def test_the_fast_way_reads_what_the_careful_way_reads(value):
    raw = msgspec.json.encode(value)
    fast, careful = usual_line(raw), parse_line(raw)
    assert careful is not None
    assert key_of_line(raw) == careful.key
    if fast is None:
        return
    answer = careful.outcome
    assert isinstance(answer, Answer)
    assert (fast.key, fast.text, fast.served) == (careful.key, answer.text, answer.model_version)
    assert (answer.finish_reason, answer.block_reason) == ("STOP", "")
    spent = answer.usage
    assert (fast.prompt, fast.output, fast.cached) == (spent.prompt, spent.output, spent.cached)
    assert fast.image >= 0


def test_the_usual_form_takes_the_fast_way():
    raw = (
        b'{"response":{"candidates":[{"content":{"parts":[{"text":"{}"}],"role":"model"},'
        b'"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":700,"candidatesTokenCount":90,'
        b'"serviceTier":"batch"},"modelVersion":"m","responseId":"r"},"key":"7-abcd"}'
    )
    assert usual_line(raw) == ("7-abcd", "{}", "m", 700, 0, 90, 0)


@given(st.binary(max_size=60))
def test_no_bytes_make_it_fail(raw):
    assert usual_line(raw) is None
    key_of_line(raw)
