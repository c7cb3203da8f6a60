#!/usr/bin/env python3
"""A stand-in for nvidia-smi: eight GPUs, or what GPUTEST_* in its own directory says.

Files beside it change it: "gone" makes it fail as without a driver, "others" lists compute processes
of others, a line each as the tool prints them, "count" is how many GPUs there are.
"""

import os
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))


def beside(name):
    try:
        with open(os.path.join(here, name)) as f:
            return f.read()
    except FileNotFoundError:
        return None


def trouble():
    if beside("gone") is not None:
        print("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.")
        sys.exit(9)


trouble()
count = int(beside("count") or 8)
options = dict(a.split("=", 1) if "=" in a else (a, "") for a in sys.argv[1:])
if "--query-compute-apps" in options:
    sys.stdout.write(beside("others") or "")
    sys.exit(0)
fields = options["--query-gpu"].split(",")


def value(field, i, tick):
    busy = (tick * 7 + i * 13) % 10
    return {
        "index": i, "uuid": "GPU-%08d-0000-0000-0000-000000000000" % i, "name": "NVIDIA H100 80GB HBM3", "memory.total": 81559,
        "driver_version": "560.35.03", "power.limit": "700.00", "compute_cap": "9.0", "mig.mode.current": "Disabled",
        "utilization.gpu": 90 + busy, "memory.used": 31563 + i, "power.draw": "%.2f" % (640 + busy), "temperature.gpu": 60 + i,
        "clocks.sm": 1755, "clocks_throttle_reasons.active": "0x0000000000000004" if i == 6 else "0x0000000000000000",
    }.get(field, "[N/A]")


tick = 0
while True:
    for i in range(count):
        print(", ".join(str(value(f, i, tick)) for f in fields), flush=True)
    if "-lms" not in options and "-l" not in options:
        break
    tick += 1
    time.sleep(0.2)
    trouble()
