"""What a person sees: on a terminal `run` shows how it goes in lines that it redraws in place, with its log above them,
and takes them away at the end; in a pipe there is none of it."""
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import time
import unittest

from follow_test import DEFINITION
from program import PROGRAM, SLOWNESS, ProgramTest

PIECE = re.compile(r"\x1b\[(\d*)([AJ])|([\r\n])|([^\x1b\r\n]+)")


class Screen:
    """A terminal that knows what the program uses: cursor up, erase below, carriage return, line feed. A line that
    doesn't fit goes on in the next row."""

    def __init__(self, columns):
        self.columns, self.rows, self.row, self.column = columns, [""], 0, 0

    def feed(self, text):
        at = 0
        for match in PIECE.finditer(text):
            assert match.start() == at, f"not understood: {text[at:match.start()]!r}"
            at = match.end()
            number, command, control, plain = match.groups()
            if command == "A":
                self.row -= int(number)
                assert self.row >= 0
            elif command == "J":
                self.rows[self.row] = self.rows[self.row][:self.column]
                del self.rows[self.row + 1:]
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self.down()
            for character in plain or "":
                if self.column == self.columns:
                    self.down()
                    self.column = 0
                line = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = line[:self.column] + character + line[self.column + 1:]
                self.column += 1
        assert at == len(text), f"not understood: {text[at:]!r}"

    def down(self):
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append("")


class TerminalTest(ProgramTest):
    COLUMNS = 100

    def run_on_terminal(self, *arguments):
        """Gives the process and the terminal's other end."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, self.COLUMNS, 0, 0))
        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=theirs,
                                   stderr=theirs)
        os.close(theirs)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process, ours

    def read_until(self, terminal, screen, done, ended=False):
        """Feeds the screen until `done` or the program's end."""
        deadline = time.monotonic() + 60 * SLOWNESS
        text = ""
        while not done(screen.rows):
            self.assertLess(time.monotonic(), deadline, "\n".join(screen.rows))
            try:
                text += os.read(terminal, 65536).decode()
            except OSError:  # the program's end of the terminal is closed
                self.assertTrue(ended, "\n".join(screen.rows))
                return
            # A sequence may have come in part.
            whole = text.rfind("\x1b") if "\x1b" in text[-8:] else len(text)
            screen.feed(text[:whole])
            text = text[whole:]

    def test_the_live_status(self):
        self.write("skewless.yaml", DEFINITION)
        self.write("clicks-001.jsonl", "".join(
            json.dumps({"user_id": 7, "number": number, "ts": 1_700_000_000_000}) + "\n" for number in range(100)))
        process, terminal = self.run_on_terminal("run")
        screen = Screen(self.COLUMNS)
        # A status that came in part has fewer rows, and an empty last one.
        names = ["running", "events", "watermark", "freshness", "log", "serving"]
        self.read_until(terminal, screen, lambda rows: [row[:12].split()[:1] for row in rows[-6:]]
                        == [[name] for name in names] and "100  " in rows[-5])
        self.assertRegex(screen.rows[-5], r"^  events      100  [\d,]+/s  late 0  dead letters 0$")
        self.assertRegex(screen.rows[-4], r"^  watermark   2023-11-14T22:13:20Z  \d+ d( \d+ h)? behind$")

        # No event comes, and data gets old all the same.
        with open(self.path("clicks-001.jsonl"), "a") as file:
            file.write(json.dumps({"user_id": 7, "number": 100, "ts": int(time.time() * 1000)}) + "\n")
        self.read_until(terminal, screen,
                        lambda rows: any(re.search(r"  watermark .*  [2-9]\.\d s behind", row) for row in rows))

        # An event of the log, longer than a row, in the midst of it.
        with open(self.path("clicks-001.jsonl"), "a") as file:
            file.write(json.dumps({"user_id": "x" * 150}) + "\n")
        self.read_until(terminal, screen, lambda rows: any("dead letters 1" in row for row in rows))
        self.assertEqual(sum("could not be read" in row for row in screen.rows), 1)
        self.assertEqual(sum(row.startswith("  events ") for row in screen.rows), 1)

        process.send_signal(signal.SIGINT)
        self.read_until(terminal, screen, lambda rows: False, ended=True)
        os.close(terminal)
        self.assertEqual(process.wait(60), 0)
        self.assertFalse([row for row in screen.rows if row.startswith(("  ", "running"))])
        self.assertEqual([re.sub(r"^\S+Z (\w+) +|=.*", r"\1 ", row).strip() for row in screen.rows
                          if re.match(r"\d{4}-", row)],
                         ["info starting version", "info log opened path", "info source opened source",
                          "info serving port", "warning records could not be read source", "info stopping signal",
                          "info engine stopped events"])
        self.assertTrue(any(row.startswith("101 events in ") for row in screen.rows))

    def test_none_of_it_in_a_pipe(self):
        self.write("skewless.yaml", DEFINITION)
        self.write("clicks-001.jsonl", '{"user_id": 7, "number": 1, "ts": 1700000000000}\n')
        engine = self.start()
        time.sleep(1)  # time enough to draw
        engine.stop()
        self.assertNotIn("\x1b", engine.errors)
        self.assertNotIn("freshness", engine.errors)


if __name__ == "__main__":
    unittest.main()
