"""The blocks, elements and views that the loopback Slack knows: the fields of each, and how long they may be."""

from typing import Final

# type -> fields required, fields allowed besides; every block may have a block_id
BLOCKS: Final = {
    "actions": ("elements", ""),
    "context": ("elements", ""),
    "context_actions": ("elements", ""),
    "divider": ("", ""),
    "header": ("text", ""),
    "image": ("alt_text", "image_url slack_file title"),
    "input": ("label element", "hint optional dispatch_action"),
    "markdown": ("text", ""),
    "rich_text": ("elements", ""),
    "section": ("", "text fields accessory expand"),
}
INTERACTIVE: Final = {
    "button": ("text", "value url style"),
    "channels_select": ("", "initial_channel placeholder response_url_enabled"),
    "checkboxes": ("options", "initial_options"),
    "conversations_select": (
        "",
        "initial_conversation placeholder filter default_to_current_conversation response_url_enabled",
    ),
    "datepicker": ("", "initial_date placeholder"),
    "datetimepicker": ("", "initial_date_time"),
    "feedback_buttons": ("positive_button negative_button", ""),
    "icon_button": ("icon text", "value visible_to_user_ids"),
    "multi_channels_select": ("", "initial_channels placeholder max_selected_items"),
    "multi_conversations_select": (
        "",
        "initial_conversations placeholder filter default_to_current_conversation max_selected_items",
    ),
    "multi_static_select": ("options", "initial_options placeholder max_selected_items"),
    "multi_users_select": ("", "initial_users placeholder max_selected_items"),
    "overflow": ("options", ""),
    "plain_text_input": (
        "",
        "initial_value multiline min_length max_length placeholder dispatch_action_config",
    ),
    "radio_buttons": ("options", "initial_option"),
    "static_select": ("options", "initial_option placeholder"),
    "timepicker": ("", "initial_time placeholder timezone"),
    "url_text_input": ("", "initial_value placeholder dispatch_action_config"),
    "users_select": ("", "initial_user placeholder"),
}
ANY_INTERACTIVE: Final = "action_id confirm accessibility_label focus_on_load"
CHOICES: Final = set(INTERACTIVE) - {
    "feedback_buttons",
    "icon_button",
    "plain_text_input",
    "url_text_input",
}
INPUTS: Final = set(INTERACTIVE) - {"button", "feedback_buttons", "icon_button", "overflow"}
RICH_CONTAINERS: Final = {
    "rich_text_list": ("elements style", "indent offset border"),
    "rich_text_preformatted": ("elements", "border language"),
    "rich_text_quote": ("elements", "border"),
    "rich_text_section": ("elements", ""),
}
RICH_LEAVES: Final = {
    "broadcast": ("range", "style"),
    "channel": ("channel_id", "style"),
    "color": ("value", "style"),
    "date": ("timestamp format", "url fallback style"),
    "emoji": ("name", "unicode skin_tone style"),
    "link": ("url", "text style unsafe"),
    "team": ("team_id", "style"),
    "text": ("text", "style"),
    "user": ("user_id", "style"),
    "usergroup": ("usergroup_id", "style"),
}
STYLES: Final = {"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"}
VIEW: Final = (
    "type blocks",
    "title submit close private_metadata callback_id external_id clear_on_close notify_on_close",
)
# the longest string each field may hold, wherever it stands
LENGTHS: Final = {
    "accessibility_label": 75,
    "action_id": 255,
    "alt_text": 2_000,
    "block_id": 255,
    "callback_id": 255,
    "external_id": 255,
    "image_url": 3_000,
    "private_metadata": 3_000,
    "url": 3_000,
    "value": 2_000,
}
MAY_BE_EMPTY: Final = {"private_metadata", "callback_id"}
