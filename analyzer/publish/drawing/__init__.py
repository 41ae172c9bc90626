"""Kinds of pictures: each module turns estimates into one Altair specification of a given width."""
