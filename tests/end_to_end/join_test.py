"""What a join that spills leaves on the disk beside its output: nothing."""
import os
import unittest

from program import clicks_by_user, ProgramTest

START_US = 1_577_836_800_000_000
CLICKS, USERS = 40_000, 97


class JoinTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.write("skewless.yaml", clicks_by_user(
            "{type: embedded, path: var/online}",
            {"activity": "features: {visits: count(*) over 24h, mark: last(mark)}"},
            columns='mark: bytes, ts: "timestamp[us]"', path="clicks.csv", follow=False))
        with open(self.path("clicks.csv"), "wb") as file:
            file.write(b"user,mark,ts\n" + b"".join(
                b"%d,\xff,%d\n" % (i % USERS, START_US + i) for i in range(CLICKS)))
        # All clicks are within the window of each label: more of them than fit.
        self.write("labels.csv", "user,event_timestamp\n" + "".join(
            f"{user},{START_US + CLICKS}\n" for user in range(USERS)))
        self.run_program("run", "--once")
        self.join = ["join", "labels.csv", "--as-of", "event", "--memory", "1MiB", "-o"]

    def left(self):
        return sorted(name for name in os.listdir(self.folder) if name.startswith("set."))

    def test_one_that_spills_leaves_its_output_alone(self):
        report = self.run_json(*self.join, "set.parquet")
        self.assertGreater(report["spilled_bytes"], 0)
        self.assertEqual(report["not_found"], 0)
        self.assertEqual(self.left(), ["set.parquet"])

    def test_one_that_fails_in_the_end_leaves_nothing(self):
        _, err = self.run_program(*self.join, "set.csv", code=1)
        self.assertIn("column 'mark' has bytes that are no text", err)
        self.assertEqual(self.left(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
