"""What GET /metrics of a running engine says, and the few lines that one watches it by."""
import collections
import re
import urllib.request

LINE = re.compile(r'^(?P<name>\w+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$')


class Metrics:
    """One answer of GET /metrics. A metric with labels is the sum of its series."""

    def __init__(self, text=""):
        self.values = collections.Counter()
        self.buckets = collections.defaultdict(collections.Counter)  # histogram -> upper bound -> count
        for line in text.splitlines():
            match = LINE.match(line)
            if match is None:
                continue
            name, value = match["name"], float(match["value"])
            self.values[name] += value
            if name.endswith("_bucket"):
                bound = re.search(r'le="([^"]*)"', match["labels"])[1]
                self.buckets[name.removesuffix("_bucket")][float(bound)] += value

    @staticmethod
    def scrape(port):
        """None where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as reply:
                return Metrics(reply.read().decode())
        except OSError:
            return None

    def __getitem__(self, name):
        return self.values[name]

    def __contains__(self, name):
        return name in self.values

    def add(self, other):
        """The counters of another life of the engine."""
        self.values.update(other.values)
        for name, buckets in other.buckets.items():
            self.buckets[name].update(buckets)

    def quantile(self, name, share, before=None):
        """In seconds: of what came after `before`; None where nothing did. The upper bound of its bucket."""
        buckets = dict(self.buckets[name])
        if before is not None:
            buckets = {bound: count - before.buckets[name][bound] for bound, count in buckets.items()}
        total = max(buckets.values(), default=0)
        return next((bound for bound, count in sorted(buckets.items()) if total > 0 and count >= share * total), None)


def duration(seconds):
    if seconds is None:
        return "-"
    if seconds == float("inf"):
        return "more than any bucket"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"
