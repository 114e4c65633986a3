"""What the demo runs beside its servers: the producer of clicks, and the engine."""
import json
import os
import signal
import subprocess
import threading

from metrics import Metrics
from servers import free_port, spawn

DRAIN_SECONDS = 300


class Failed(Exception):
    pass


def create_topic(program, broker, topic, partitions):
    subprocess.run([program, broker.address, topic, "--create", str(partitions), "--events", "0", "--set", "log_level=2"],
                   stdout=subprocess.DEVNULL, check=True)


class Producer:
    """bench_produce beside us; `counts` is what it said last."""

    def __init__(self, program, broker, topic, acknowledged, options):
        clicks = int(options.rate * options.seconds)
        self.counts = dict.fromkeys(("sent", "duplicates", "late", "malformed", "acknowledged", "failed"), 0)
        self.process = spawn([program, broker.address, topic, "--events", clicks, "--rate", options.rate,
                              "--users", options.users, "--seed", options.seed, "--numbered", "--duplicates", "0.02",
                              "--late", "0.005", "--late-by", "7200", "--malformed", "0.001",
                              "--acknowledged", acknowledged, "--set", "log_level=2"],
                             stdout=subprocess.PIPE, text=True)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        for line in self.process.stdout:
            self.counts = json.loads(line)

    def ended(self):
        if self.process.poll() is None:
            return False
        self.listener.join()
        if self.process.returncode != 0:
            raise Failed(f"the producer ended with {self.process.returncode}: {self.counts}")
        return True


class Engine:
    """`skewless run`, life after life."""

    def __init__(self, program, folder):
        self.folder, self.port = folder, free_port()
        self.command = [program, "run", "-C", folder, "--json", "--listen", f"127.0.0.1:{self.port}"]
        self.log_path = os.path.join(folder, "engine.log")
        self.lived = Metrics()   # of the lives before
        self.metrics = Metrics()  # what the present one said last
        self.kills = 0
        self.process = None

    def start(self):
        self.metrics = Metrics()
        with open(self.log_path, "ab") as log:
            self.process = spawn(self.command, stdout=log, stderr=log)

    def kill(self):
        self.look()
        self.process.kill()
        self.process.wait()
        self.lived.add(self.metrics)
        self.kills += 1

    def restart(self):
        self.kill()
        self.start()

    def look(self):
        """Its metrics as they are now, or None while it starts. It must not have ended."""
        if self.process.poll() is not None:
            raise Failed(f"the engine ended by itself with {self.process.returncode}: {self.last_words()}")
        seen = Metrics.scrape(self.port)
        if seen is not None:
            self.metrics = seen
        return seen

    def stop(self):
        self.look()
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(DRAIN_SECONDS) != 0:
            raise Failed(f"the engine ended with {self.process.returncode}: {self.last_words()}")
        self.lived.add(self.metrics)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def last_words(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()[-1500:].strip()
