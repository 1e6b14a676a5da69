"""How a method of the loopback Slack refuses: the error it answers, and what is recorded of it."""

from __future__ import annotations

from typing import Any

from tests.slack_limits import Problem, Verdict
from tests.slack_records import Journal, Violation

__all__ = ["RefusedError", "judge"]


class RefusedError(Exception):
    """What a method answers instead of its result; `more` stands beside the error, as Slack's `needed` does."""

    def __init__(self, error: str, problems: tuple[Problem, ...] = (), **more: str) -> None:
        super().__init__(error)
        self.error, self.problems, self.more = error, problems, more

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error": self.error, **self.more}
        if self.problems:
            body["errors"] = [str(problem) for problem in self.problems]
            body["response_metadata"] = {"messages": [f"[ERROR] {problem}" for problem in self.problems]}
        return body


def judge(journal: Journal, method: str, verdict: Verdict) -> None:
    """Record every fault that a verdict names. Raises RefusedError if it names one."""
    if verdict.error is None:
        return
    for problem in verdict.problems:
        journal.note_violation(Violation(method=method, error=verdict.error, problem=problem))
    raise RefusedError(verdict.error, verdict.problems)
