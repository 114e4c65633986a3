"""One vector of twelve features, read in the process that wants it, beside LMDB giving the same entity's bytes."""
import json
import os
import shutil

from measuring import Failure, middle, run, spread


def measure(bench):
    entities = bench.size["entities"]
    folder = bench.repository("vector", "clicks.yaml")
    # Three clicks each, hours apart.
    bench.make_clicks(folder, 3 * entities, entities / 14_400, entities, "even")
    bench.ingest(folder)
    measured = json.loads(run([bench.binary("bench/bench_vector"), folder, "spend", entities, bench.size["reads"],
                               2 * bench.size["repetitions"], bench.path("lmdb")])["out"])
    bench.figures = measured
    if measured["entities"] != entities:
        raise Failure(f"the store has {measured['entities']:,} of {entities:,} entities")

    def of(what, figure):
        return [one[what][figure] for one in measured["rounds"]]
    vector, lmdb = of("vector", "p50_ns"), of("lmdb", "p50_ns")
    ratio = middle(vector) / middle(lmdb)
    bench.add(f"12 features of one in {entities:,}: p50 in ns", spread(vector), spread(lmdb) + ", LMDB's get", ratio,
              "2,000; 3 times", middle(vector) < 2000 and ratio <= 3)
    bench.add("p99 in ns", spread(of("vector", "p99_ns")), spread(of("lmdb", "p99_ns")),
              middle(of("vector", "p99_ns")) / middle(of("lmdb", "p99_ns")))
    bench.add("CPU in ns", spread(of("vector", "cpu_ns")), spread(of("lmdb", "cpu_ns")),
              middle(of("vector", "cpu_ns")) / middle(of("lmdb", "cpu_ns")))
    state = of("state", "p50_ns")
    bench.add(f"its state alone, {measured['state_bytes']:.0f} bytes: p50 in ns", spread(state), spread(lmdb),
              middle(state) / middle(lmdb))
    dense_state(bench)
    shutil.rmtree(folder)
    shutil.rmtree(bench.path("lmdb"))


def dense_state(bench):
    """What it takes to make twelve features from a state with all its tiles full, once it is in the cache."""
    out = run([bench.binary("src/kernel_benchmark"), "--benchmark_filter=BM_ReadTwelveFeatures$",
               "--benchmark_format=json", f"--benchmark_repetitions={bench.size['repetitions']}"])["out"]
    times = [{"us": 1e3, "ms": 1e6}.get(one["time_unit"], 1) * one["cpu_time"]
             for one in json.loads(out)["benchmarks"] if one.get("run_type") == "iteration"]
    bench.figures["dense_ns"] = times
    bench.add("features made from a state with all tiles full, CPU in ns", spread(times))
