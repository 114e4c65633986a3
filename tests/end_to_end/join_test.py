"""A join that spills: what it leaves on the disk beside its output, nothing, and that it keeps to its memory."""
import json
import os
import subprocess
import unittest

from program import clicks_by_user, PROGRAM, ProgramTest, SLOWNESS

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


MEMORY_MIB = 256
# What the program, its libraries and batches on their way take: 98 MiB here, at the least --memory there is. 64 of them
# are reckoned in --memory, which leaves 34.
ALLOWANCE_MIB = 40
LARGE_CLICKS, MARK_BYTES = 300_000, 1024  # with memory for all of them the peak is 402 MiB


class MemoryTest(ProgramTest):
    def test_a_join_over_more_than_fits_keeps_to_its_memory(self):
        self.write("skewless.yaml", clicks_by_user(
            "{type: embedded, path: var/online}",
            {"activity": "features: {visits: count(*) over 24h, mark: last(mark)}"},
            columns='mark: string, ts: "timestamp[us]"', path="clicks.csv", follow=False))
        mark = b"x" * MARK_BYTES
        with open(self.path("clicks.csv"), "wb") as file:
            file.write(b"user,mark,ts\n")
            file.writelines(b"%d,%b,%d\n" % (i % USERS, mark, START_US + i) for i in range(LARGE_CLICKS))
        self.write("labels.csv", "user,event_timestamp\n" + "".join(
            f"{user},{START_US + LARGE_CLICKS - 1}\n" for user in range(USERS)))
        self.run_program("run", "--once")
        report, peak_mib = self.join_measured()
        self.assertEqual(report["not_found"], 0)
        self.assertGreater(report["spilled_bytes"], 0)
        if SLOWNESS == 1:  # a sanitized program takes memory of its own
            self.assertLess(peak_mib, MEMORY_MIB + ALLOWANCE_MIB)

    def join_measured(self):
        """The join's report, and the most that its process took."""
        join = subprocess.Popen(
            [PROGRAM, "join", "labels.csv", "--as-of", "event", "--memory", f"{MEMORY_MIB}MiB", "--threads", "2",
             "-o", "set.parquet", "--json"], cwd=self.folder, stdout=subprocess.PIPE)
        report = join.stdout.read()
        join.stdout.close()
        _, status, usage = os.wait4(join.pid, 0)
        join.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(join.returncode, 0)
        return json.loads(report), usage.ru_maxrss / 1024


if __name__ == "__main__":
    unittest.main(verbosity=2)
