"""Where a number comes from: ``names`` finds what is asked for, a file a kind gathers, its page puts it into words."""
