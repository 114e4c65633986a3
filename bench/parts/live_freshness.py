"""Freshness live: from when a click is due to be handed to a Kafka client until another process can read it in Redis.

Everything shares the machine's cores: the producer and the reader, the broker, the engine and Redis. What each of the
servers took of them is told, so that the load has a name.
"""
import json
import shutil
import time

from live_servers import changed, create_topic, from_kafka, servers, to_redis
from measuring import Engine, cpu_of, run, spread
from parts.freshness import PROBE, add_latency

RATES = (5_000, 50_000)


def measure(bench):
    with servers(bench) as (broker, redis):
        create_topic(bench, broker, 2)
        for rate in RATES:
            measure_rate(bench, broker, redis, rate)


def probed(broker, redis):
    """From where the topic ends now: clicks of the times before were never of this engine's."""
    def repository(text):
        text = changed(from_kafka(broker)(text), "    topic: clicks\n", "    topic: clicks\n    start: latest\n")
        return to_redis(redis.address)(text).replace("feature_services:\n", PROBE)
    return repository


def measure_rate(bench, broker, redis, rate):
    rounds = [measure_once(bench, broker, redis, rate) for _ in range(bench.size["repetitions"])]
    bench.figures[f"{rate}"] = rounds
    add_latency(bench, f"Kafka to Redis, {rate:,} events a second", rate, rounds,
                (5, 25) if rate == RATES[-1] else None)
    bench.add("cores that the engine, the broker and Redis took",
              "; ".join(spread([one[f"{name}_cores"] for one in rounds], "{:.2f}")
                        for name in ("engine", "broker", "redis")))


def measure_once(bench, broker, redis, rate):
    redis.ask("FLUSHALL")
    folder = bench.repository("live_freshness", "clicks.yaml", probed(broker, redis))
    engine = Engine(bench, folder)
    processes = {"engine": engine.process, "broker": broker.process, "redis": redis.process}
    before, start = {name: cpu_of(one) for name, one in processes.items()}, time.perf_counter()
    seen = json.loads(run([bench.binary("bench/bench_freshness"), folder, f"kafka://{broker.address}/clicks", rate,
                           bench.size["freshness_seconds"]])["out"])
    took = time.perf_counter() - start
    for name, one in processes.items():
        seen[f"{name}_cores"] = (cpu_of(one) - before[name]) / took
    seen["rows_written"] = engine.metric("skewless_online_rows_written_total")
    seen["engine"] = engine.stop()
    shutil.rmtree(folder)
    return seen
