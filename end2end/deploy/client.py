"""Stands in for Compass's client.py: tells the deck to deploy, then prints Ansible's log until the deck has a state."""

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request

RUN = os.path.join(os.environ["COMPASS_DIR"], "work/deploy/docker")
LOG = os.path.join(RUN, "ansible/run/kubernetes-opnfv/ansible.log")

# The prefix of today's Ansible, which Compass's older one writes without logger and level.
PREFIX = re.compile(rb"^(\d{4}-\S+ \S+ p=\d+ u=\S+ )n=ansible [A-Z]+\| ", re.MULTILINE)


def call(address, path, payload=None, token=""):
    request = urllib.request.Request(
        f"http://{address}/api{path}",
        data=None if payload is None else json.dumps(payload).encode(),
        headers={"X-Auth-Token": token, "Content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, json.load(answer)


def printed(log):
    """Prints what the log has more of, and waits for nothing."""
    if log is None and os.path.exists(LOG):
        log = open(LOG, "rb")
    if log is not None:
        while chunk := log.read(65536):
            sys.stdout.buffer.write(PREFIX.sub(rb"\1|  ", chunk))
        sys.stdout.flush()
    return log


def main():
    with open(os.path.join(RUN, "deck.address"), encoding="ascii") as file:
        address = file.read().strip()
    _, user = call(address, "/users/token", {"email": "admin@huawei.com", "password": os.environ["COMPASS_USER_PASSWORD"]})
    token = user["token"]
    with open("__main__.log", "a", encoding="utf-8") as own:
        own.write(f"token {token} argv {sys.argv}\n")
    hosts = os.environ["HOSTNAMES"].split()
    call(address, "/clusters/1/action", {"deploy": {"hosts": hosts}}, token)
    if "true" in (os.environ.get("EXPANSION"), os.environ.get("REDEPLOY_HOST")):
        # As in the source: the second argument is lacking, and the order is already sent.
        get_installing_progress(1)
    get_installing_progress(address, token)


def get_installing_progress(address, token):
    log = None
    while True:
        try:
            status, state = call(address, "/clusters/1/state", token=token)
        except (OSError, urllib.error.URLError):
            print("can not get cluster state", flush=True)
            state = {"state": "INSTALLING"}
            time.sleep(1)
        log = printed(log)
        if state["state"] == "SUCCESSFUL":
            return
        if state["state"] == "ERROR":
            print(("get cluster %s state status %s: %s, error", (1, status, state)), flush=True)
            raise RuntimeError("deploy cluster failed")
        time.sleep(0.1)


main()
