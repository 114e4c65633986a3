"""The clicks job: JSON in, a durable log and twelve features a user out, beside the same job on Flink.

Both read the same file. Ours is charged with the whole process, its start and end too; Flink with the second half
of its run, when its code is compiled, and with no store: its rows are discarded.
"""
import json
import os
import shutil

from measuring import HERE, Failure, costs, middle, run, spread

# What Flink's own scripts give a Java of this age.
OPENED = ["java.util", "java.lang", "java.util.concurrent", "java.time", "java.nio"]


def measure(bench):
    folder = bench.repository("clicks", "clicks.yaml")
    clicks = bench.make_clicks(folder, bench.size["clicks"], 1000)
    bytes_each = os.path.getsize(clicks) / bench.size["clicks"]
    flink, trouble = None, None
    try:
        flink = Flink(bench, clicks)
    except Failure as failure:
        trouble = failure
    ours, expert = [], []
    for _ in range(bench.size["repetitions"]):
        ours.append(checked(bench, bench.ingest(folder)))
        if flink:
            expert.append(flink.run("expert", bench.size["flink_clicks"], 600))
    windows = flink.run("windows", bench.size["flink_clicks"], bench.size["windows_seconds"]) if flink else None
    bench.figures = {"ours": ours, "flink_expert": expert, "flink_windows": windows}
    show(bench, ours, expert, windows, bytes_each)
    os.remove(clicks)
    if trouble:
        raise Failure(f"Flink was left out: {trouble}")


def checked(bench, measured):
    summary = measured["summary"]
    if summary["events"] != bench.size["clicks"] or summary["dead_letters"]:
        raise Failure(f"only {summary['events']} of {bench.size['clicks']} clicks came in")
    return measured


def show(bench, ours, expert, windows, bytes_each):
    events = bench.size["clicks"]
    a_cpu_second = [events / one["cpu_seconds"] for one in ours]
    what = f"{events:,} clicks of {bytes_each:.0f} bytes: events a CPU second"
    bench.add(what, spread(a_cpu_second), target="1,000,000", met=middle(a_cpu_second) >= 1e6)
    if expert:
        theirs = [steady(one) for one in expert]
        ratio = middle(a_cpu_second) / middle(theirs)
        bench.add("beside an expert's job on Flink", "", spread(theirs), ratio, "4 times", ratio >= 4)
        theirs = steady(windows)
        ratio = middle(a_cpu_second) / theirs
        bench.add("beside Flink's sliding windows", "", f"{theirs:,.0f}", ratio, "100 times", ratio >= 100)
    walls = [events / one["wall_seconds"] for one in ours]
    their_walls = [one["second_half"]["events"] / one["second_half"]["wall_seconds"] for one in expert]
    bench.add("events a second of wall time", spread(walls), spread(their_walls) + ", expert" if expert else "",
              middle(walls) / middle(their_walls) if expert else "")
    bench.add("memory at its peak, MiB", spread([one["peak_mib"] for one in ours]),
              spread([one["peak_mib"] for one in expert]) + ", expert" if expert else "")
    summary = ours[-1]["summary"]
    view = summary["views"][0]
    bench.add("the log, bytes an event", f"{summary['log_bytes'] / events:.1f}", f"{bytes_each:.1f} as JSON",
              summary["log_bytes"] / events / bytes_each)
    bench.add(f"the store, bytes an entity ({view['rows']:,})", f"{view['bytes'] / view['rows']:,.0f}")


def steady(job):
    half = job["second_half"]
    return half["events"] / half["cpu_seconds"]


class Flink:
    """bench/flink, built with Maven."""

    def __init__(self, bench, clicks):
        self.clicks, self.scratch = clicks, bench.path("flink")
        for tool in ("java", "mvn"):
            if shutil.which(tool) is None:
                raise Failure(f"needs {tool}: run tools/bootstrap --bench")
        self.built = os.path.join(os.path.dirname(bench.folder), "flink")
        pom = os.path.join(HERE, "flink", "pom.xml")
        run(["mvn", "-B", "-q", "-f", pom, f"-Dbuilt={self.built}", "package", "dependency:copy-dependencies",
             f"-DoutputDirectory={self.built}/lib", "-DincludeScope=runtime"], limit=900)

    def run(self, design, events, seconds, *redis):
        shutil.rmtree(self.scratch, ignore_errors=True)
        measured = run(["java", "-Xms4g", "-Xmx4g", "-XX:+UseParallelGC",
                        *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED),
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                        "-cp", f"{self.built}/clicks-on-flink.jar:{self.built}/lib/*", "skewless.ClicksJob",
                        design, self.clicks, events, seconds, self.scratch, *redis], limit=seconds + 120)
        shutil.rmtree(self.scratch, ignore_errors=True)
        job = json.loads(measured["out"].strip().splitlines()[-1])
        return {**job, **{f"process_{name}": value for name, value in costs(measured).items()},
                "peak_mib": measured["peak_mib"]}
