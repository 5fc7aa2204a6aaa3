"""Results as Parquet, where pyarrow is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import msgspec

from gemtag_tui.core.errors import UsageError
from gemtag_tui.core.exported import Exported, path_text

_tags = msgspec.json.Decoder(dict[str, list[str]]).decode


class Parquet:
    """Writes results as a Parquet file; tags are a map from bucket to a list of words.

    Args:
        file: where it goes.

    Raises:
        UsageError: pyarrow is not installed.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415 - large, and seldom there
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError as error:
            words = "Parquet files need the library pyarrow, which is not installed here. Install "
            words += "it with `pip install 'gemtag[parquet]'`, or export jsonl instead."
            raise UsageError(words) from error
        self._arrow: Any = pa
        self._schema = _schema(pa)
        self._out: Any = parquet.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: Sequence[Exported]) -> None:
        """Write one row group."""
        columns = list(zip(*map(_cells, rows), strict=True))
        arrays = [
            self._arrow.array(column, type=field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._out.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the file's end."""
        self._out.close()


def _schema(arrow: Any) -> Any:
    return arrow.schema(
        [
            ("id", arrow.int64()),
            ("path", arrow.string()),
            ("path_bytes", arrow.binary()),
            ("sha256", arrow.string()),
            ("provider", arrow.string()),
            ("model", arrow.string()),
            ("profile", arrow.string()),
            ("summary", arrow.string()),
            ("tags", arrow.map_(arrow.string(), arrow.list_(arrow.string()))),
            ("lane", arrow.string()),
            ("cost_usd", arrow.float64()),
            ("tagged_at", arrow.timestamp("us", tz="UTC")),
            ("profile_id", arrow.string()),
            ("served_model", arrow.string()),
            ("missing", arrow.bool_()),
            ("edited", arrow.bool_()),
            ("inherited_from", arrow.int64()),
            ("made_with", arrow.string()),
        ]
    )


def _cells(row: Exported) -> tuple[object, ...]:
    return (
        row.asset,
        path_text(row.path)[0],
        row.path,
        None if row.sha256 is None else row.sha256.hex(),
        row.provider,
        row.model,
        row.profile_name,
        row.summary,
        list(_tags(row.tags).items()),
        row.lane,
        row.cost_usd,
        round(row.tagged_at * 1_000_000),
        row.profile,
        row.served_model,
        bool(row.missing),
        row.edited,
        row.inherited_from,
        row.made_with,
    )
