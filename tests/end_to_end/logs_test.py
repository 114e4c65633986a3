"""What `run` and `serve` tell on standard error: JSON in each line where that is asked for, the messages that
docs/operations/logs.md lists and no others, and nothing from commands that have nothing to tell."""
import datetime
import json
import pathlib
import re
import unittest

from follow_test import DEFINITION
from program import ProgramTest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEVELS = ("debug", "info", "warning", "error")
TOLD = re.compile(r"\bLog(?:Event|Error)\(\s*(?:[\w:]+|[^;\"]*?\?[^;\"]*?:[^;\"]*?),\s*\"([^\"]+)\"")


class LogsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("skewless.yaml", DEFINITION)
        self.write("clicks-001.jsonl", "".join(
            json.dumps({"user_id": 7, "number": number, "ts": 1_700_000_000_000}) + "\n" for number in range(100)))

    def events_of(self, errors):
        """Each line is an event."""
        events = [json.loads(line) for line in errors.splitlines()]
        for event in events:
            time = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00"))
            self.assertEqual(time.utcoffset(), datetime.timedelta(0), event)
            self.assertIn(event["level"], LEVELS, event)
            self.assertTrue(event["message"], event)
        return {event["message"]: event for event in events}

    def test_a_life_as_json(self):
        with open(self.path("clicks-001.jsonl"), "a") as file:
            file.write('{"user_id": "no \\"number\\"\\n"}\n')
        engine = self.start("--log-format", "json")
        while engine.read({"feature_service": "all", "entities": {"user_id": [7]}})["results"][1]["values"] != [100]:
            pass
        engine.kill()
        engine.start()
        engine.stop()
        events = self.events_of(engine.errors)
        self.assertEqual(list(events), ["starting", "log opened", "online store rebuilt", "source opened", "serving",
                                        "stopping", "engine stopped"])
        self.assertEqual(events["online store rebuilt"]["records"], 100)
        self.assertEqual(events["serving"]["port"], engine.port)
        self.assertEqual(events["stopping"]["signal"], "SIGTERM")

        server = self.start("--log-format", "json", command="serve")
        server.stop()
        self.assertEqual(list(self.events_of(server.errors)), ["serving", "stopping"])

    def test_bad_records_and_the_end(self):
        self.write("clicks-001.jsonl", '{"user_id": "x"}\n{"user_id": 1}\n')
        _, errors = self.run_program("run", "--once", "--log-format", "json", "--log-level", "info")
        events = self.events_of(errors)
        bad = events["records could not be read"]
        self.assertEqual((bad["level"], bad["source"], bad["stream"], bad["line"]),
                         ("warning", "clicks", "clicks-001.jsonl", 1))
        self.assertIn('found "x"', bad["reason"])
        self.assertEqual(events["source ended"]["dead_letters"], 2)
        self.assertEqual(events["engine stopped"]["dead_letters"], 2)

    def test_a_failure(self):
        self.write("clicks-001.jsonl", '{"user_id": "x"}\n')
        _, errors = self.run_program("run", "--once", "--strict", "--log-format", "json", code=1)
        events = self.events_of(errors)
        self.assertEqual(list(events), ["source failed", "failed"])
        self.assertNotIn("error", events["source failed"])  # it is told once
        self.assertIn("clicks-001.jsonl:1", events["failed"]["error"])
        self.assertIn("--strict", events["failed"]["remedy"])
        _, errors = self.run_program("run", "--once", "--strict", "--log-level", "off", code=1)
        self.assertRegex(errors, r"^error: clicks-001\.jsonl:1: .*\n  Mend the record")

        self.write("skewless.yaml", DEFINITION.replace("count(*)", "coun(*)"))
        _, errors = self.run_program("run", "--log-format", "json", code=1)
        self.assertIn("Did you mean 'count'?", self.events_of(errors)["failed"]["remedy"])

    def test_as_text(self):
        _, errors = self.run_program("run", "--once", "--log-level", "info")
        for line in errors.splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (info   |warning) [a-z]")
        self.assertRegex(errors, r"(?m)Z info    source ended source=clicks records=100 dead_letters=0$")

    def test_nothing_to_tell(self):
        for arguments in (("run", "--once"), ("run", "--once", "--log-format", "json"), ("get", "all", "user_id=7"),
                          ("log", "--verify"), ("freshness",)):
            self.assertEqual(self.run_program(*arguments)[1], "", arguments)

    def test_the_page_lists_what_is_told(self):
        told = set()
        for path in (ROOT / "src").rglob("*.cc"):
            if not path.name.endswith("_test.cc"):
                told |= set(TOLD.findall(path.read_text()))
        self.assertIn("slow sync of the log", told)
        page = (ROOT / "docs/operations/logs.md").read_text()
        self.assertEqual(set(re.findall(r"^\| `([^`-][^`]*)` \*?", page, re.MULTILINE)), told)


if __name__ == "__main__":
    unittest.main()
