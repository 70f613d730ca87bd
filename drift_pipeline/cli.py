"""The front door of the command line: runs a command, and turns whatever stops it into one clear line and exit 3.

Nothing but the standard library is imported before that net is spread: Python ends with 1 when an import fails, click
with 1 or 2, and none of that may pass for drift.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

COULD_NOT_LOOK = 3
PATIENCE = 3.0
"""Seconds after which an interruption that Python cannot act upon, inside of a library's waiting, ends the process."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `drift`, with sys.argv's arguments unless given. Ends the process with the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_emptied(run(given)))


def run(arguments: list[str]) -> int:
    """Run `drift` with these arguments; returns the exit code. Prints results to stdout, everything else to stderr."""
    secrets: set[str] = set()
    try:
        _speak_utf8()
        with _interruptible():
            return _run(arguments, secrets)
    except KeyboardInterrupt:
        _say("interrupted", "reports of earlier checks are as they were; run it again")
    except SystemExit as request:
        # a library that ends the process by itself does not know what our exit codes mean; click says 1, and puts this
        # in the place of standard output, where somebody reads the beginning of its help and goes away
        gone = type(sys.stdout).__name__.endswith("PacifyFlushWrapper")
        return 0 if gone or request.code in {0, None} else COULD_NOT_LOOK
    except BaseException as error:
        _explain(error, secrets, debug="--debug" in arguments)
    return COULD_NOT_LOOK


def _run(arguments: list[str], secrets: set[str]) -> int:
    import click  # noqa: PLC0415

    from drift_pipeline.commands import drift  # noqa: PLC0415
    from drift_pipeline.redaction import RedactingFilter, secrets_in  # noqa: PLC0415

    secrets.update(secrets_in(os.environ), secrets_in({f"argument {n}": text for n, text in enumerate(arguments)}))
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter(secrets))
    logging.basicConfig(level=logging.WARNING, format="drift: %(message)s", handlers=[handler])
    try:
        result = drift.main(args=arguments, prog_name="drift", standalone_mode=False, obj=secrets)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return COULD_NOT_LOOK
    return result if isinstance(result, int) else 0


def _explain(error: BaseException, secrets: set[str], *, debug: bool) -> None:
    """One line that says what happened, one that says what to do next; the traceback only on request."""
    if debug:
        import traceback  # noqa: PLC0415

        sys.stderr.write(_redacted("".join(traceback.format_exception(error)), secrets))
    message, hint = _words_of(error)
    _say(_redacted(message, secrets), _redacted(hint, secrets))


def _words_of(error: BaseException) -> tuple[str, str]:
    from drift_pipeline.errors import DriftError  # noqa: PLC0415

    if isinstance(error, DriftError):
        return error.message, error.next_step
    usage = _words_of_usage(error)
    if usage:
        return usage
    if isinstance(error, ImportError):
        return f"a part of drift cannot be imported: {error}", "reinstall drift-pipeline in this environment"
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{where}", "--debug shows where it happened"
    text = " ".join(str(error).split())[:300]
    return (
        f"it stopped unexpectedly: {type(error).__name__}{': ' if text else ''}{text}",
        "run it again with --debug and report what it prints; it holds no password, but the names of your tables",
    )


def _words_of_usage(error: BaseException) -> tuple[str, str] | None:
    """click's own errors: a mistyped option, a missing argument. None if it is none of them, or click is missing."""
    try:
        import click  # noqa: PLC0415
    except ImportError:
        return None
    if not isinstance(error, click.ClickException):
        return None
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "drift"
    message = " ".join(error.format_message().split()).rstrip(".")
    return message[:1].lower() + message[1:], f"{path} --help lists what it understands"


def _redacted(text: str, secrets: set[str]) -> str:
    try:
        from drift_pipeline.redaction import redact  # noqa: PLC0415
    except ImportError:
        return "(hidden: the part that takes out passwords cannot be imported)\n"
    return redact(text, secrets)


def _say(message: str, hint: str) -> None:
    """The two lines on standard error. Without a reader there (a closed pipe), silence."""
    line = f"drift: {' '.join(message.split())}\n" + (f"  next: {' '.join(hint.split())}\n" if hint else "")
    try:
        sys.stderr.write(line)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass


def _emptied(code: int) -> int:
    """The exit code, with nothing left for standard output: what Python cannot write when it exits ends it with 120."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except ValueError:  # it is closed
        pass
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if code != COULD_NOT_LOOK and not isinstance(error, BrokenPipeError):
            _say(f"the result could not be written to standard output: {error.strerror}", "check free space there")
            return COULD_NOT_LOOK
    return code


def _speak_utf8() -> None:
    """Names are data: whatever the locale says, results leave as UTF-8 and never stop at a character."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C, and SIGTERM by which CI systems end a job, unwind everything: scratch databases are dropped.

    A handler in Python runs only when the library that waits for a server returns; a thread watches that it does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    noticed = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        noticed.set()
        raise KeyboardInterrupt

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    wakeup = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, noticed), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        os.close(writer)  # ends the thread
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(reader: int, noticed: threading.Event) -> None:
    with os.fdopen(reader, "rb", buffering=0) as signals:
        while number := signals.read(1):
            if number[0] in {signal.SIGINT, signal.SIGTERM} and not noticed.wait(PATIENCE):
                _say("interrupted", "what this check left on scratch, the next one removes")
                os._exit(COULD_NOT_LOOK)
