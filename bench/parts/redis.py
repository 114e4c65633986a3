"""Rows to Redis through the versioned writer beside redis-benchmark's SET, and one vector from Redis through our reader
beside a raw GET, all of the same bytes and on one server of the benchmark's own."""
import json

from measuring import middle, run, spread

FILTER = "WriteVersioned/32/|SetByRedisBenchmark|ReadVector|RawGet"


def measure(bench):
    out = run([bench.binary("src/online_benchmark"), f"--benchmark_filter={FILTER}", "--benchmark_format=json",
               f"--benchmark_repetitions={bench.size['repetitions']}", "--benchmark_enable_random_interleaving=true"])["out"]
    measured = [one for one in json.loads(out)["benchmarks"] if one.get("run_type") == "iteration"]
    bench.figures = measured

    def of(name, figure):
        return [one[figure] for one in measured if one["name"].startswith(name)]

    rows = of("WriteVersioned", "items_per_second")
    for clients, name in ((50, "SetByRedisBenchmark/32/50/"), (1, "SetByRedisBenchmark/1024/1/")):
        sets = of(name, "items_per_second")
        ratio = middle(rows) / middle(sets)
        bench.add(f"rows of 416 bytes through the versioned writer, a second; SET pipelined by {clients}", spread(rows),
                  spread(sets), ratio, "0.5", ratio >= 0.5)
    for connections in (1, 16):
        suffix = f"/real_time/threads:{connections}"
        vector, get = of("ReadVector" + suffix, "p50_ns"), of("RawGet" + suffix, "p50_ns")
        ratio = middle(vector) / middle(get)
        bench.add(f"one vector from Redis, {connections} connection{'s' * (connections > 1)}: p50 in ns", spread(vector),
                  spread(get) + ", raw GET", ratio, "1.3 times", ratio <= 1.3)
