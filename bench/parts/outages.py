"""What breaks while clicks stream: examples/live/demo with Redis away and its rows gone, the broker killed, the engine
killed again and again; what was lost, what came twice, and what the audit finds.
"""
import json
import os
import shutil

from measuring import PEER_PYTHON, ROOT, Failure, run


def measure(bench):
    size = bench.size
    outages = {
        f"Redis away for {size['outage_seconds']} s, its rows gone": (
            2 * size["outage_seconds"], ["--redis-away", size["outage_seconds"]]),
        f"Redis still for {size['outage_seconds']} s": (
            2 * size["outage_seconds"] + 10, ["--redis-stall", size["outage_seconds"]]),
        "the broker killed and restarted": (30, ["--broker-kills", 1]),
        f"the engine killed {size['kills']} times": (2 * size["kills"], ["--kill", size["kills"]]),
    }
    troubles = []
    for what, (seconds, faults) in outages.items():
        try:
            bench.figures[what] = found = outage(bench, seconds, ["--kill", 0, *faults])
        except Failure as failure:
            troubles.append(f"{what}: {failure}")
            continue
        bench.add(what, f"{found['different_rows']:,} of {found['audited_rows']:,} vectors differ; of "
                        f"{found['sent']['sent']:,} events {found['lost']:,} lost, {found['twice']:,} twice",
                  target="0; 0, 0", met=not found["different"])
        for one in found["different"]:
            bench.add(f"  {one}", "")
    if troubles:
        raise Failure("; ".join(troubles))


def outage(bench, seconds, faults):
    """What the demo found. It ends with 1 where anything is not as it must be, and tells that too."""
    folder = bench.path("outage")
    out = run([PEER_PYTHON, os.path.join(ROOT, "examples/live/demo"), "--json",
               "--folder", folder, "--program", bench.program, "--seconds", seconds, "--rate", 2000, *faults],
              limit=seconds + 600, may_say_no=True)["out"]
    shutil.rmtree(folder, ignore_errors=True)
    return json.loads(out.strip().splitlines()[-1])
