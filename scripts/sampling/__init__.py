"""The parts of `make_samples.py`: a workshop, the projects it breaks on purpose, and one recipe file per family."""
