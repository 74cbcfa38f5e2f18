"""An agent made by a test: a real program that says what it was given, speaks to its provider, and does as it is told.

    fake_agent.py REPORT [ask|exit N|wait|stop|winch]...

It writes its arguments, environment and process ids to REPORT as JSON before it does anything.
"""

import http.client
import json
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit


def body(text):
    """A conversation whose tool result is a log, in Anthropic's format."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "journalctl -u web"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": text}
    messages = [
        {"role": "user", "content": f"what is wrong? {os.getpid()}"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    tools = [{"name": "Bash", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}]
    return {"model": "claude-sonnet-4-6", "max_tokens": 100, "tools": tools, "messages": messages}


def ask(text):
    """One request to the base URL that it was given; the status of the answer."""
    base = urlsplit(os.environ["ANTHROPIC_BASE_URL"])
    connection = http.client.HTTPConnection(base.hostname, base.port, timeout=30)
    headers = {"content-type": "application/json", "x-api-key": "sk-test-0123456789", "anthropic-version": "2023-06-01"}
    for conversation in (body("")["messages"][:1], body(text)["messages"]):
        sent = json.dumps({**body(text), "messages": conversation})
        connection.request("POST", base.path + "/v1/messages", sent, headers)
        answer = connection.getresponse()
        answer.read()
    return answer.status


def main():
    report = Path(sys.argv[1])
    said = {"args": sys.argv[2:], "env": dict(os.environ), "pid": os.getpid(), "parent": os.getppid()}
    caught = []
    for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGWINCH"):
        signal.signal(getattr(signal, name), lambda number, _: caught.append(signal.Signals(number).name))
    said["tty"] = [os.isatty(descriptor) for descriptor in range(3)]
    words = iter(word for word in sys.argv[2:] if not word.startswith("--"))
    for word in words:
        if word == "ask":
            lines = [
                f"2026-03-01 12:00:{at % 60:02} INFO worker-{at % 3} served request {at} in 2 ms" for at in range(900)
            ]
            said["status"] = ask("\n".join(lines))
        elif word == "wait":
            report.with_suffix(".ready").write_text(json.dumps(said))
            while not caught:
                signal.pause()
        elif word == "stop":
            report.with_suffix(".ready").write_text(json.dumps(said))
            os.kill(os.getpid(), signal.SIGSTOP)
        elif word == "exit":
            report.write_text(json.dumps({**said, "caught": caught}))
            sys.exit(int(next(words)))
        elif word == "die":
            os.kill(os.getpid(), signal.SIGKILL)
    report.write_text(json.dumps({**said, "caught": caught}))


if __name__ == "__main__":
    main()
