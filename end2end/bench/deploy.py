#!/usr/bin/env python3
"""A deploy.sh for measures: what it writes, and for how long, stands in the file `how` beside it."""
import json
import os
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "how"), encoding="ascii") as file:
    how = json.load(file)
out = sys.stdout.buffer
number = 0
text = "TASK [kubernetes/node : write what kubelet is given, line %d of many, as long as such lines are in a log of Ansible]\n"
# So much at once, as installs of packages write it.
left = how.get("megabytes", 0) << 20
while left > 0:
    chunk = "".join(text % n for n in range(number, number + 5_000)).encode()
    number += 5_000
    out.write(chunk)
    left -= len(chunk)
out.flush()
# Then line by line, each with when it was written.
until = time.time() + how.get("seconds", 0)
while time.time() < until:
    out.write(b"changed: [host1] written at %.3f ms\n" % (time.time() * 1_000))
    out.flush()
    time.sleep(1 / how["a_second"])
