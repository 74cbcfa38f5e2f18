"""Coding agents: what they write on this machine, and how to read it. One file for each concern."""
