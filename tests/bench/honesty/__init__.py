"""Whether what is published holds, in worlds whose truth is known."""
