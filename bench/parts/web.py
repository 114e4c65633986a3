"""One vector a request over HTTP, beside the library alone answering a constant of the same size.

The target is judged by the server's CPU a request: a load generator, a server and whatever else runs share the same
few cores, and requests a second then tell who got them.
"""
import os
import shutil
import subprocess
import time
import urllib.request

from measuring import HERE, Engine, Failure, cpu_of, free_port, middle, run, spread

BODY = b'{"feature_service":"spend","entities":{"user_id":[1]}}'


def measure(bench):
    if shutil.which("wrk") is None:
        raise Failure("needs wrk: run tools/bootstrap --bench")
    folder = bench.repository("http", "clicks.yaml")
    bench.make_clicks(folder, min(bench.size["clicks"], 1_000_000), 1000)
    bench.ingest(folder)
    engine = Engine(bench, folder)
    request = urllib.request.Request(f"http://127.0.0.1:{engine.port}/get-online-features", BODY,
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        size = len(reply.read())
    port = free_port()
    constant = subprocess.Popen([bench.binary("bench/bench_http_constant"), str(port), str(size)])
    bench.started.append(constant)
    time.sleep(0.3)
    rounds = {connections: [] for connections in (1, 16)}
    for _ in range(bench.size["http_rounds"]):
        for connections, measured in rounds.items():
            measured.append({"ours": wrk(bench, engine.process, engine.port, connections),
                             "constant": wrk(bench, constant, port, connections)})
    bench.end_started()
    bench.figures = {"reply_bytes": size, "rounds": rounds}
    for connections, measured in rounds.items():
        show(bench, connections, measured, size)
    shutil.rmtree(folder)


def show(bench, connections, rounds, size):
    def of(figure):
        return [one["ours"][figure] for one in rounds], [one["constant"][figure] for one in rounds]
    name = f"{connections} connection{'s' * (connections > 1)}"
    ours, theirs = of("requests_per_second")
    bench.add(f"{name}: vectors a second", spread(ours), spread(theirs) + f", a constant of {size} bytes",
              middle(ours) / middle(theirs))
    ours, theirs = of("cpu_us")
    # As many a CPU second as this share of the constant's.
    ratio = middle(theirs) / middle(ours)
    bench.add("  the server's CPU a request, us", spread(ours, "{:.1f}"), spread(theirs, "{:.1f}"),
              f"{ratio:.2f} as many a CPU second", "0.7", ratio >= 0.7)
    for quantile in ("p50", "p99"):
        ours, theirs = of(f"{quantile}_us")
        bench.add(f"  as the client saw it: {quantile} in us", spread(ours), spread(theirs),
                  middle(ours) / middle(theirs))


def wrk(bench, server, port, connections):
    before = cpu_of(server)
    out = run(["wrk", "-t1", f"-c{connections}", f"-d{bench.size['http_seconds']}s", "--latency", "-s",
               os.path.join(HERE, "read.lua"), f"http://127.0.0.1:{port}/get-online-features"])["out"]
    cpu = cpu_of(server) - before
    if "Non-2xx" in out or "Socket errors" in out:
        raise Failure("the server did not answer 200: " + out)
    requests = next(int(line.split()[0]) for line in out.splitlines() if " requests in " in line)
    words = {line.split()[0].rstrip(":"): line.split()[1] for line in out.splitlines() if len(line.split()) > 1}
    return {"requests_per_second": float(words["Requests/sec"]), "cpu_us": 1e6 * cpu / requests,
            "p50_us": microseconds(words["50%"]), "p99_us": microseconds(words["99%"])}


def microseconds(text):
    for unit, factor in (("us", 1), ("ms", 1e3), ("s", 1e6)):
        if text.endswith(unit):
            return factor * float(text[:-len(unit)])
    raise Failure(f"wrk gave a time that is none: {text}")
