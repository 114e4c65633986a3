"""A real Kafka broker and a real Redis on loopback, for the tests, the demos and the bench: each in a folder of its own
and on free ports, stopped by its own process id, and gone with whoever started it, however that one ends.

Start them from a thread that lives as long as they shall: the kernel ends them with it.
"""
import contextlib
import os
import random
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE_SECONDS = 120


class ServerFailed(Exception):
    pass


def free_ports(count):
    """Below those that the kernel gives to connections, and to whoever asks for any: ours are bound seconds later."""
    ports, probes = [], []
    try:
        while len(ports) < count:
            port = random.SystemRandom().randrange(10_000, 32_000)
            probes.append(socket.socket())
            with contextlib.suppress(OSError):
                probes[-1].bind(("127.0.0.1", port))
                ports.append(port)
        return ports
    finally:
        for probe in probes:
            probe.close()


def free_port():
    return free_ports(1)[0]


def spawn(arguments, **options):
    """A child in a session of its own, so that Ctrl-C reaches us alone; the kernel kills it when we are gone."""
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *(str(one) for one in arguments)],
                            stdin=subprocess.DEVNULL, start_new_session=True, **options)


def await_port(port, process, log_path):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            with open(log_path, errors="replace") as log:
                raise ServerFailed(f"{process.args[3]} ended with {process.returncode}: {log.read()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise ServerFailed(f"{process.args[3]} did not answer within {PATIENCE_SECONDS} s")


class Server:
    """begin() starts it and returns at once, ready() waits; after kill() both go on with its port and files."""

    def __init__(self, folder, port):
        self.folder, self.port = os.path.abspath(folder), port
        self.address = f"127.0.0.1:{port}"
        self.log_path = os.path.join(self.folder, "server.log")
        self.process = None
        os.makedirs(self.folder, exist_ok=True)

    def start(self):
        self.begin()
        self.ready()

    def begin(self):
        with open(self.log_path, "ab") as log:
            self.process = spawn(self.command(), stdout=log, stderr=log)

    def ready(self):
        await_port(self.port, self.process, self.log_path)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stand_still(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()


class Broker(Server):
    """One node of Kafka; tools/bootstrap --test installs it."""

    def __init__(self, folder, *settings):
        port, self.controller_port = free_ports(2)
        super().__init__(folder, port)
        self.settings = settings

    def command(self):
        return [os.path.join(ROOT, "tests", "servers", "kafka"), self.folder, self.port, self.controller_port,
                *self.settings]


class Redis(Server):
    """Redis without persistence: when it is killed, its rows are gone."""

    def __init__(self, folder, *settings, port=None):
        super().__init__(folder, port or free_port())
        self.settings = settings

    def command(self):
        return ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
                "--appendonly", "no", *self.settings]

    def ready(self):
        super().ready()
        self.ask("PING")

    def ask(self, *words):
        """What redis-cli answers."""
        done = subprocess.run(["redis-cli", "-p", str(self.port), *(str(word) for word in words)], text=True,
                              stdout=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=True)
        return done.stdout.strip()
