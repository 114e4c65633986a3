"""A slow store: each command to Redis takes 20 ms longer, while 20,000 events a second come over 5,000 keys; beside a
writer that waits for each row's answer. A probe reads rows meanwhile: none may go back. All keys' vectors are asked
for, in turn meanwhile and all of them at the end, and audited: what each rests on is what the log says, to the bit.
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

from live_servers import changed, create_topic, from_kafka, servers, to_redis
from measuring import HERE, Engine, Failure, free_port, run

DELAY_MS = 20
RATE = 20_000
USERS = 5_000
ASKED_AT_ONCE = 100


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
    folder = bench.repository("slow_store", "clicks.yaml",
                              lambda text: served(to_redis(address)(from_kafka(broker)(text))))
    engine = Engine(bench, folder)
    producer = subprocess.Popen([bench.binary("bench/bench_produce"), broker.address, "clicks", "--events",
                                 str(RATE * bench.size["slow_seconds"]), "--rate", str(RATE), "--users", str(USERS),
                                 "--even"], stdout=subprocess.PIPE, text=True)
    bench.started.append(producer)
    probe = subprocess.Popen([bench.program, "freshness", "--probe", "--json", "-C", folder, "--for",
                              f"{bench.size['slow_seconds']}s"], stdout=subprocess.PIPE, text=True)
    bench.started.append(probe)
    start, backlogs, next_user = time.monotonic(), [], 0
    while producer.poll() is None:
        backlogs.append(engine.metric("skewless_online_backlog_events"))
        ask(engine, next_user)
        next_user = (next_user + ASKED_AT_ONCE) % USERS
        time.sleep(0.1)
    counts = json.loads(producer.stdout.read().strip().splitlines()[-1])
    engine.await_events(counts["acknowledged"])
    engine.await_written()
    took = time.monotonic() - start
    rows = engine.metric("skewless_online_rows_written_total")
    limit = engine.metric("skewless_online_backlog_limit_events")
    in_store = sum(sum(ask(engine, first)) for first in range(0, USERS, ASKED_AT_ONCE))
    probed = json.loads(probe.communicate(timeout=60)[0])
    summary = engine.stop()
    audit = json.loads(run([bench.program, "audit", "-C", folder, "--json"], may_say_no=True)["out"])
    events_a_second = counts["acknowledged"] / took
    bench.figures = {"synchronous_rows_per_second": synchronous, "events_per_second": events_a_second, "rows": rows,
                     "seconds": took, "backlogs": backlogs, "backlog_limit": limit, "in_store": in_store,
                     "probed": probed, "summary": summary, "audit": audit}
    ratio = events_a_second / synchronous
    bench.add(f"{DELAY_MS} ms a command, {USERS:,} keys: events a second until readable", f"{events_a_second:,.0f}",
              f"{synchronous:.0f}, a synchronous writer's rows", ratio, "100 times", ratio >= 100)
    bench.add("rows written a second", f"{rows / took:,.0f}", f"{synchronous:.0f}", rows / took / synchronous)
    bench.add("events that waited for the store, at most", f"{max(backlogs):,.0f}",
              f"{counts['acknowledged']:,} in all", target=f"{limit:,.0f}, the limit", met=max(backlogs) <= limit)
    show_loss(bench, counts["acknowledged"], summary["events"], in_store)
    show_audit(bench, audit)
    view, = probed["views"]
    back = probed["rows_went_back"] + probed["rows_not_in_log"]
    bench.add(f"rows that went back, or were ahead of the log, in {probed['looks']:,} looks at {view['entities']} rows",
              f"{back:,}", target="0", met=back == 0 and view["records"] > 0)
    shutil.rmtree(folder)


def served(definition):
    return changed(definition, "threads: 2}", "threads: 2, served_log: var/served}")


def ask(engine, first):
    """How many clicks each user from `first` on has had, of the store's rows; what is answered is audited later."""
    body = json.dumps({"feature_service": "spend",
                       "entities": {"user_id": list(range(first, first + ASKED_AT_ONCE))}}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{engine.port}/get-online-features", body,
                                                       {"Content-Type": "application/json"}), timeout=60) as reply:
        answer = json.load(reply)
    count = answer["metadata"]["feature_names"].index("count_24h")
    return [value or 0 for value in answer["results"][count]["values"]]


def show_loss(bench, sent, logged, in_store):
    """Of all events: those that the log lacks or has twice, and those that the store's rows don't tell of."""
    bench.add("of the events sent: not in the log; not in the store's rows", f"{sent - logged:,}; {sent - in_store:,}",
              f"{sent:,} sent", target="0; 0", met=sent == logged == in_store)


def show_audit(bench, audit):
    """At the end each key's vector was asked for: fewer were not all of them."""
    bench.add("vectors that differ from the log's, of all keys", f"{audit['different_rows']:,}",
              f"{audit['rows']:,} asked for", target="0",
              met=audit["different_rows"] == 0 and audit["not_yet_known"] == 0 and audit["rows"] >= USERS)

