"""The provider's websocket: Responses over frames, with chains by `previous_response_id`.

Each `response.create` frame is kept as a request of its own (method `WS`, its text as the body) and answered with the
events of a stream, one text frame each. `generate: false` is answered without output. A frame after an unknown response is
refused as the provider refuses it.
"""

import json
from hashlib import sha256

import provider_answers as answers
import provider_rules as rules
from aiohttp import WSMsgType, web


async def serve(provider, request, kept):
    """Answer frames until the caller leaves."""
    socket = web.WebSocketResponse(max_msg_size=0)
    await socket.prepare(request)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers]
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            break
        seen = kept("WS", request.raw_path, headers, message.data.encode("utf-8", "surrogatepass"))
        provider.keep(seen)
        frame = json.loads(message.data)
        events = _events(provider, seen, frame) if frame.get("type") == "response.create" else [_echo(frame)]
        for event in events:
            await socket.send_str(json.dumps(event))
    return socket


def _echo(frame):
    return {"type": "unknown.seen", "of": frame.get("type")}


def _events(provider, seen, frame):
    stream = {"stream_id": frame["stream_id"]} if "stream_id" in frame else {}
    earlier = provider.chains.get(frame.get("previous_response_id"))
    if frame.get("previous_response_id") and earlier is None:
        error = {"code": "previous_response_not_found", "message": "Previous response not found."}
        return [{"type": "error", "status": 400, "error": error, **stream}]
    body = {**frame, "input": [*(earlier or []), *rules.messages_of("responses", frame)]}
    if provider.strict:
        seen.problems += rules.problems("responses", {**body, "previous_response_id": None})
    mark = "ws_" + sha256(json.dumps(body["input"]).encode()).hexdigest()[:12]
    turn = answers.Turn() if frame.get("generate") is False else provider.next(seen)
    whole = answers.responses(turn, body, mark, len(seen.body) // 4)
    provider.chains[whole["id"]] = [*body["input"], *whole["output"]]
    return [{**event, **stream} for event in answers.responses_events(whole)]
