"""The script that a user would write: the SDK's async client, a semaphore, a limiter, SQLite.

What ``cpu_bench.py`` holds gemtag against. It keeps to a rate, goes on from where it was, and
stores every answer at once; it knows no failures, no costs, no screen. By default the SDK takes
aiohttp when that is installed; ``--transport httpx2`` pins the other.

Usage: ``python benchmarks/user_script.py PICTURES DATABASE [--transport auto|httpx2]
[--calls 50] [--most N]``
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
from pathlib import Path

import aiolimiter
import httpx2
from google import genai
from google.genai import types
from pydantic import BaseModel

PROMPT = "Describe this picture in one sentence and give tags: subject, setting, style, colours."


class Tags(BaseModel):
    """The answer's form."""

    summary: str
    subject: list[str]
    setting: list[str]
    style: list[str]
    colours: list[str]


async def tag_all(pictures: Path, database: Path, transport: str, calls: int, most: int) -> None:
    db = sqlite3.connect(database)
    db.execute("CREATE TABLE IF NOT EXISTS done (path TEXT PRIMARY KEY, summary TEXT, tags TEXT)")
    known = {path for (path,) in db.execute("SELECT path FROM done")}
    paths = [path for path in sorted(pictures.rglob("*.jpg")) if str(path) not in known][:most]
    own = httpx2.AsyncClient(timeout=60) if transport == "httpx2" else None
    client = genai.Client(http_options=types.HttpOptions(httpx_async_client=own))
    gate, limiter = asyncio.Semaphore(calls), aiolimiter.AsyncLimiter(100_000, 60)
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_schema=Tags
    )

    async def tag(path: Path) -> None:
        async with gate, limiter:
            picture = types.Part.from_bytes(data=path.read_bytes(), mime_type="image/jpeg")
            contents: list[types.PartUnionDict] = [PROMPT, picture]
            answer = await client.aio.models.generate_content(
                model="gemini-3.5-flash-lite", contents=contents, config=config
            )
        tags = Tags.model_validate_json(answer.text or "")
        row = (str(path), tags.summary, tags.model_dump_json())
        db.execute("INSERT INTO done VALUES (?, ?, ?)", row)
        db.commit()

    await asyncio.gather(*(tag(path) for path in paths))
    db.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument("--transport", choices=("auto", "httpx2"), default="auto")
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--most", type=int, default=1_000_000)
    asked = parser.parse_args()
    asyncio.run(tag_all(asked.pictures, asked.database, asked.transport, asked.calls, asked.most))
