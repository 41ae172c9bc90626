"""`python -m analyzer` is the command line."""

from analyzer.cli import main

main()
