"""How fast results leave the library: `python benchmarks/export_bench.py [--assets N]`.

Prints rates; the goals are 100,000 rows/s of JSONL and 2,000 sidecars/s. CPU is of this process
alone: many sidecars are written by children. `TMPDIR` says where the files go.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from store_bench import enter_files, enter_results

from gemtag_tui.engine import exporting
from gemtag_tui.engine.clock import SystemClock
from gemtag_tui.engine.exporting import Watch
from gemtag_tui.engine.sidecars import Naming, to_sidecars
from gemtag_tui.store import export_rows, tracks
from gemtag_tui.store.export_rows import Wanted
from gemtag_tui.store.library import Library

STRANGER = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"
    xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:subject><rdf:Bag><rdf:li>holiday</rdf:li><rdf:li>2019</rdf:li></rdf:Bag></dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


async def rate(what: str, run: Callable[[], Awaitable[int]]) -> None:
    began, used = time.perf_counter(), time.process_time()
    number = await run()
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    print(
        f"{what:<42}{number / seconds:>10,.0f} /s   "
        f"({number:,} in {seconds:.2f} s; {cpu / number * 1e6:.0f} µs of CPU each)"
    )


async def measure(assets: int, sidecars: int, kept: Path | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        path = kept or home / "library.db"
        async with await Library.open(path, SystemClock()) as lib:
            if not await lib.row("SELECT 1 FROM asset_ai LIMIT 1"):
                track = await tracks.ensure_track(lib, "google", "m", "p_1", "default", "{}")
                await enter_files(lib, assets)
                await enter_results(lib, track, assets)
        async with await Library.open(path, SystemClock(), readonly=True) as lib:
            await _files(lib, home)
            await _sidecars(lib, home, sidecars)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory (with the rows made up here)':<42}{peak:>10.0f} MB")


async def _files(lib: Library, home: Path) -> None:
    watch = Watch()
    await rate("pages read, nothing written", lambda: _read(lib))
    for form in ("jsonl", "csv"):
        for query in ("", "photo"):
            words = f"{form}, {f'by the query {query!r}' if query else 'whole'}"
            dest = home / f"out.{form}"
            await rate(
                words,
                lambda f=form, d=dest, q=query: exporting.to_file(lib, f, d, Wanted(q), watch),
            )


async def _read(lib: Library) -> int:
    async with export_rows.snapshot(lib):
        return sum([len(page) async for page in export_rows.pages(lib, Wanted())])


async def _sidecars(lib: Library, home: Path, number: int) -> None:
    """The newest results' sidecars: new, once more as they are, merged into a stranger's."""
    naming = Naming(bytes(home / "sidecars"))
    row = await lib.row(
        "SELECT tagged_at FROM asset_ai ORDER BY tagged_at DESC LIMIT 1 OFFSET ?", (number - 1,)
    )
    wanted = Wanted(since=row[0])

    async def write() -> int:
        tally = await to_sidecars(lib, naming, wanted, Watch())
        assert not tally.refused, tally.words
        return tally.made + tally.merged + tally.unchanged

    await rate("XMP sidecars, new", write)
    await rate("XMP sidecars, nothing to change", write)
    for path in (home / "sidecars").rglob("*.xmp"):
        path.write_text(STRANGER)
    await rate("XMP sidecars, merged into others'", write)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=int, default=120_000)
    parser.add_argument("--sidecars", type=int, default=5_000)
    parser.add_argument("--library", type=Path, help="use this one; made when it is not there")
    given = parser.parse_args()
    asyncio.run(measure(given.assets, given.sidecars, given.library))


if __name__ == "__main__":
    main()
