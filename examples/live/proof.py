"""What must hold when everything has come to rest, whatever happened on the way."""
import array
import collections
import json
import os
import subprocess

from processes import Failed


class Proof:
    """Asks the program, the tables and the dead letters that a run left in `folder`. `acknowledged` is a file of the
    numbers of all clicks that the broker took, `counts` what the producer said."""

    def __init__(self, program, folder, acknowledged, counts):
        self.program, self.folder = program, folder
        self.counts = counts
        self.wanted = counts["acknowledged"] - counts["malformed"]
        self.audit = self.run_json("audit")
        self.logged = sum(segment["records"] for segment in self.run_json("log", "--verify"))
        self.run_json("offline", "--verify")
        self.count_clicks(acknowledged)
        self.dead_letters = self.count_dead_letters()

    def run_json(self, *arguments):
        done = subprocess.run([self.program, *arguments, "-C", self.folder, "--json"], stdout=subprocess.PIPE, text=True)
        if not done.stdout.strip():
            raise Failed(f"skewless {' '.join(arguments)} ended with {done.returncode}")
        return json.loads(done.stdout)

    def count_clicks(self, acknowledged):
        """Each click must be in the tables as often as the broker took it: a duplicate is one more."""
        import pyarrow.dataset
        sent = array.array("q")
        with open(acknowledged, "rb") as file:
            sent.frombytes(file.read())
        table = pyarrow.dataset.dataset(os.path.join(self.folder, "var", "history", "user_activity"),
                                        format="parquet").to_table(columns=["n", "applied"])
        had = collections.Counter(table["n"].to_pylist())
        sent = collections.Counter(sent)
        self.lost, self.twice = sum((sent - had).values()), sum((had - sent).values())
        self.applied = sum(table["applied"].to_pylist())

    def count_dead_letters(self):
        """A dead letter may be kept twice when the engine dies; its offset tells."""
        places = set()
        try:
            with open(os.path.join(self.folder, "var", "log", "dead_letters", "clicks.jsonl")) as file:
                for line in file:
                    letter = json.loads(line)
                    places.add((letter["stream"], letter["offset"]))
        except FileNotFoundError:
            pass
        return len(places)

    def differences(self, vectors, in_store):
        """What is not as it must be, in words. `vectors` is how many were answered, `in_store` how many clicks the
        store's users have together."""
        audit, found = self.audit, []
        if audit["different_rows"] or audit["rows"] == 0:
            found.append(f"{audit['different_rows']:,} of {audit['rows']:,} served vectors differ: {audit['by_cause']}")
        if audit["rows"] < vectors:
            found.append(f"{vectors:,} vectors were answered and {audit['rows']:,} logged")
        if self.lost or self.twice or self.logged != self.wanted:
            found.append(f"{self.lost:,} clicks are lost, {self.twice:,} came twice; "
                         f"{self.logged:,} of {self.wanted:,} are logged")
        if in_store != self.applied:
            found.append(f"the store's users have {in_store} clicks, the log has {self.applied:,}")
        if self.dead_letters != self.counts["malformed"]:
            found.append(f"{self.dead_letters:,} dead letters of {self.counts['malformed']:,} malformed clicks")
        return found
