"""A slow store: each command to Redis takes 20 ms longer, while 20,000 events a second come over 5,000 keys; beside a
writer that waits for each row's answer. A probe reads rows meanwhile: none may go back.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import time

from live_servers import create_topic, from_kafka, servers, to_redis
from measuring import HERE, Engine, Failure, free_port, run

DELAY_MS = 20
RATE = 20_000
USERS = 5_000


def measure(bench):
    with servers(bench) as (broker, redis):
        create_topic(bench, broker, 2)
        port = free_port()
        proxy = subprocess.Popen([sys.executable, os.path.join(HERE, "delaying_proxy.py"), str(port), str(redis.port),
                                  str(DELAY_MS)])
        bench.started.append(proxy)
        await_port(port)
        synchronous = json.loads(run([bench.binary("bench/bench_redis_rows"), f"127.0.0.1:{port}", 100, 1000,
                                      min(5, bench.size["slow_seconds"]), 1])["out"])["rows_per_second"]
        redis.ask("FLUSHALL")
        measure_ours(bench, broker, f"127.0.0.1:{port}", synchronous)


def await_port(port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Failure("the proxy did not start")


def measure_ours(bench, broker, address, synchronous):
    folder = bench.repository("slow_store", "clicks.yaml", lambda text: to_redis(address)(from_kafka(broker)(text)))
    engine = Engine(bench, folder)
    producer = subprocess.Popen([bench.binary("bench/bench_produce"), broker.address, "clicks", "--events",
                                 str(RATE * bench.size["slow_seconds"]), "--rate", str(RATE), "--users", str(USERS),
                                 "--even"], stdout=subprocess.PIPE, text=True)
    bench.started.append(producer)
    probe = subprocess.Popen([bench.program, "freshness", "--probe", "--json", "-C", folder, "--for",
                              f"{bench.size['slow_seconds']}s"], stdout=subprocess.PIPE, text=True)
    bench.started.append(probe)
    start, backlogs = time.monotonic(), []
    while producer.poll() is None:
        backlogs.append(engine.metric("skewless_online_backlog_events"))
        time.sleep(0.1)
    counts = json.loads(producer.stdout.read().strip().splitlines()[-1])
    engine.await_events(counts["acknowledged"])
    engine.await_written()
    took = time.monotonic() - start
    rows = engine.metric("skewless_online_rows_written_total")
    probed = json.loads(probe.communicate(timeout=60)[0])
    summary = engine.stop()
    events_a_second = counts["acknowledged"] / took
    bench.figures = {"synchronous_rows_per_second": synchronous, "events_per_second": events_a_second, "rows": rows,
                     "seconds": took, "backlogs": backlogs, "probed": probed, "summary": summary}
    ratio = events_a_second / synchronous
    bench.add(f"{DELAY_MS} ms a command, {USERS:,} keys: events a second until readable", f"{events_a_second:,.0f}",
              f"{synchronous:.0f}, a synchronous writer's rows", ratio, "100 times", ratio >= 100)
    bench.add("rows written a second", f"{rows / took:,.0f}", f"{synchronous:.0f}", rows / took / synchronous)
    bench.add("events that waited for the store, at most", f"{max(backlogs):,.0f}", f"{counts['acknowledged']:,} in all")
    lost = counts["acknowledged"] - summary["events"]
    bench.add("events lost", f"{lost:,}", target="0", met=lost == 0)
    view, = probed["views"]
    back = probed["rows_went_back"] + probed["rows_not_in_log"]
    bench.add(f"rows that went back, or were ahead of the log, in {probed['looks']:,} looks at {view['entities']} rows",
              f"{back:,}", target="0", met=back == 0 and view["records"] > 0)
    shutil.rmtree(folder)

