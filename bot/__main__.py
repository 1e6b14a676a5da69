"""`python -m bot`: the `stet` command from a checkout."""

from bot.cli import main

main()
