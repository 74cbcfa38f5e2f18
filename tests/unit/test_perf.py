"""Measuring: what is found and skipped, what a conversation costs with a prompt cache, which literals stay in sight."""

import json

import pytest

from headroom import Settings
from headroom.errors import InputError
from headroom.perf import corpus, replay
from headroom.perf.corpus import Conversation, Sample, Skipped
from headroom.perf.replay import Bill, Row
from headroom.tokens import report

OFF = Settings(tools={"*": "off"}, kinds={}, repeats=False, documents=False)
LOG = "\n".join(
    f"2026-03-01 12:00:{number % 60:02} INFO served request {7000 + number} in 21 ms" for number in range(300)
)


def asked(text):
    return {"role": "user", "content": text}


def called(call_id, command, text=""):
    use = {"type": "tool_use", "id": call_id, "name": "Bash", "input": {"command": command}}
    return {"role": "assistant", "content": [{"type": "text", "text": text}, use] if text else [use]}


def answered(call_id, text):
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call_id, "content": text}]}


def items(*paths):
    return [corpus.read(source) for source in corpus.find(paths)]


class TestCorpus:
    def test_a_file_a_folder_and_what_is_left_out(self, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out/make.log").write_text("cc -c a.c\n")
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git/config").write_text("[core]\n")
        (tmp_path / ".hidden").write_text("x")
        (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\0\0")
        (tmp_path / "latin1.txt").write_bytes(b"caf\xe9")
        (tmp_path / "nothing.txt").write_text("\n")
        (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
        found = {item.name.rsplit("/", 1)[1]: item for item in items(tmp_path)}
        assert sorted(found) == ["latin1.txt", "make.log", "nothing.txt", "picture.png"]
        assert isinstance(found["make.log"], Sample)
        assert found["latin1.txt"].text == "caf\ufffd"
        assert found["picture.png"].reason == "binary"
        assert found["nothing.txt"].reason == "empty"
        assert items(tmp_path / "out/make.log")[0].text == "cc -c a.c\n"

    def test_a_tree_of_transcripts_is_measured_by_these_alone(self, tmp_path):
        session = tmp_path / "-home-u-scratch/b73b.jsonl"
        lines = [{"type": "user", "message": asked("hi")}, {"type": "assistant", "message": called("t1", "ls")}]
        for path in (session, session.parent / "b73b/subagents/agent-1.jsonl"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(map(json.dumps, lines)))
        (session.parent / "b73b/tool-results").mkdir()
        (session.parent / "b73b/tool-results/t1.txt").write_text(LOG)
        (tmp_path / "history.jsonl").write_text('{"display":"hi","timestamp":1}\n')
        kinds = [type(item) for item in items(tmp_path)]
        assert sorted(kinds, key=str) == sorted([Conversation, Conversation, Skipped, Skipped], key=str)

    def test_an_index(self, tmp_path):
        (tmp_path / "a.txt").write_text("one needle\n")
        entries = [
            {"file": "a.txt", "kind": "listing", "command": "ls", "question": "where?", "facts": ["needle"]},
            {"file": "missing.txt", "kind": "logs"},
        ]
        (tmp_path / "index.json").write_text(json.dumps(entries))
        sample, skipped = items(tmp_path)
        assert sample == Sample("a.txt", "listing", "one needle\n", "ls", "where?", ("needle",))
        assert "No such file" in skipped.reason

    @pytest.mark.parametrize("text", ["{", '{"file": 1}', '[{"file": "a.txt"}]', "\udcff"])
    def test_a_broken_index(self, tmp_path, text):
        (tmp_path / "index.json").write_bytes(text.encode("utf-8", "surrogateescape"))
        with pytest.raises(InputError, match=r"index\.json is not a list of samples"):
            corpus.find([tmp_path])

    def test_a_path_that_does_not_exist(self, tmp_path):
        with pytest.raises(InputError, match="does not exist: name files, folders or transcripts"):
            corpus.find([tmp_path / "missing"])

    def test_names_of_any_bytes_can_be_printed(self, tmp_path):
        path = tmp_path / "caf\udce9.txt"
        try:
            path.write_text("x y z")
        except OSError:
            pytest.skip("this file system takes UTF-8 names only")
        assert items(tmp_path)[0].name.endswith("caf\ufffd.txt")

    def test_the_bundled_sample_has_all_it_names(self):
        kinds = [type(item) for item in items(corpus.BUNDLED)]
        assert kinds.count(Sample) > 20
        assert Conversation in kinds
        assert Skipped not in kinds


class TestSample:
    def test_facts_in_sight_and_behind_the_handle(self):
        row = replay.sample(Sample("app.log", "", LOG, facts=("request 7000", "request 7123", "nowhere")), Settings())
        assert (row.kind, row.texts, row.failures) == ("logs", 1, [])
        assert row.before == report(LOG) > 4 * row.after
        assert (row.facts, row.visible, row.retrievable) == (3, 1, 3)

    def test_what_stays_keeps_all_its_facts(self):
        row = replay.sample(Sample("a.txt", "", "a needle in a short text", facts=("needle",)), Settings())
        assert (row.kind, row.before, row.visible, row.retrievable) == ("other", row.after, 1, 1)

    def test_a_model_has_its_own_counts(self):
        text = "Übergrößenträger " * 40
        sample = Sample("a.txt", "", text)
        assert replay.sample(sample, Settings(), "gpt-4").before == report(text, "gpt-4")


class TestConversation:
    TURNS = (
        asked("why is it slow?"),
        called("t1", "cat app.log"),
        answered("t1", LOG),
        called("t2", "cat app.log"),
        answered("t2", LOG),
        {"role": "assistant", "content": "request 7299 is the last one"},
    )

    def test_the_bill_by_hand(self):
        said = "cat app.log"
        _, bill = replay.conversation(Conversation("s", list(self.TURNS)), OFF)
        first = report("why is it slow?")
        call, log = report(f"Bash\n{said}"), report(LOG)
        expected = (
            1.25 * first + (0.1 * first + 1.25 * (call + log)) + (0.1 * (first + call + log) + 1.25 * (call + log))
        )
        assert bill.turns == 3
        assert bill.before == bill.after == pytest.approx(expected)

    def test_compressing_lowers_it(self):
        rows, bill = replay.conversation(Conversation("s", list(self.TURNS)), Settings())
        assert {row.kind for row in rows} == {"logs", "repeats"}
        assert [row.seconds for row in rows] == [[], []]
        assert bill.after < bill.before / 3

    def test_parallel_calls_are_one_turn(self):
        messages = [asked("look"), called("t1", "ls"), called("t2", "pwd"), answered("t1", "a"), answered("t2", "b")]
        _, bill = replay.conversation(Conversation("s", [*messages, called("t3", "id")]), OFF)
        assert bill.turns == 2

    def test_calls_without_long_arguments_are_turns(self):
        items = [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "look"}]},
            {"type": "reasoning", "summary": [], "encrypted_content": "Z0FB"},
            {"type": "function_call", "name": "ls", "arguments": "{}", "call_id": "c1"},
            {"type": "function_call_output", "call_id": "c1", "output": "app.py"},
            {"type": "function_call", "name": "pwd", "arguments": "{}", "call_id": "c2"},
            {"type": "function_call_output", "call_id": "c2", "output": "/srv"},
        ]
        _, bill = replay.conversation(Conversation("s", items), OFF)
        assert bill.turns == 2

    def test_literals_taken_from_results(self):
        messages = [
            asked("find handle_request"),
            called("t1", "rg handle_request"),
            answered("t1", "src/server.py:88:def handle_request(self, retry_budget):"),
            called("t2", "sed -n 80,99p src/server.py"),
            answered("t2", "nothing new"),
            {"role": "assistant", "content": "retry_budget in src/server.py, handle_request"},
        ]
        _, bill = replay.conversation(Conversation("s", messages), OFF)
        assert (bill.facts, bill.visible) == (2, 2)

    def test_a_literal_that_was_left_out_is_out_of_sight(self):
        messages = [*self.TURNS[:3], {"role": "assistant", "content": "look at 7123"}]
        _, bill = replay.conversation(Conversation("s", messages), Settings())
        assert (bill.facts, bill.visible) == (1, 0)

    def test_a_compaction_starts_again(self):
        boundary = {"role": "user", "content": [{"type": "compaction"}, {"type": "text", "text": "summary"}]}
        _, bill = replay.conversation(Conversation("s", [*self.TURNS[:4], boundary, called("t9", "ls")]), OFF)
        _, before = replay.conversation(Conversation("s", list(self.TURNS[:4])), OFF)
        assert bill.turns == 3
        assert bill.before == pytest.approx(before.before + 1.25 * report("summary"))

    def test_what_is_not_understood_is_a_failure(self):
        rows, _ = replay.conversation(Conversation("s", [asked("hi"), {"type": "teleport_call", "x": 1}]), Settings())
        assert [failure.split(":")[0] for row in rows for failure in row.failures] == ["s"]

    def test_nothing_said(self):
        rows, bill = replay.conversation(Conversation("s", []), Settings())
        assert (rows, bill.turns, bill.before) == ([], 0, 0.0)


def test_merge_adds_up_by_kind():
    rows = replay.merge(
        [Row("logs", 1, 10, 5, 2, 1, 2, [0.1]), Row("diff", 1, 90, 50), Row("logs", 2, 20, 5, 1, 1, 1, [0.2], ["x"])]
    )
    assert rows == [Row("diff", 1, 90, 50), Row("logs", 3, 30, 10, 3, 2, 3, [0.1, 0.2], ["x"])]


def test_bills_add_up():
    assert Bill(1, 2, 3.0, 2.0, 4, 4, 0.5) + Bill(1, 1, 1.0, 1.0, 1, 0, 0.25) == Bill(2, 3, 4.0, 3.0, 5, 4, 0.75)
