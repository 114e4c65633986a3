"""A broker and a Redis for the parts that measure live, and the clicks of bench/clicks.yaml through them."""
import contextlib
import json
import os
import shutil
import sys

from measuring import ROOT, Failure, run

sys.path.insert(0, os.path.join(ROOT, "tests", "servers"))
from servers import Broker, Redis, ServerFailed  # noqa: E402

FILE_SOURCE = "    type: file\n    format: json\n    path: clicks.jsonl\n"
EMBEDDED = "{type: embedded, path: var/online}"


@contextlib.contextmanager
def servers(bench, broker=True, redis=True):
    """(broker, redis), or None for one that isn't wanted; gone with all they hold when the block ends."""
    folder = bench.path("servers")
    shutil.rmtree(folder, ignore_errors=True)
    started = [kind(os.path.join(folder, name)) if wanted else None
               for kind, name, wanted in ((Broker, "kafka", broker), (Redis, "redis", redis))]
    running = [one for one in started if one is not None]
    try:
        for one in running:
            one.begin()
        for one in running:
            one.ready()
        yield started
    except ServerFailed as failure:
        raise Failure(str(failure)) from None
    finally:
        for one in running:
            one.close()
        shutil.rmtree(folder, ignore_errors=True)


def from_kafka(broker):
    return lambda text: changed(text, FILE_SOURCE, f"    type: kafka\n    brokers: {broker.address}\n    topic: clicks\n"
                                                   "    format: json\n")


def to_redis(address):
    return lambda text: changed(text, EMBEDDED, f'{{type: redis, address: "{address}"}}')


def changed(text, part, by):
    if part not in text:
        raise Failure(f"bench/clicks.yaml has no {part!r}")
    return text.replace(part, by)


def create_topic(bench, broker, partitions):
    produce(bench, broker, 0, "--create", partitions)


def produce(bench, broker, events, *arguments):
    """Clicks into the topic: what was sent."""
    out = run([bench.binary("bench/bench_produce"), broker.address, "clicks", "--events", events, *arguments])["out"]
    counts = json.loads(out.strip().splitlines()[-1])
    if counts["acknowledged"] != counts["sent"]:
        raise Failure(f"only {counts['acknowledged']} of {counts['sent']} clicks were produced")
    return counts
