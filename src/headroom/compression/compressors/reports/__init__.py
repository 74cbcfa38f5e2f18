"""The parts of the `test_output` compressor: what test, build and lint tools print, one file for each thing that is folded.

sheet       the lines of an output, and what each of them becomes
failures    failing tests: the same text under many headings, the same reason for many tests
shared      frames and source code that several failing tests print
places      how tools name a place (`a.c:12:5:`, `a.ts(12,5):`, `--> a.rs:12:5`), and the problems found in an output
problems    one message at many places
candidates  the notes that C++ compilers print around one error
green       passed tests and build steps that went well
looks       whether a text is such an output
"""
