"""What a person's choice in a block looks like in a payload: buttons, selects, inputs. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

__all__ = ["Choice", "chosen", "find_element", "find_feedback", "state_of"]

Json = dict[str, Any]
Choice = str | Sequence[str] | None
"""The value of a button, an option or an input, the id of a user or a conversation, several of them, or none."""

# type -> the field of an action and of a view's state, and where the element itself names one
_FIELDS: Final = {
    "channels_select": ("selected_channel", "initial_channel"),
    "checkboxes": ("selected_options", "initial_options"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "datepicker": ("selected_date", "initial_date"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "overflow": ("selected_option", ""),
    "plain_text_input": ("value", "initial_value"),
    "radio_buttons": ("selected_option", "initial_option"),
    "static_select": ("selected_option", "initial_option"),
    "timepicker": ("selected_time", "initial_time"),
    "url_text_input": ("value", "initial_value"),
    "users_select": ("selected_user", "initial_user"),
}
_STATELESS: Final = {"overflow"}


def chosen(element: Mapping[str, Any], choice: Choice) -> Json:
    """The type of an element and what was chosen in it; None is what it says itself, or nothing.

    Raises LookupError where a choice is none of its options.
    """
    kind = element["type"]
    field, initial = _FIELDS.get(kind, ("value", "value"))
    if choice is None:
        picked = element.get(initial, [] if field.endswith("s") else None)
    elif "options" in element:
        picked = _options(element, choice) if field.endswith("s") else _options(element, choice)[0]
    else:
        picked = [choice] if field.endswith("s") and isinstance(choice, str) else choice
    return {"type": kind, field: picked}


def state_of(blocks: object, picked: Mapping[tuple[str, str], Json]) -> Json:
    """The `values` of a state: by block and action id, what is `picked` there or what the element begins with."""
    values: dict[str, Json] = {}
    for block_id, element in _elements(blocks):
        action_id = element.get("action_id")
        if isinstance(action_id, str) and element.get("type") in _FIELDS.keys() - _STATELESS:
            values.setdefault(block_id, {})[action_id] = picked.get((block_id, action_id), chosen(element, None))
    return values


def find_element(blocks: object, action_id: str, at: int = 0) -> tuple[str, Json]:
    """The block id and the element of an action, of several that at `at`. Raises LookupError if no block has it."""
    found = [pair for pair in _elements(blocks) if pair[1].get("action_id") == action_id]
    if at >= len(found):
        raise LookupError(f"no element {at} with the action_id {action_id!r}")
    return found[at]


def find_feedback(blocks: object, at: int = 0) -> tuple[str, Json]:
    """The block id and the element of feedback buttons, of several those at `at`. Raises LookupError."""
    found = [pair for pair in _elements(blocks) if pair[1].get("type") == "feedback_buttons"]
    if at >= len(found):
        raise LookupError(f"no feedback_buttons {at}")
    return found[at]


def _elements(blocks: object) -> Iterator[tuple[str, Json]]:
    """Every element with the id of its block: its own, or one by its place, as Slack would give it one."""
    for number, block in enumerate(blocks if isinstance(blocks, list | tuple) else ()):
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
            if isinstance(element, dict):
                yield block.get("block_id", f"b{number}"), element


def _options(element: Mapping[str, Any], choice: Choice) -> list[Json]:
    values = [choice] if isinstance(choice, str) else list(choice or ())
    by_value = {option["value"]: option for option in element["options"]}
    if missing := [value for value in values if value not in by_value]:
        raise LookupError(f"no option {missing[0]!r} in {element.get('action_id')!r}")
    return [by_value[value] for value in values]
