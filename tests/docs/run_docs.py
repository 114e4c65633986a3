#!/usr/bin/env python3
"""Runs what the documentation shows, and compares what comes out with what it says.

A comment on the line before a fenced block says what the block is:
  <!-- run: NAME -->        shell commands; each must end with exit code 0
  <!-- output: NAME -->     what the last block with that name printed; … stands for anything
  <!-- file: NAME PATH -->  a file to write before the commands that follow
  <!-- excerpt: NAME PATH -->  lines of a file of ours, in its order; what is between them is left out
Blocks of one page with one name share a shell and a folder that begins empty. The ports of the examples are
replaced by free ones: that of the program, and those of a real Kafka and a real Redis, which are started for
the pages that name them.

usage: run_docs.py [PAGE...]    SKEWLESS_PROGRAM names the program (default: build/skewless)
"""
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/servers"))
from servers import Broker, Redis, free_port  # noqa: E402

PAGES = ["README.md", "docs/quick-start.md", "docs/concepts.md", "docs/from-feast.md",
         "docs/reference/commands.md", "docs/reference/sources.md", "docs/reference/kafka.md", "docs/reference/dead-letters.md",
         "docs/operations/redis.md", "docs/operations/delivery.md", "docs/operations/tuning.md"]
EXAMPLE_PORT, KAFKA_PORT, REDIS_PORT = "6566", "9092", "6379"
BLOCK = re.compile(
    r"^(?P<indent>[ ]*)<!-- (?P<role>run|output|file|excerpt): (?P<name>[\w-]+)(?: (?P<path>\S+))? -->\n"
    r"(?P=indent)```\w*\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- (run|output|file|excerpt):")
SECONDS = 300 * int(os.environ.get("SKEWLESS_SLOWNESS", "1"))


class Mismatch(Exception):
    pass


def sessions_of(text):
    """{name: [(role, path, body, line)]}, in the page's order."""
    sessions = {}
    found = list(BLOCK.finditer(text))
    if len(found) != len(MARK.findall(text)):
        raise Mismatch("a run, output, file or excerpt comment does not stand right before a fenced block")
    for match in found:
        line = text.count("\n", 0, match.start("body")) + 1
        body = textwrap.dedent(match["body"])
        sessions.setdefault(match["name"], []).append((match["role"], match["path"], body, line))
    return sessions


class Servers:
    """Started when a page first names them."""

    def __init__(self, folder):
        self.folder, self.started = folder, {}

    def port_of(self, name):
        if name not in self.started:
            start = {KAFKA_PORT: lambda folder: Broker(folder, "auto.create.topics.enable=true"), REDIS_PORT: Redis}
            self.started[name] = start[name](self.folder / name)
            self.started[name].start()
        return str(self.started[name].port)

    def close(self):
        for server in self.started.values():
            server.close()


def ports_of(blocks, servers):
    """{port of the examples: port of this session}."""
    ports = {EXAMPLE_PORT: str(free_port())}
    for name in (KAFKA_PORT, REDIS_PORT):
        if any(f":{name}" in body for role, _, body, _ in blocks if role in ("run", "file")):
            ports[name] = servers.port_of(name)
    return ports


def translate(text, ports):
    for there, here in ports.items():
        for before in (":", "-p "):
            text = text.replace(before + there, before + here)
    return text


def install_programs(folder, ports):
    """For the PATH: `skewless`, but the repository that init writes listens at our port; `redis-cli` of our Redis."""
    program = shlex.quote(os.path.abspath(os.environ.get("SKEWLESS_PROGRAM", ROOT / "build/skewless")))
    script = folder / "skewless"
    script.write_text(f"""#!/bin/sh
[ "$1" = init ] || exec {program} "$@"
{program} "$@" && sed -i 's/:{EXAMPLE_PORT}/:{ports[EXAMPLE_PORT]}/' "$2/skewless.yaml"
""")
    script.chmod(0o755)
    if REDIS_PORT in ports:
        client = folder / "redis-cli"
        client.write_text(f"""#!/bin/sh
exec {shutil.which("redis-cli")} -p {ports[REDIS_PORT]} "$@"
""")
        client.chmod(0o755)


