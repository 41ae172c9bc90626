"""Worlds whose truth is known: invented customers, agents and contacts, to test what the other stages estimate."""
