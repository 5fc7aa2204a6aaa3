"""The shape of the code: who may import whom, how large things are, who may catch everything."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import gemtag_tui

ROOT = Path(gemtag_tui.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
EDGES = {"cli/main.py", "engine/lane.py", "tui/app.py"}
"""Where alone everything may be caught: command line, engine, the screens' workers."""
HEAVY = (
    "aiohttp",
    "aiosqlite",
    "google.genai",
    "pydantic",
    "PIL",
    "textual",
    "tomlkit",
    "genai_prices",
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def loaded_by(*modules: str) -> set[str]:
    """Return what a fresh Python has loaded after importing some modules."""
    words = f"import sys, {', '.join(modules)}; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def engine_modules() -> list[str]:
    return [f"gemtag_tui.engine.{one.name}" for one in pkgutil.iter_modules([str(ROOT / "engine")])]


def test_the_engine_knows_nothing_of_the_screens():
    assert len(engine_modules()) > 10
    loaded = loaded_by(*engine_modules())
    assert "gemtag_tui.engine.run" in loaded
    assert not {"textual", "rich"} & loaded


def test_the_command_line_s_frame_loads_nothing_heavy():
    status = ("gemtag_tui.cli.status", "gemtag_tui.store.glance", "gemtag_tui.engine.profiles")
    loaded = loaded_by("gemtag_tui.cli.main", *status)
    assert not set(HEAVY) & loaded
    assert not {"asyncio", "gemtag_tui.core.estimate"} & loaded


def test_the_simulator_needs_nothing_else_of_the_package():
    loaded = loaded_by("gemtag_tui.simulator.server")
    own = {name for name in loaded if name.startswith("gemtag_tui.")}
    assert {name.split(".")[1] for name in own} == {"simulator"}


def functions(tree: ast.AST):
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


def length(node) -> int:
    return node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_sizes_stay_readable(path):
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    assert text.count("\n") < 400
    assert [f"{one.name}: {length(one)}" for one in functions(tree) if length(one) > 50] == []
    classes = [one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)]
    assert [f"{one.name}: {length(one)}" for one in classes if length(one) >= 250] == []


def catches_everything(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id == "Exception") for kind in kinds
    )


def test_everything_is_caught_at_the_three_edges_alone():
    catching = {
        name_of(path)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    }
    assert catching <= EDGES
    assert "cli/main.py" in catching


def test_the_engine_and_the_screens_share_no_module_of_the_command_line():
    """The same as import-linter's contract, for whoever runs the tests alone."""
    for path in FILES:
        if name_of(path).split("/")[0] in {"core", "store", "engine", "gemini", "imaging", "tui"}:
            assert "gemtag_tui.cli" not in path.read_text("utf-8").replace("gemtag_tui.client", "")
