"""How bench/run and bench/growth measure: programs with what they cost, engines, spreads, and the table."""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "servers"))
from servers import free_port  # noqa: E402

PEER_PYTHON = os.path.join(ROOT, "build", "deps", "venv", "bin", "python")


class Failure(Exception):
    """What could not be measured, or is not as it must be; the other parts go on."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(arguments, stdout=None, limit=None, environment=None, may_say_no=False):
    """Runs a program to its end: its output, wall and CPU seconds, and peak memory. `may_say_no`: exit code 1 is a
    finding, told in its output, where it has one."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen([str(a) for a in arguments], stdout=stdout or out, stderr=err, env=environment)
        status, usage = await_end(process, limit)
        wall = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        output = out.read().decode()
        if status != 0 and not (may_say_no and status == 1 and output.strip()):
            raise Failure(f"{' '.join(str(a) for a in arguments)} ended with {status} after {wall:.1f} s: "
                          + err.read().decode(errors="replace")[-400:].strip())
        return {"out": output, "status": status, "wall_seconds": wall, "cpu_seconds": usage.ru_utime + usage.ru_stime,
                "peak_mib": usage.ru_maxrss / 1024}


def await_end(process, limit=None):
    deadline = None if limit is None else time.monotonic() + limit
    while True:
        pid, status, usage = os.wait4(process.pid, 0 if deadline is None else os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.monotonic() > deadline:
            process.kill()
            deadline = None
        time.sleep(0.02)


def costs(measured):
    return {name: round(measured[name], 3) for name in ("wall_seconds", "cpu_seconds", "peak_mib")}


def cpu_of(process):
    """The CPU seconds that a running process has taken."""
    with open(f"/proc/{process.pid}/stat") as file:
        user, system = file.read().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def machine():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 2**20
    return {"cpu": models[0] if models else "unknown", "cores": len(os.sched_getaffinity(0)),
            "memory_gib": round(memory, 1), "system": f"Linux {os.uname().release}"}


def middle(values):
    return statistics.median(values)


def spread(values, form="{:,.0f}"):
    """The median, and the least and the most where there are several."""
    text = form.format(middle(values))
    if len(values) > 1:
        text += f" ({form.format(min(values))} to {form.format(max(values))})"
    return text


def followed(definition):
    """bench/clicks.yaml with an engine that goes on when it has read all clicks."""
    return definition.replace("path: clicks.jsonl", "path: clicks.jsonl\n    follow: true")


class Engine:
    """`skewless run` beside us, serving where its repository says so."""

    def __init__(self, bench, folder, *arguments, stderr=None):
        self.log_path = os.path.join(folder, "engine.log")
        self.port = free_port()
        self.start = time.perf_counter()
        with open(self.log_path, "wb") as said:
            self.process = subprocess.Popen(
                [bench.program, "run", "-C", folder, "--listen", f"127.0.0.1:{self.port}", "--json", *arguments],
                stdout=said, stderr=stderr or said)
        bench.started.append(self.process)
        self.seconds_to_answer = self.await_health()

    def await_health(self):
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as reply:
                    if reply.status == 200:
                        return time.perf_counter() - self.start
            except OSError:
                self.check_alive()
            if time.perf_counter() - self.start > 900:
                self.process.kill()
                raise Failure("the engine did not answer within a quarter of an hour")
            time.sleep(0.005)

    def said(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def check_alive(self):
        if self.process.poll() is not None:
            raise Failure(f"the engine ended by itself with {self.process.returncode}: {self.said()[-400:].strip()}")

    def metric(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as reply:
            for line in reply.read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.split()[1])
        raise Failure(f"/metrics has no {name}")

    def await_events(self, events):
        while self.metric("skewless_events_accepted_total") < events:
            self.check_alive()
            time.sleep(0.05)

    def await_written(self):
        """Until the store elsewhere has all rows."""
        while self.metric("skewless_online_caught_up") != 1:
            self.check_alive()
            time.sleep(0.02)

    def kill(self):
        self.check_alive()
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it in an orderly way: its summary."""
        self.check_alive()
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait() != 0:
            raise Failure(f"the engine ended with {self.process.returncode}: {self.said()[-400:].strip()}")
        return json.loads(self.said().strip().splitlines()[-1])


class Bench:
    def __init__(self, program, folder, size_name, size):
        self.program = os.path.realpath(program)
        self.built = os.path.dirname(self.program)
        self.folder = os.path.join(os.path.abspath(folder), size_name)
        self.size_name, self.size = size_name, size
        self.failures = []
        self.started = []  # processes that must not outlive their part
        os.makedirs(self.folder, exist_ok=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def binary(self, name):
        path = os.path.join(self.built, name)
        if not os.path.exists(path):
            raise Failure(f"{path} is not built: run make first")
        return path

    def repository(self, name, definition, change=lambda text: text, inside=None):
        """A new folder with a definition of bench/."""
        folder = os.path.join(inside or self.folder, name)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        with open(os.path.join(HERE, definition)) as source, \
                open(os.path.join(folder, "skewless.yaml"), "w") as target:
            target.write(change(source.read()))
        return folder

    def make_clicks(self, folder, events, rate, *users):
        """The clicks end now, so that what is read soon afterwards finds full windows."""
        path = os.path.join(folder, "clicks.jsonl")
        with open(path, "wb") as file:
            run([self.binary("bench/bench_clicks"), events, rate, int(time.time() * 1000), *users], stdout=file)
        return path

    def ingest(self, folder, *arguments):
        """`skewless run --once` from nothing: its summary, and what the process cost."""
        shutil.rmtree(os.path.join(folder, "var"), ignore_errors=True)
        measured = run([self.program, "run", "-C", folder, "--once", "--json", *arguments])
        return {"summary": json.loads(measured["out"]), **costs(measured)}

    # -- parts and their rows ------------------------------------------------------------------------------------

    def saved(self, part):
        try:
            with open(self.path(f"{part}.json")) as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    def measure(self, part, job):
        say(f"{part} ({self.size_name} size)")
        self.rows, self.figures = [], {}
        start, load = time.time(), os.getloadavg()[0]
        before = len(self.failures)
        try:
            job(self)
        except Failure as failure:
            self.failures.append(f"{part}: {failure}")
        finally:
            self.end_started()
        result = {"part": part, "size": self.size_name, "measured": time.strftime("%Y-%m-%d %H:%M", time.gmtime(start)),
                  "seconds": round(time.time() - start, 1), "load": [load, os.getloadavg()[0]], "machine": machine(),
                  "failures": self.failures[before:], "rows": self.rows, "figures": self.figures}
        with open(self.path(f"{part}.json"), "w") as file:
            json.dump(result, file, indent=1)
        return result

    def end_started(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.started.clear()

    def add(self, what, ours, reference="", ratio="", target="", met=None):
        """A row of the table. `met` says whether the target is."""
        verdict = "" if met is None else ("met" if met else "MISSED")
        self.rows.append([what, ours, reference, ratio if isinstance(ratio, str) else f"{ratio:.2f}", target, verdict])
        say("  " + " | ".join(cell.strip() for cell in self.rows[-1] if cell))


def print_table(results):
    """One table of all parts, and what is to be known about the run."""
    about = results[0]["machine"]
    loads = [load for result in results for load in result["load"]]
    print(f"{about['cpu']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}; "
          f"sizes: {results[0]['size']}; load {min(loads):.1f} to {max(loads):.1f}")
    if results[0]["load"][0] > 1 or max(loads) > about["cores"] + 2:
        print("The machine had other work too: compare CPU seconds rather than wall time.")
    rows = [["", "Skewless", "reference", "ratio", "target", ""]]
    for result in results:
        rows += [["", "", "", "", "", ""], [result["part"], "", "", "", "", ""]]
        rows += [["  " + row[0], *row[1:]] for row in result["rows"]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    print("\nSeveral repetitions: the median (the least to the most).")
    if any(row[-1] == "MISSED" for row in rows):
        print("What bounds those that are MISSED: docs/performance.md.")
