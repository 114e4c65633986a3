"""The starter repository, through every command, and its vectors over HTTP."""
import csv
import json
import os
import signal
import unittest

import pyarrow.feather
import pyarrow.parquet

from program import SLOWNESS, ProgramTest


class StarterTest(ProgramTest):
    def setUp(self):
        super().setUp()
        os.rmdir(self.folder)
        os.makedirs(self.folder)
        self.run_program("init", self.folder)
        # `run --once` serves, too, and another test may have the starter's port.
        with open(self.path("skewless.yaml")) as file:
            definition = file.read()
        self.assertIn("listen: 127.0.0.1:6566", definition)
        self.write("skewless.yaml", definition.replace("listen: 127.0.0.1:6566", "listen: 127.0.0.1:0"))

    def test_commands(self):
        self.assertIn("user_activity", self.run_program("check")[0])
        self.assertEqual(self.run_json("check")["footprints"][0]["view"], "user_activity")
        summary = self.run_json("run", "--once")
        with open(self.path("clicks.csv")) as file:
            events = len(list(csv.DictReader(file)))
        self.assertEqual(summary["events"], events)
        self.assertEqual(sum(one["records"] for one in self.run_json("log", "--verify")), events)
        self.assertEqual(sum(one["rows"] for one in self.run_json("offline", "--verify")), events)
        now = self.run_json("get", "user_activity", "user_id=3")
        then = self.run_json("get", "user_activity", "user_id=3", "--at", now["read_timestamp"])
        self.assertEqual(now, then)
        self.assertEqual(self.run_json("freshness")["views"][0]["records"], events)
        # A second run finds nothing new and keeps what there is.
        self.assertEqual(self.run_json("run", "--once")["events"], 0)
        self.assertEqual(self.run_json("get", "user_activity", "user_id=3"), now)

    def test_training_set_in_each_format(self):
        self.run_program("run", "--once")
        with open(self.path("labels.csv")) as file:
            labels = list(csv.DictReader(file))
        for name in ("set.parquet", "set.csv", "set.arrow"):
            self.run_program("join", "labels.csv", "-o", name)
        parquet = pyarrow.parquet.read_table(self.path("set.parquet"))
        self.assertEqual(parquet.to_pylist(), pyarrow.feather.read_table(self.path("set.arrow")).to_pylist())
        with open(self.path("set.csv")) as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([{key: row[key] for key in labels[0]} for row in rows], labels)
        self.assertEqual(parquet.num_rows, len(labels))
        key = "user_id"
        self.assertEqual([str(value) for value in parquet[key].to_pylist()], [row[key] for row in labels])

    def test_a_training_set_without_anything_is_told(self):
        with open(self.path("skewless.yaml")) as file:
            lines = file.readlines()
        # Its records are now available as of this run: the labels are older.
        self.write("skewless.yaml", "".join(line for line in lines if "arrival_timestamp" not in line))
        self.run_program("run", "--once")
        out, err = self.run_program("join", "labels.csv", "-o", "set.csv")
        self.assertIn("40 of 40 label rows found no record by then", out)
        self.assertIn("warning: 40 of 40 label rows found no record of 'user_activity'", err)
        for part in ("the labels' times are 2024-01-01T10:", "available 20", "'clicks'", "a delay", "--delay", "--as-of event"):
            self.assertIn(part, err)
        self.assertEqual(self.run_json("join", "labels.csv", "-o", "set.csv")["views"][0]["not_found"], 40)
        out, err = self.run_program("join", "labels.csv", "-o", "set.csv", "--delay", "1s")
        self.assertIn("3 of 40 label rows", out)
        self.assertEqual(err, "")

    def test_label_rows_equal_single_reads(self):
        self.run_program("run", "--once")
        self.run_program("join", "labels.csv", "-o", "set.parquet")
        rows = pyarrow.parquet.read_table(self.path("set.parquet")).to_pylist()
        for row in rows[:12]:
            moment = row["event_timestamp"]
            text = moment if isinstance(moment, str) else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            single = self.run_json("get", "user_activity", f"user_id={row['user_id']}", "--at", text)["features"]
            for name, value in single.items():
                self.assertEqual(value, row[name.split("__")[1]], (row, name))

    def test_serving(self):
        engine = self.start()
        engine.wait_until_readable()
        reply = engine.read({"feature_service": "ranking", "full_feature_names": True,
                             "entities": {"user_id": [1, 2, 999, None], "cart_total": [1.0, 2.5, None, 4.0]}})
        self.assertEqual(reply["metadata"]["feature_names"][0], "user_id")
        self.assertEqual(reply["metadata"]["feature_names"][1], "user_activity__clicks_last_5_minutes")
        self.assertEqual(reply["results"][0]["values"], [1, 2, 999, None])
        self.assertEqual([one for one in reply["results"][1]["statuses"][2:]], ["NOT_FOUND", "NOT_FOUND"])
        self.assertEqual(reply["results"][1]["values"][2:], [None, None])
        self.assertGreater(reply["skewless"]["read_timestamp_us"], 0)
        asked = engine.read({"features": ["user_activity:visits", "user_activity:last_items"], "entities": {"user_id": [1]}})
        self.assertEqual(asked["metadata"]["feature_names"], ["user_id", "visits", "last_items"])
        self.assertEqual(engine.request("GET", "/health")[0], 200)
        self.assertIn("skewless_events_accepted_total", engine.request("GET", "/metrics")[1])
        for user in range(1, 60):
            engine.read({"feature_service": "ranking", "entities": {"user_id": [user], "cart_total": [user / 3]}})
        engine.stop()
        report = self.run_json("audit")
        self.assertEqual((report["rows"], report["different_rows"]), (64, 0))

    def test_a_stop_as_the_sources_end_is_heard(self):
        # One waits for it while the engine works, another while only the server does.
        for attempt in range(24):
            engine = self.start("--log-format", "json", "--log-level", "info")
            for line in engine.process.stderr:
                if json.loads(line)["message"].startswith("sources ended" if attempt % 2 else "engine stopped"):
                    break
            engine.process.send_signal(signal.SIGTERM)
            self.assertEqual(engine.process.wait(60 * SLOWNESS), 0)
            engine.process.communicate()

    def test_http_errors(self):
        engine = self.start()
        engine.wait_until_readable()
        entities = {"user_id": [1], "cart_total": [1.0]}
        for body, status, part in [
            ({"feature_service": "rankin", "entities": entities}, 404, "ranking"),
            ({"features": ["user_activity:visit"], "entities": entities}, 404, "visits"),
            ({"feature_service": "ranking", "entities": {"user_id": [1]}}, 422, "cart_total"),
            ({"feature_service": "ranking", "entities": {"user_id": ["x"], "cart_total": [1.0]}}, 422, "user_id"),
            ({"feature_service": "ranking", "entities": {"user_id": [1, 2], "cart_total": [1.0]}}, 422, "cart_total"),
            ({"entities": entities}, 422, "feature_service"),
            ({"feature_service": "ranking", "features": ["user_activity:visits"], "entities": entities}, 422, "not both"),
            ({"features": ["ranking", "user_activity:visits"], "entities": entities}, 422, "derived features of its own"),
            ("{", 422, "JSON"),
        ]:
            got, text = engine.request("POST", "/get-online-features", body)
            self.assertEqual(got, status, text)
            error = json.loads(json.loads(text))
            self.assertIn(part, error["message"])
        self.assertEqual(engine.request("GET", "/nowhere")[0], 404)
        engine.stop()

    def test_serve_beside_a_store_and_after_it(self):
        reader = self.start(command="serve")
        body = {"features": ["user_activity:visits"], "entities": {"user_id": [1]}}
        self.assertEqual(reader.request("POST", "/get-online-features", body)[0], 503)
        self.assertEqual(reader.request("GET", "/health")[0], 503)
        self.run_program("run", "--once")
        reply = reader.read(body)
        self.assertEqual(reply["results"][1]["statuses"], ["PRESENT"])
        reader.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
