"""Freshness: from when an event is due in a file that the engine follows until another process can read it.

Once with the log on the disk, beside what one fdatasync takes there, and once with all of it in memory.
"""
import json
import os
import shutil
import time

from measuring import Engine, followed, middle, run, spread

RATES = (10_000, 100_000)
REACHED = 0.98  # of the wanted rate: below it a run was of another load than its row says
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
    measure_on(bench, "disk", bench.folder, f"{syncs['p50']:.2f}; {syncs['p99']:.2f}, an fdatasync alone")
    memory = "/dev/shm"
    if os.path.isdir(memory) and os.access(memory, os.W_OK):
        measure_on(bench, "memory", memory, "")


def measure_on(bench, where, inside, reference):
    for rate in RATES:
        rounds = [measure_once(bench, inside, rate) for _ in range(bench.size["repetitions"])]
        bench.figures[f"{where}_{rate}"] = rounds
        add_latency(bench, f"log {'in' if where == 'memory' else 'on'} {where}, {rate:,} events a second", rate, rounds,
                    (3, 10) if rate == RATES[-1] else None, reference)
        bench.add("cores that the engine took",
                  spread([one["engine"]["cpu_seconds"] / one["engine"]["wall_seconds"] for one in rounds], "{:.2f}"))


def add_latency(bench, what, rate, rounds, limits=None, reference=""):
    """A row of p50 and p99, and one of the rate: no latency meets its limits under less than the wanted load."""
    p50, p99 = ([one[name] for one in rounds] for name in ("p50_ms", "p99_ms"))
    rates = [one["events_per_second"] for one in rounds]
    reached = min(rates) >= REACHED * rate
    met = reached and middle(p50) < limits[0] and middle(p99) < limits[1] if limits else None
    bench.add(f"{what}: p50; p99 in ms", f"{spread(p50, '{:.2f}')}; {spread(p99, '{:.2f}')}", reference,
              target=f"{limits[0]}; {limits[1]}" if limits else "", met=met)
    bench.add("the rate that was reached" if reached else "the rate, NOT REACHED", spread(rates), f"{rate:,}",
              min(rates) / rate, f"{REACHED}, each time", reached)


def measure_once(bench, inside, rate):
    folder = bench.repository(f"skewless-freshness-{os.getpid()}", "clicks.yaml", probed, inside)
    try:
        clicks = os.path.join(folder, "clicks.jsonl")
        open(clicks, "w").close()
        engine = Engine(bench, folder)
        seen = json.loads(run([bench.binary("bench/bench_freshness"), folder, clicks, rate,
                               bench.size["freshness_seconds"]])["out"])
        return {**seen, "engine": engine.stop()}
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
