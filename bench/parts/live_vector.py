"""A vector of twelve features out of Redis, finished, beside a GET of the same row."""
import json
import shutil

from live_servers import servers, to_redis
from measuring import middle, run, spread

ENTITIES = 100_000


def measure(bench):
    entities = min(bench.size["entities"], ENTITIES)
    with servers(bench, broker=False) as (_, redis):
        folder = bench.repository("redis_vector", "clicks.yaml", to_redis(redis.address))
        # Three clicks each, hours apart.
        bench.make_clicks(folder, 3 * entities, entities / 14_400, entities, "even")
        bench.ingest(folder)
        for connections in (1, 16):
            rounds = json.loads(run([bench.binary("bench/bench_redis_vector"), folder, "spend", entities,
                                     bench.size["redis_reads"], 2 * bench.size["repetitions"], redis.address,
                                     connections])["out"])["rounds"]
            bench.figures[f"vectors_over_{connections}"] = rounds
            what = f"a vector of 12 features over {connections} connection{'s' * (connections > 1)}"

            def of(which, figure, rounds=rounds):
                return [one[which][figure] for one in rounds]
            ratio = middle(of("vector", "p50_us")) / middle(of("get", "p50_us"))
            bench.add(f"{what}: p50 in us", spread(of("vector", "p50_us"), "{:.1f}"),
                      spread(of("get", "p50_us"), "{:.1f}") + ", GET", ratio, "1.3 times", ratio <= 1.3)
            bench.add("p99 in us", spread(of("vector", "p99_us"), "{:.1f}"), spread(of("get", "p99_us"), "{:.1f}"),
                      middle(of("vector", "p99_us")) / middle(of("get", "p99_us")))
        shutil.rmtree(folder)
