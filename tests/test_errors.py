from __future__ import annotations

import ast
import re
from pathlib import Path

from retrieval import errors

PACKAGE = Path(errors.__file__).parent


def drawn() -> list[tuple[str, str]]:
    """The tree of the docstring: (name, its parent's)."""
    tree: list[tuple[str, str]] = []
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"    ([│├└─ ]*)([A-Z]\w+)  ", line):
            depth = len(match[1]) // 4
            above[depth] = match[2]
            tree.append((match[2], above[depth - 1] if depth else "Exception"))
    return tree


def defined() -> list[tuple[str, str]]:
    """The classes in the order of the module."""
    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    return [(one.__name__, one.__bases__[0].__name__) for one in classes]


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    assert len(drawn()) == 19
    assert sorted(drawn()) == sorted(defined())


def test_all_are_exported_sorted() -> None:
    assert sorted(name for name, _ in defined()) == errors.__all__


def test_each_class_says_what_it_is_for() -> None:
    assert [name for name in errors.__all__ if not getattr(errors, name).__doc__] == []


def test_an_error_reads_as_one_line() -> None:
    error = errors.UsageError("the question is empty", "ask something")
    assert (error.message, error.hint, str(error)) == (
        "the question is empty",
        "ask something",
        "the question is empty; ask something",
    )


def raised() -> list[tuple[str, ast.Call]]:
    """Every place in the package that makes one of the errors."""
    return [
        (f"{path.relative_to(PACKAGE)}:{node.lineno}", node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in errors.__all__
    ]


def test_every_error_is_raised_with_a_message_and_a_hint() -> None:
    calls = raised()
    assert len(calls) > 200
    for place, call in calls:
        assert {keyword.arg for keyword in call.keywords} <= {"retry_after"}, place
        assert len(call.args) == 2, place
        for words in call.args:
            if isinstance(words, ast.Constant):
                assert str(words.value).strip() == words.value != "", place
