"""A seed gives the same world each time: what two processes count of the same seeds, of each kind, is the same."""
import re
import subprocess
import sys
import unittest

SEEDS = 3  # of each kind
SIMULATION, *KINDS = sys.argv[1:]


def simulate(kind):
    ran = subprocess.run([SIMULATION, "--worlds", kind, "--seeds", str(SEEDS)], capture_output=True, text=True)
    if ran.returncode != 0:
        raise AssertionError(ran.stdout + ran.stderr)
    return re.sub(r"[0-9.]+ s of CPU", "", ran.stdout)


class AgainTest(unittest.TestCase):
    def test_a_seed_gives_the_same_world_each_time(self):
        for kind in KINDS:
            with self.subTest(kind):
                first = simulate(kind)
                self.assertIn(f"{SEEDS} seeds hold", first)
                self.assertEqual(first, simulate(kind))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
