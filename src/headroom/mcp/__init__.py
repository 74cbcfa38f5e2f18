"""The MCP server: a model compresses a text or file, has an original back, asks what was saved.

offered     the tools as they are listed; imports next to nothing
protocol    messages and revisions of MCP, without I/O
stdio       the server that a client starts, over its standard input and output
streamable  the same over HTTP, by the official SDK
tools       what each tool does; loaded at the first call
roots       which files may be read
"""
