"""Freshness: from before an event is written to a file that the engine follows until another process can read it.

Once with the log on the disk, beside what one fdatasync takes there, and once with all of it in memory.
"""
import json
import os
import shutil
import time

from measuring import Engine, followed, run

RATES = (10_000, 100_000)
PROBE = """  probed:
    source: clicks
    entity: user
    where: user_id < 0
    features:
      newest: last(item_id)

feature_services:
  probe: {features: [probed]}
"""


def probed(definition):
    return followed(definition).replace("feature_services:\n", PROBE)


def measure(bench):
    syncs = sync_times(bench.path("sync.tmp"))
    bench.figures["sync_ms"] = syncs
    measure_on(bench, "disk", bench.folder, f"{syncs['p50']:.2f}, {syncs['p99']:.2f}: an fdatasync alone")
    memory = "/dev/shm"
    if os.path.isdir(memory) and os.access(memory, os.W_OK):
        measure_on(bench, "memory", memory, "")


def measure_on(bench, where, inside, reference):
    for rate in RATES:
        folder = bench.repository(f"skewless-freshness-{os.getpid()}", "clicks.yaml", probed, inside)
        try:
            clicks = os.path.join(folder, "clicks.jsonl")
            open(clicks, "w").close()
            engine = Engine(bench, folder)
            seen = json.loads(run([bench.binary("bench/bench_freshness"), folder, clicks, rate,
                                   bench.size["freshness_seconds"]])["out"])
            summary = engine.stop()
            bench.figures[f"{where}_{rate}"] = {**seen, "engine": summary}
            met = seen["p50_ms"] < 3 and seen["p99_ms"] < 10
            bench.add(f"log in {where}, {rate:,} events a second: p50, p99 in ms" if where == "memory" else
                      f"log on {where}, {rate:,} events a second: p50, p99 in ms",
                      f"{seen['p50_ms']:.2f}, {seen['p99_ms']:.2f}", reference,
                      target="3, 10" if rate == RATES[-1] else "", met=met if rate == RATES[-1] else None)
            bench.add("  cores that the engine took", f"{summary['cpu_seconds'] / summary['wall_seconds']:.2f}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sync_times(path):
    """What the disk takes to make 16 KiB durable, with a millisecond between."""
    times = []
    with open(path, "wb", buffering=0) as file:
        for _ in range(500):
            file.write(b"x" * 16384)
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(1e3 * (time.perf_counter() - start))
            time.sleep(0.001)
    os.remove(path)
    times.sort()
    return {"p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100], "max": times[-1]}
