"""The clicks job live: out of a Kafka topic, twelve features a user, a durable log and rows in Redis; beside the same
job on Flink with the same broker and the same Redis.

The topic is full when a job begins, so each runs as fast as it can. Ours writes a row that changed again before its
write went out only once; that is counted apart, and a second run with so many users that nothing can be spared shows
what a row costs.
"""
import shutil
import time

from live_servers import create_topic, from_kafka, produce, servers, to_redis
from measuring import Engine, Failure, cpu_of, middle, spread
from parts.clicks import Flink, steady

PARTITIONS = 2
LOADS = {"Zipf": [], "each user in turn": ["--even"]}


def measure(bench):
    for load, arguments in LOADS.items():
        with servers(bench) as (broker, redis):
            create_topic(bench, broker, PARTITIONS)
            produce(bench, broker, bench.size["live_clicks"], "--event-rate", 1000, *arguments)
            measure_load(bench, load, broker, redis)


def measure_load(bench, load, broker, redis):
    ours, flink, job, trouble = [], {"Redis": [], "nowhere": []}, None, None
    try:
        job = Flink(bench, f"kafka://{broker.address}/clicks")
    except Failure as failure:
        trouble = failure
    for _ in range(bench.size["repetitions"]):  # in turns, so that both meet what else the machine does
        redis.ask("FLUSHALL")
        ours.append(run_ours(bench, broker, redis))
        if trouble:
            continue
        try:
            for sink, arguments in (("Redis", [redis.address]), ("nowhere", [])):
                redis.ask("FLUSHALL")
                flink[sink].append(job.run("expert", bench.size["live_clicks"], bench.size["live_flink_seconds"],
                                           *arguments))
        except Failure as failure:
            trouble = failure
    bench.figures[load] = {"ours": ours, "flink": flink}
    show(bench, load, ours, flink)
    if trouble:
        raise Failure(f"Flink was left out: {trouble}")


def run_ours(bench, broker, redis):
    """From the start of the process until Redis has everything."""
    folder = bench.repository("live", "clicks.yaml",
                              lambda text: to_redis(redis.address)(from_kafka(broker)(text)))
    events = bench.size["live_clicks"]
    start = time.perf_counter()
    engine = Engine(bench, folder)
    engine.await_events(events)
    engine.await_written()
    wall, cpu = time.perf_counter() - start, cpu_of(engine.process)
    rows = engine.metric("skewless_online_rows_written_total")
    summary = engine.stop()
    if summary["events"] != events:
        raise Failure(f"{summary['events']} of {events} clicks came in")
    shutil.rmtree(folder)
    return {"events": events, "rows_written": rows, "cpu_seconds": cpu, "wall_seconds": wall, "summary": summary}


def show(bench, load, ours, flink):
    a_cpu_second = [one["events"] / one["cpu_seconds"] for one in ours]
    rows = [one["rows_written"] for one in ours]
    events = ours[0]["events"]
    if not flink["nowhere"]:
        bench.add(f"{events:,} clicks, {load}: events a CPU second", spread(a_cpu_second))
    else:
        theirs = [steady(one) for one in flink["Redis"]]
        # Flink's runs differ by half: ours must be so far ahead of the best of them, too.
        least = middle(a_cpu_second) / max(theirs)
        bench.add(f"{events:,} clicks, {load}: events a CPU second", spread(a_cpu_second),
                  f"{spread(theirs)}, Flink to Redis",
                  f"{middle(a_cpu_second) / middle(theirs):.2f}; {least:.2f} beside its best", "10 times", least >= 10)
        discarded = [steady(one) for one in flink["nowhere"]]
        bench.add("beside Flink with its rows discarded", "", spread(discarded),
                  middle(a_cpu_second) / middle(discarded))
    bench.add("rows written an event (the rest were coalesced)", spread([one / events for one in rows], "{:.3f}"),
              "1, Flink" if flink["Redis"] else "")
    bench.add("rows written a CPU second",
              spread([one["rows_written"] / one["cpu_seconds"] for one in ours]))
    bench.add("events a second of wall time", spread([one["events"] / one["wall_seconds"] for one in ours]))
