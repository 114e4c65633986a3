"""kill -9 with everything logged: how long until the engine answers again, its store rebuilt from the log.

The engine follows its file. One whose sources have ended closes its store, and has nothing to rebuild.
"""
import json
import os
import pty
import shutil
import threading

from measuring import Engine, Failure, cpu_of, followed, middle, run, spread


def measure(bench):
    events = bench.size["recovery"]
    folder = bench.repository("recovery", "clicks.yaml", followed)
    bench.make_clicks(folder, events, 1000)
    engine = Engine(bench, folder)
    engine.await_events(events // 2)
    engine.kill()
    engine = Engine(bench, folder)
    half_way, half_way_cpu = engine.seconds_to_answer, cpu_of(engine.process)
    recovered = engine_recovered(engine)
    engine.await_events(events - recovered)
    check_log(bench, folder, events)
    seconds, cpu_seconds, progress = [], [], ""
    for _ in range(bench.size["repetitions"]):
        engine.kill()
        engine, progress = start_on_terminal(bench, folder)
        seconds.append(engine.seconds_to_answer)
        cpu_seconds.append(cpu_of(engine.process))
        if (rebuilt := engine_recovered(engine)) != events:
            raise Failure(f"the store was rebuilt from {rebuilt} events, not {events}")
    summary = engine.stop()
    if not summary["rebuilt"]:
        raise Failure("the engine says that it rebuilt nothing")
    bench.figures = {"half_way_seconds": half_way, "half_way_cpu_seconds": half_way_cpu, "seconds": seconds,
                     "cpu_seconds": cpu_seconds, "events": events, "progress": progress[-200:]}
    bench.add(f"kill -9, {events:,} events logged: seconds until it answers", spread(seconds, "{:.2f}"),
              target="10", met=middle(seconds) < 10)
    bench.add("CPU seconds until it answers", spread(cpu_seconds, "{:.2f}"))
    bench.add("events rebuilt a second", spread([events / one for one in seconds]))
    bench.add("events rebuilt a CPU second", spread([events / one for one in cpu_seconds]))
    bench.add("progress is printed meanwhile", "yes" if "recovering" in progress else "NO",
              met="recovering" in progress, target="yes")
    bench.add("kill -9 half way: seconds until it answers; CPU seconds. Then all are there, none twice",
              f"{half_way:.2f}; {half_way_cpu:.2f}")
    shutil.rmtree(folder)


def engine_recovered(engine):
    """How many events the log held when the engine started."""
    return int(engine.metric("skewless_recovered_events_total"))


def check_log(bench, folder, events):
    segments = json.loads(run([bench.program, "log", "-C", folder, "--verify", "--json"])["out"])
    kept = sum(segment["records"] for segment in segments)
    if kept != events:
        raise Failure(f"after kill -9 and a restart the log has {kept} events, not {events}")


def start_on_terminal(bench, folder):
    """An engine whose standard error is a terminal, and what it wrote there until it answered."""
    ours, theirs = pty.openpty()
    written = []

    def read():
        while True:
            try:
                text = os.read(ours, 65536)
            except OSError:
                break
            if not text:
                break
            written.append(text)
        os.close(ours)
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    engine = Engine(bench, folder, stderr=theirs)
    os.close(theirs)
    return engine, b"".join(written).decode(errors="replace")
