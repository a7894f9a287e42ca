"""`hunmin review RUN`: open the page, or carry the queue to a spreadsheet and back."""

from __future__ import annotations

import argparse
import getpass
import json
from pathlib import Path

from ..errors import UserError
from ..text.language import spoken
from .console import whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="a run that waits for review, or its review stage's folder")
    parser.add_argument("--port", type=whole, default=8765, help="the page's port; 0 takes a free one (default: 8765)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--allow-host", action="append", default=[], metavar="NAME", help="a host name served as well")
    parser.add_argument("--open", action="store_true", help="open the browser")
    parser.add_argument("--export", type=Path, metavar="FILE", help="write the queue to a .csv or .xlsx and end")
    parser.add_argument("--import", dest="take", type=Path, metavar="FILE", help="take decisions from a spreadsheet")
    parser.add_argument("--by", default="", help="whose decisions the spreadsheet holds (default: the user's name)")
    parser.add_argument("--status", action="store_true", help="print how far the review is and end")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def main(args: argparse.Namespace) -> int:
    if args.export and args.take:
        raise UserError("--export and --import together", mend="Do one after the other.")
    if not (args.export or args.take or args.status):
        from ..translation.review.queue import Queue, find
        from ..translation.review.server import serve

        if not Queue(find(args.run), read_only=True).records:
            print(spoken(f"{args.run}: nothing waits for a person; no record was queued"))
            return 0

        def say(line: str) -> None:
            print(spoken(line), flush=True)

        serve(
            args.run,
            args.host,
            args.port,
            allowed_hosts=tuple(args.allow_host),
            open_browser=args.open,
            say=say,
        )
        return 0
    from ..translation.review import spreadsheet
    from ..translation.review.queue import Queue, find, lock

    found = find(args.run)
    if args.take and found.finished:
        mend = "Start another run of the recipe with review.unreviewed=stop and --reuse."
        raise UserError("the run has gone past this review", str(found.stage), mend)
    held = lock(found.stage) if args.take else None
    queue = Queue(found, read_only=not args.take)
    try:
        if args.export:
            result: dict[str, object] = {"file": str(args.export), "records": spreadsheet.export(queue, args.export)}
            told = f"{args.export}: {result['records']:,} records"
        elif args.take:
            counts = spreadsheet.read(queue, args.take, args.by or getpass.getuser())
            result = {"taken": counts, "waiting": queue.state()["waiting"]}
            taken = ", ".join(f"{n:,} {action}" for action, n in counts.items()) or "nothing new"
            told = f"{taken}; {result['waiting']:,} of {len(queue.records):,} still wait"
        else:
            result = queue.state()
            told = f"{result['waiting']:,} of {result['n']:,} records await a person"
    finally:
        queue.close()
        if held is not None:
            held.close()
    print(json.dumps(result, ensure_ascii=False) if args.json else spoken(told))
    return 0
