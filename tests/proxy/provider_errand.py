"""An errand that every SDK runs: four turns, three tools' outputs, one answer.

`script` is what the model says. A client that runs it calls `run` with the command of each call, in a loop of its own
making, and ends with `ANSWER`. `retrieving` is the same errand for a model that also asks for an original on the way.
"""

import json
import re

import provider_rules as rules
from provider_answers import Turn
from provider_talk import HANDLE, hits, log, records

COMMANDS = {
    "kubectl logs pod 1": log(1),
    "curl -s api/users": records(2),
    "rg -n lookup": hits(3),
    "kubectl logs pod 4": log(4),
}
QUESTION = "Why does the worker time out?"
ANSWER = "Because session_timeout_4 was changed to 4."
NEEDLE = "session_timeout_4 changed 3600 -> 4"
DESCRIPTION = "Runs a command."
SCHEMA = {
    "type": "object",
    "properties": {"command": {"type": "string"}},
    "required": ["command"],
    "additionalProperties": False,
}
OWN_TOOL = "headroom_retrieve"
TURNS = 4


def run(arguments):
    """What the tool `bash` prints."""
    return COMMANDS[arguments["command"]]


def _call(number, command):
    return (f"call_{number}", "bash", {"command": command})


def script(thinking="Let me think."):
    """What the model says, turn by turn; the first turn has two calls."""
    one, two, three, four = COMMANDS
    return [
        Turn("I look at both.", (_call(1, one), _call(2, two)), thinking),
        Turn("", (_call(3, three),), thinking),
        Turn("Almost.", (_call(4, four),), thinking),
        Turn(ANSWER, (), thinking),
    ]


RESULTS = ('"tool_result"', '"role": "tool"', 'function_call_output"', '"functionResponse"', '"function_response"')
"""How a result is written in each format."""


def by_results(seen):
    """What the model says to a request, by the results in it: two calls were made in the first turn, one in each other."""
    history = json.dumps(rules.messages_of(seen.form, seen.value))
    count = sum(history.count(name) for name in RESULTS)
    return script("")[max(count - 1, 0)]


def retrieving():
    """The same without thinking, but before its answer the model asks for the last original it saw named, all of it."""
    *before, answer = script("")
    asked = []

    def ask(seen):
        handle = HANDLE.findall(json.dumps(rules.messages_of(seen.form, seen.value)))[-1].removeprefix("h:")
        asked.append(handle)
        return Turn("", (("call_own", OWN_TOOL, {"handle": handle}),))

    return [*before, ask, answer], asked


def lines(text):
    """The lines of an original, as they are found in a request."""
    return re.findall(r"[^\n]+", text)
