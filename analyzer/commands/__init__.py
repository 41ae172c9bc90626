"""One file a group of commands; ``analyzer.cli`` registers them."""
