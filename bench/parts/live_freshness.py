"""Freshness live: from just before a click is handed to a Kafka client until another process can read it in Redis."""
import json
import shutil

from live_servers import create_topic, from_kafka, servers, to_redis
from measuring import Engine, run
from parts.freshness import PROBE

RATES = (5_000, 50_000)


def measure(bench):
    with servers(bench) as (broker, redis):
        create_topic(bench, broker, 2)
        for rate in RATES:
            measure_rate(bench, broker, redis, rate)


def probed(broker, redis):
    return lambda text: to_redis(redis.address)(from_kafka(broker)(text)).replace("feature_services:\n", PROBE)


def measure_rate(bench, broker, redis, rate):
    redis.ask("FLUSHALL")
    folder = bench.repository("live_freshness", "clicks.yaml", probed(broker, redis))
    engine = Engine(bench, folder)
    seen = json.loads(run([bench.binary("bench/bench_freshness"), folder, f"kafka://{broker.address}/clicks", rate,
                           bench.size["freshness_seconds"]])["out"])
    rows = engine.metric("skewless_online_rows_written_total")
    summary = engine.stop()
    bench.figures[f"{rate}"] = {**seen, "rows_written": rows, "engine": summary}
    met = seen["p50_ms"] < 5 and seen["p99_ms"] < 25
    last = rate == RATES[-1]
    bench.add(f"Kafka to Redis, {rate:,} events a second: p50, p99 in ms", f"{seen['p50_ms']:.2f}, {seen['p99_ms']:.2f}",
              target="5, 25" if last else "", met=met if last else None)
    bench.add("  the rate that was reached; cores that the engine took",
              f"{seen['events_per_second']:,.0f}; {summary['cpu_seconds'] / summary['wall_seconds']:.2f}")
    shutil.rmtree(folder)
