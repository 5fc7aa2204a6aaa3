"""A person's corrections, laid over what a model said; and names that stand for other names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

Tags = dict[str, list[str]]
"""Tags by bucket name."""
Rules = Mapping[str, Mapping[str, str]]
"""By bucket: the name under which a tag is shown, by the name under which it is stored."""


class BucketEdit(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person changed in one bucket.

    Attributes:
        set: when given, what stands in the bucket, whatever a model says.
        add: tags at its end; `remove`: tags left out. Both only while `set` is not given.
    """

    set: tuple[str, ...] | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Overlay(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person changed of an asset; `summary` is `None` while the model's stands."""

    summary: str | None = None
    buckets: dict[str, BucketEdit] = {}

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return self.summary is None and not self.buckets


_decode = msgspec.json.Decoder(Overlay).decode
_encode = msgspec.json.Encoder(order="deterministic").encode


def overlay_from(text: str | None) -> Overlay:
    """Read an overlay as the library keeps it; `None` changes nothing."""
    return _decode(text) if text else Overlay()


def overlay_text(overlay: Overlay) -> str | None:
    """Return an overlay as the library keeps it, `None` when it changes nothing."""
    return None if overlay.empty else _encode(overlay).decode()


def laid_over(overlay: Overlay, summary: str, tags: Tags) -> tuple[str, Tags]:
    """Return a summary and tags with a person's changes in them."""
    shown = {name: list(kept) for name, kept in tags.items()}
    for name, edit in overlay.buckets.items():
        shown[name] = _edited(edit, shown.get(name, []))
    return (summary if overlay.summary is None else overlay.summary), shown


def _edited(edit: BucketEdit, names: list[str]) -> list[str]:
    if edit.set is not None:
        return list(edit.set)
    kept = [name for name in names if name not in edit.remove]
    return kept + [name for name in edit.add if name not in kept]


def renamed(tags: Tags, rules: Rules) -> Tags:
    """Return tags under the names by which they are shown, each once."""
    if not rules:
        return tags
    return {bucket: _renamed(names, rules.get(bucket)) for bucket, names in tags.items()}


def _renamed(names: list[str], known: Mapping[str, str] | None) -> list[str]:
    if not known or known.keys().isdisjoint(names):
        return names
    return list(dict.fromkeys(known.get(name, name) for name in names))


def effective(summary: str, tags: Tags, overlay: str | None, rules: Rules) -> tuple[str, Tags]:
    """Return what is shown, searched and exported of a result: edits first, then names.

    Args:
        summary: the model's.
        tags: the model's.
        overlay: `edit.overlay` of its asset.
        rules: see `Rules`.
    """
    if overlay:
        summary, tags = laid_over(_decode(overlay), summary, tags)
    return summary, renamed(tags, rules)


def tags_changed(
    overlay: Overlay, bucket: str, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> Overlay:
    """Return an overlay that adds and removes tags besides what it did before; adding wins."""
    more = tuple(dict.fromkeys(add))
    less = tuple(name for name in dict.fromkeys(remove) if name not in more)
    old = overlay.buckets.get(bucket, BucketEdit())
    if old.set is not None:
        kept = [name for name in old.set if name not in less]
        new = BucketEdit(set=tuple(dict.fromkeys([*kept, *more])))
    else:
        new = BucketEdit(
            add=_without(dict.fromkeys([*old.add, *more]), less),
            remove=_without(dict.fromkeys([*old.remove, *less]), more),
        )
    buckets = {**overlay.buckets, bucket: new}
    if new == BucketEdit():
        del buckets[bucket]
    return msgspec.structs.replace(overlay, buckets=buckets)


def _without(names: Iterable[str], gone: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in gone)


def bucket_set(overlay: Overlay, bucket: str, names: Iterable[str]) -> Overlay:
    """Return an overlay in which a bucket holds exactly these tags."""
    new = BucketEdit(set=tuple(dict.fromkeys(names)))
    return msgspec.structs.replace(overlay, buckets={**overlay.buckets, bucket: new})


def summary_set(overlay: Overlay, summary: str | None) -> Overlay:
    """Return an overlay with this summary; `None`: the model's stands again."""
    return msgspec.structs.replace(overlay, summary=summary)
