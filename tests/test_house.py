"""The house keeps its plan: the top level, the layers, the length of modules, the words of the product."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

REPLYING = (
    "pieces render replies typed requested buttons verifying neighbours entries pages handlers records present "
    "living presses views quoted_by called windows home_views answering documents"
).split()
"""What makes replies."""
ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "config", "retrieval")
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "bot", "config", "retrieval", "tests"}

# From the ground up: a module imports only what stands before it.
LAYERS = [
    "retrieval",
    "retrieval.errors",
    "retrieval.memo",
    "retrieval.model",
    "retrieval.admission",
    "retrieval.verdicts",
    "retrieval.files",
    "retrieval.arrays",
    "retrieval.clock",
    "retrieval.markup",
    "retrieval.text",
    "retrieval.languages",
    "retrieval.sentences",
    "retrieval.speech.marks",
    "retrieval.speech.people",
    "retrieval.speech.phrases",
    "retrieval.speech.subjects",
    "retrieval.speech.attribution",
    "retrieval.speech.plain",
    "retrieval.speech.saying",
    "retrieval.speech",
    "retrieval.sources.visits",
    "retrieval.sources.gzipped",
    "retrieval.sources.charset",
    "retrieval.sources.addresses",
    "retrieval.sources.fetch",
    "retrieval.sources.document",
    "retrieval.sources.fields",
    "retrieval.sources.days",
    "retrieval.sources.glue",
    "retrieval.sources.blocks",
    "retrieval.sources.guardian_web",
    "retrieval.sources.guardian_page",
    "retrieval.sources.guardian_capi",
    "retrieval.sources.app_times",
    "retrieval.sources.guardian_app",
    "retrieval.sources.ndjson",
    "retrieval.sources.ap",
    "retrieval.sources.feed",
    "retrieval.sources.superdesk",
    "retrieval.sources.wordpress",
    "retrieval.sources.jsonld",
    "retrieval.sources.scrape",
    "retrieval.sources.formats",
    "retrieval.sources",
    "retrieval.folding",
    "retrieval.lexicon",
    "retrieval.quotes.quotations",
    "retrieval.quotes.spelling",
    "retrieval.quotes.rows",
    "retrieval.quotes.occurrences",
    "retrieval.quotes.alignment",
    "retrieval.quotes.edits",
    "retrieval.phrase_index",
    "retrieval.drafts.marks",
    "retrieval.drafts.credits",
    "retrieval.drafts.page",
    "retrieval.drafts.finding",
    "retrieval.drafts.html",
    "retrieval.drafts.elements",
    "retrieval.drafts.package",
    "retrieval.drafts.docx",
    "retrieval.drafts",
    "retrieval.schema",
    "retrieval.migrations",
    "retrieval.migrations.versions",
    "retrieval.migrations.versions.schema_0001",
    "retrieval.migrations.versions.schema_0002",
    "retrieval.migrations.versions.schema_0003",
    "retrieval.migrations.versions.schema_0004",
    "retrieval.migrations.versions.schema_0005",
    "retrieval.migrations.versions.schema_0006",
    "retrieval.migrations.env",
    "retrieval.database",
    "retrieval.matching",
    "retrieval.rows",
    "retrieval.feed",
    "retrieval.looking",
    "retrieval.tombstones",
    "retrieval.registering",
    "retrieval.appending",
    "retrieval.recording",
    "retrieval.withholding",
    "retrieval.takedown",
    "retrieval.history",
    "retrieval.stamping",
    "retrieval.index_records",
    "retrieval.store",
    "retrieval.finding",
    "retrieval.passages",
    "retrieval.manifest",
    "retrieval.projection",
    "retrieval.neural",
    "retrieval.model_files",
    "retrieval.encoding",
    "retrieval.embedding",
    "retrieval.converted",
    "retrieval.openvino_embedder",
    "retrieval.conversion",
    "retrieval.encoders",
    "retrieval.frames",
    "retrieval.encoder_process",
    "retrieval.serving",
    "retrieval.spreading",
    "retrieval.growing",
    "retrieval.stored",
    "retrieval.bm25",
    "retrieval.lexical",
    "retrieval.tables",
    "retrieval.contents",
    "retrieval.vectors.interface",
    "retrieval.vectors.comparing",
    "retrieval.vectors.flat",
    "retrieval.vectors.ivf",
    "retrieval.vectors",
    "retrieval.evidence",
    "retrieval.segment",
    "retrieval.fusion",
    "retrieval.segment_writer",
    "retrieval.building",
    "retrieval.snapshot",
    "retrieval.opening",
    "retrieval.questions.moments",
    "retrieval.questions.windows",
    "retrieval.questions.orders",
    "retrieval.questions.titles",
    "retrieval.questions",
    "retrieval.interpreting",
    "retrieval.ranking",
    "retrieval.confidence",
    "retrieval.reranking",
    "retrieval.search",
    "retrieval.highlighting",
    "retrieval.showing",
    "retrieval.duplicates",
    "retrieval.relocating",
    "retrieval.answers",
    "retrieval.ingest",
    "retrieval.loading",
    "retrieval.indexing",
    "retrieval.compacting",
    "retrieval.background",
    "retrieval.erasing",
    "retrieval.quotes.cautions",
    "retrieval.quotes.reading",
    "retrieval.quotes.verbatim",
    "retrieval.quotes.changed",
    "retrieval.quotes",
    "retrieval.ordering",
    "retrieval.scenes",
    "retrieval.asking",
    "retrieval.checking",
    "retrieval.reports",
    "retrieval.archive",
    "retrieval.backup",
    "retrieval.carrying",
    "retrieval.restoring",
    "retrieval.following",
    "retrieval.gold",
    "retrieval.figures",
    "retrieval.evaluate",
    "config",
    "config.settings",
    "bot",
    "bot.own",
    "bot.output",
    "bot.metrics",
    "bot.ledger.tables",
    "bot.ledger.part",
    "bot.ledger.inbox",
    "bot.ledger.messages",
    "bot.ledger.learning",
    "bot.ledger.channels",
    "bot.ledger.calls",
    "bot.ledger",
    "bot.policy",
    "bot.wording",
    "bot.pieces",
    "bot.render",
    "bot.checked",
    "bot.hypertext",
    "bot.marked_draft",
    "bot.differences",
    "bot.report",
    "bot.followups",
    "bot.replies",
    "bot.typed",
    "bot.requested",
    "bot.buttons",
    "bot.incoming",
    "bot.verifying",
    "bot.neighbours",
    "bot.entries",
    "bot.pages",
    "bot.handlers",
    "bot.downloads",
    "bot.documents",
    "bot.pace",
    "bot.work",
    "bot.deliveries",
    "bot.records",
    "bot.present",
    "bot.posting",
    "bot.trust",
    "bot.status",
    "bot.keeping",
    "bot.manifest",
    "bot.answering",
    "bot.presses",
    "bot.views",
    "bot.quoted_by",
    "bot.called",
    "bot.opening",
    "bot.windows",
    "bot.handed",
    "bot.helping",
    "bot.calling",
    "bot.living",
    "bot.home_views",
    "bot.home",
    "bot.app",
    "bot.terminal",
    "bot.backing_up",
    "bot.examining",
    "bot.examining_slack",
    "bot.doctor",
    "bot.wiring",
    "bot.watching",
    "bot.web",
    "bot.slack",
    "bot.objects",
    "bot.options",
    "bot.asking",
    "bot.checking",
    "bot.drafting",
    "bot.runs",
    "bot.evaluated",
    "bot.plots",
    "bot.evaluating",
    "bot.printing",
    "bot.demo",
    "bot.custody",
    "bot.channeling",
    "bot.auditing",
    "bot.reporting",
    "bot.edge",
    "bot.command",
    "bot.operating",
    "bot.cli",
    "bot.__main__",
]


def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: set[str]) -> Iterator[str]:
    """The modules of ours that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] in PACKAGES)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                yield whole if whole in known else node.module


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_top_level_is_what_was_agreed() -> None:
    names = {path.split("/")[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} == TOP_LEVEL


def test_every_module_has_its_layer() -> None:
    assert sorted(modules()) == sorted(LAYERS)


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_run_downward(name: str) -> None:
    height = {layer: number for number, layer in enumerate(LAYERS)}
    upward = [one for one in imports(modules()[name], set(LAYERS)) if height[one] >= height[name]]
    assert upward == []


def test_retrieval_and_config_know_nothing_above_them() -> None:
    known = set(LAYERS)
    for name, path in modules().items():
        roots = {one.split(".")[0] for one in imports(path, known)}
        if name.startswith("retrieval"):
            assert roots <= {"retrieval"}, name
        if name.startswith("config"):
            assert roots <= {"config"}, name


def test_only_wiring_and_what_runs_the_bot_read_settings() -> None:
    readers = {name for name, path in modules().items() if "config.settings" in set(imports(path, set(LAYERS)))}
    assert readers == {"bot.wiring", "bot.slack", "bot.demo", "bot.command"}


@pytest.mark.parametrize(
    "path", [path for path in tracked() if path.endswith(".py") and path.split("/")[0] in PACKAGES]
)
def test_no_module_is_longer_than_400_lines(path: str) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= 400


def is_logging(node: ast.AST) -> bool:
    """Whether it is a line for the log."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
    )


def test_no_sentence_of_stets_own_stands_outside_wording() -> None:
    """Replies are made of `wording`, so the modules that make them hold no text literal with a blank in it."""
    for name in REPLYING:
        tree = ast.parse((ROOT / "bot" / f"{name}.py").read_text())
        expressions = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        logged = {id(part) for node in ast.walk(tree) if is_logging(node) for part in ast.walk(node)}
        for node in ast.walk(tree):
            if id(node) in expressions | logged:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert len(node.value.split()) <= 1, (name, node.value)
