"""A terminal for tests: a program that runs on it, and what a person would see there."""
import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time

from program import SLOWNESS, ProgramTest

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


class TerminalCase(ProgramTest):
    COLUMNS = 100

    def run_on_terminal(self, *command):
        """Gives the process and the terminal's other end."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, self.COLUMNS, 0, 0))
        process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process, ours

    def read_until(self, terminal, screen, done, ended=False):
        """Feeds the screen until `done` or the program's end."""
        deadline = time.monotonic() + 60 * SLOWNESS
        text, decoder = "", codecs.getincrementaldecoder("utf-8")()
        while not done(screen.rows):
            self.assertLess(time.monotonic(), deadline, "\n".join(screen.rows))
            try:
                text += decoder.decode(os.read(terminal, 65536))
            except OSError:  # the program's end of the terminal is closed
                self.assertTrue(ended, "\n".join(screen.rows))
                return
            # A sequence may have come in part.
            whole = text.rfind("\x1b") if "\x1b" in text[-8:] else len(text)
            screen.feed(text[:whole])
            text = text[whole:]
