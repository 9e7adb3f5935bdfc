"""The lines as Parquet, with typed columns, a row group at a time. It needs the extra `parquet`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from app.api.files.columns import COLUMNS, Sort, cells
from app.api.files.extras import needed
from app.api.files.spooled import Sink, spooled

MEDIA = "application/vnd.apache.parquet"
_GROUP = 5_000
"""Lines in a row group, which are held at once."""


def lines_parquet(lines: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The lines, a row each. Raises Refused where the extra is missing."""
    pyarrow, parquet = needed("pyarrow", "parquet"), needed("pyarrow.parquet", "parquet")
    return spooled(lambda sink: _write(sink, lines, pyarrow, parquet))


def _write(sink: Sink, lines: Iterable[Mapping[str, Any]], pyarrow: Any, parquet: Any) -> None:
    types = {
        Sort.TEXT: pyarrow.string(),
        Sort.WHOLE: pyarrow.int64(),
        Sort.RATE: pyarrow.decimal128(14, 4),
        Sort.KRONOR: pyarrow.decimal128(20, 2),
        Sort.INSTANT: pyarrow.timestamp("ms", tz="UTC"),
        Sort.IDS: pyarrow.list_(pyarrow.string()),
    }
    schema = pyarrow.schema([(name, types[sort]) for name, sort in COLUMNS.items()])
    taken = iter(lines)
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        while some := [cells(line) for line in islice(taken, _GROUP)]:
            columns = [
                pyarrow.array(values, type=field.type)
                for values, field in zip(zip(*some, strict=True), schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
