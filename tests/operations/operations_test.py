"""The alert rules and the dashboard of docs/operations: what they ask is PromQL, each alert comes when it should and not
else, and each metric that they name is one that the program exports and its reference lists."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/end_to_end"))

from program import ProgramTest, Running  # noqa: E402

PROMTOOL = os.environ["SKEWLESS_PROMTOOL"]
RULES = ROOT / "docs/operations/alerts.yaml"
DASHBOARD = ROOT / "docs/operations/grafana.json"

# Exported only where a source is a topic, or the online store is elsewhere.
ELSEWHERE = re.compile(r"skewless_(kafka|online)_")


def families_in(text):
    names = re.findall(r"\bskewless_\w+", text)
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in names}


def documented():
    page = "".join((ROOT / "docs/reference" / name).read_text() for name in ("http.md", "kafka.md"))
    return set(re.findall(r"^\| `(skewless_\w+)[`{]", page, re.MULTILINE))


def expressions():
    """The dashboard's, as one that looks at all instances over five minutes asks."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    found = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return [text.replace("$__rate_interval", "5m").replace("$instance", ".*") for text in found]


class OperationsTest(ProgramTest):
    def promtool(self, *arguments, given=None):
        done = subprocess.run([PROMTOOL, *arguments], input=given, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_each_alert_comes_when_it_should(self):
        self.promtool("check", "rules", str(RULES))
        tests = (HERE / "alerts_test.yaml").read_text()
        self.write("tests.yaml", tests + f"rule_files: [{json.dumps(str(RULES))}]\n")
        self.promtool("test", "rules", self.path("tests.yaml"))
        alerts = re.findall(r"- alert: (\w+)", RULES.read_text())
        self.assertEqual(sorted(re.findall(r"- alertname: (\w+)", tests)), sorted(alerts))

    def test_the_dashboard_asks_promql(self):
        asked = expressions()
        self.assertGreater(len(asked), 20)
        rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(asked)]
        self.write("panels.yaml", json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
        self.promtool("check", "rules", self.path("panels.yaml"))

    def test_the_dashboards_panels_lie_side_by_side(self):
        panels = json.loads(DASHBOARD.read_text())["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            at = panel["gridPos"]
            squares = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
            self.assertFalse(squares & taken, panel["title"])
            taken |= squares

    def test_each_metric_is_exported(self):
        self.run_program("init", "shop")
        engine = Running(self.path("shop"))
        self.children.append(engine)
        engine.wait_until_readable()
        # The first record is readable a moment before.
        self.wait_until("no watermark", lambda: "skewless_watermark_seconds" in engine.request("GET", "/metrics")[1])
        metrics = engine.request("GET", "/metrics")[1]
        engine.stop()
        self.assertEqual(self.promtool("check", "metrics", given=metrics), "")
        exported = families_in(re.sub(r"(?m)^# HELP.*$", "", metrics))
        of_every_engine = {name for name in documented() if not ELSEWHERE.match(name)}
        self.assertEqual(exported, of_every_engine)
        named = families_in(RULES.read_text()) | families_in("\n".join(expressions()))
        self.assertEqual(named - documented(), set())


if __name__ == "__main__":
    unittest.main()