def script_of(blocks, outputs, ports):
    """One shell script: each block's output goes to a file of its own."""
    lines = ["set -eo pipefail"]
    # A busy machine may take longer than a reader's second to start a server.
    listening = f"until (: < /dev/tcp/127.0.0.1/{ports[EXAMPLE_PORT]}) 2>/dev/null; do kill -0 $!; sleep 0.05; done"
    for number, (role, path, body, _) in enumerate(blocks):
        body = translate(body, ports)
        if role == "run":
            body = re.sub(r"& sleep \d+", lambda _: "&\n" + listening, body)
            lines += [f"echo {number} > {outputs}/at", "{", body, f"}} > {outputs}/{number}"]
        elif role == "file":
            lines += [f"cat > {shlex.quote(path)} <<'END_OF_FILE'", body + "END_OF_FILE"]
    return "\n".join(lines) + "\n"


def run_script(script, folder, path):
    environment = dict(os.environ, PATH=f"{path}:{os.environ['PATH']}")
    process = subprocess.Popen(["bash", "-c", script], cwd=folder, env=environment, text=True, start_new_session=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _, errors = process.communicate()
        return None, errors
    try:  # whatever a block left running
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return process.returncode, errors


def fits(expected, printed):
    def tidy(text):
        return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
    pattern = ".*?".join(re.escape(part) for part in tidy(expected).split("…"))
    return re.fullmatch(pattern, tidy(printed), re.DOTALL) is not None


def check_excerpts(page, blocks):
    for role, path, body, line in blocks:
        if role == "excerpt":
            lines = iter((ROOT / path).read_text().splitlines())
            for number, wanted in enumerate(body.splitlines()):
                if not any(wanted == found for found in lines):
                    raise Mismatch(f"{page}:{line + number}: {path} has no such line after the one before")


def check_session(page, blocks, servers):
    check_excerpts(page, blocks)
    with tempfile.TemporaryDirectory(prefix="skewless-docs-") as temporary:
        temporary = Path(temporary)
        folders = [temporary / name for name in ("work", "bin", "outputs")]
        for folder in folders:
            folder.mkdir()
        work, programs, outputs = folders
        ports = ports_of(blocks, servers)
        install_programs(programs, ports)
        code, errors = run_script(script_of(blocks, outputs, ports), work, programs)
        if code != 0:
            at = outputs / "at"
            number = int(at.read_text()) if at.exists() else 0
            printed = outputs / str(number)
            what = f"did not end in {SECONDS} s" if code is None else f"exit code {code}"
            raise Mismatch(f"{page}:{blocks[number][3]}: {what}\n{printed.read_text() if printed.exists() else ''}{errors}")
        last_run = None
        for number, (role, _, body, line) in enumerate(blocks):
            if role == "run":
                last_run = number
            elif role == "output":
                if last_run is None:
                    raise Mismatch(f"{page}:{line}: an output before any run of that name")
                printed = (outputs / str(last_run)).read_text()
                printed = translate(printed, {here: there for there, here in ports.items()})
                if not fits(body, printed):
                    raise Mismatch(f"{page}:{line}: the page says\n{body}and the program says\n{printed}")


def run_page(page, servers):
    """How many of its sessions failed."""
    try:
        sessions = sessions_of((ROOT / page).read_text())
        if not any(block[0] == "run" for blocks in sessions.values() for block in blocks):
            raise Mismatch("nothing on this page is run")
    except Mismatch as error:
        print(f"FAILED {page}: {error}")
        return 1
    failures = 0
    for name, blocks in sessions.items():
        try:
            check_session(page, blocks, servers)
            print(f"ok     {page}: {name}, {sum(block[0] == 'run' for block in blocks)} blocks")
        except Mismatch as error:
            failures += 1
            print(f"FAILED {error}")
    return failures


def main():
    with tempfile.TemporaryDirectory(prefix="skewless-docs-servers-") as folder:
        servers = Servers(Path(folder))
        try:
            failures = sum(run_page(page, servers) for page in sys.argv[1:] or PAGES)
        finally:
            servers.close()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
