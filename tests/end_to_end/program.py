"""Runs the program under test, and what the tests share of it: repositories in temporary folders, a server on a
free port, HTTP requests. Every process started here is stopped by its own id."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers"))
from servers import free_port  # noqa: E402

PROGRAM = os.environ["SKEWLESS_PROGRAM"]
SLOWNESS = int(os.environ.get("SKEWLESS_SLOWNESS", "1"))  # of a sanitized program

CLICKS = """\
project: shop
log: {{path: var/log}}
online: {online}
{sections}
sources:
  clicks:
    type: file
    path: {path}
    format: {format}
    follow: {follow}
    columns: {{user: int64, {columns}}}
    event_timestamp: ts
entities:
  user: {{keys: {{user: int64}}}}
feature_views:
{views}"""


def clicks_by_user(online, views, sections="", columns='ts: "timestamp[us]"', path="clicks.json", follow=True):
    """A definition of clicks, which have a user and `columns`. `views`: by name, what each says but for its source and
    entity; `sections`: further ones of the definition, as they are."""
    return CLICKS.format(online=online, sections=sections, columns=columns, path=path, format=path.split(".")[-1],
                         follow=str(follow).lower(), views="".join(
                             f"  {name}: {{source: clicks, entity: user, {view}}}\n" for name, view in views.items()))


def told(errors):
    """What a program said on standard error, but for what a busy machine has it say."""
    return "".join(line for line in errors.splitlines(keepends=True) if "slow sync of the log" not in line)


class Running:
    """`skewless run` or `serve` as a child process, answering on a free port."""

    def __init__(self, folder, *arguments, command="run"):
        self.port = free_port()
        self.arguments = [PROGRAM, command, "-C", folder, "--listen", f"127.0.0.1:{self.port}", *arguments]
        self.connection = None
        self.errors = ""  # what it printed to standard error, once it ended
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120 * SLOWNESS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.process.stderr.read()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the server did not answer within two minutes")

    def request(self, method, path, body=None, timeout=60 * SLOWNESS):
        """(status, text); a lost connection is made anew once by the caller's next request."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            payload = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
            self.connection.request(method, path, payload)
            reply = self.connection.getresponse()
            return reply.status, reply.read().decode()
        except Exception:
            self.connection.close()
            self.connection = None
            raise

    def wait_until_readable(self):
        """Under a replay clock there is no time to read at before the first event."""
        deadline = time.monotonic() + 60 * SLOWNESS
        while self.request("GET", "/health")[0] != 200:
            if time.monotonic() > deadline:
                raise AssertionError("nothing could be read within a minute")
            time.sleep(0.01)

    def read(self, body):
        status, text = self.request("POST", "/get-online-features", body)
        if status != 200:
            raise AssertionError(f"{status}: {text}")
        return json.loads(text)

    def advance(self, to_us):
        status, text = self.request("POST", "/replay/advance", {"to_us": to_us})
        if status != 200:
            raise AssertionError(f"{status}: {text}")

    def kill(self):
        """Returns what it had said on standard error."""
        self.process.kill()
        self.errors = told(self.process.communicate()[1])
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        return self.errors

    def stop(self):
        """SIGTERM; returns what it printed. It must end well."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        self.process.send_signal(signal.SIGTERM)
        out, errors = self.process.communicate(timeout=300 * SLOWNESS)
        self.errors = told(errors)
        if self.process.returncode != 0:
            raise AssertionError(f"ended with {self.process.returncode}: {self.errors}")
        return out


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="skewless-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.children = []
        self.addCleanup(self.kill_children)

    def kill_children(self):
        for child in self.children:
            if child.process.poll() is None:
                child.kill()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as file:
            file.write(text)

    def run_program(self, *arguments, code=0, timeout=300 * SLOWNESS):
        """Runs a command in the repository; returns (stdout, stderr)."""
        done = subprocess.run([PROGRAM, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=timeout)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}\n{done.stderr}")
        return done.stdout, told(done.stderr)

    def run_json(self, *arguments, code=0):
        return json.loads(self.run_program(*arguments, "--json", code=code)[0])

    def wait_until(self, what, condition, seconds=60):
        """`what` is said where it doesn't come."""
        deadline = time.monotonic() + seconds * SLOWNESS
        while not condition():
            if time.monotonic() > deadline:
                self.fail(what)
            time.sleep(0.01)

    def start(self, *arguments, command="run"):
        child = Running(self.folder, *arguments, command=command)
        self.children.append(child)
        return child
