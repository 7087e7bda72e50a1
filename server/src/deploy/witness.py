"""Whom Binnacle asks from a jump host: programs, the tasks container, compass-deck, hosts, the new cluster.

It goes there before keeper.py, as one program with it, and runs on Python 2.7 (Compass's own) and 3.
"""

import base64
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

try:
    from urllib.request import HTTPSHandler, Request, build_opener, urlopen
except ImportError:
    from urllib2 import HTTPSHandler, Request, build_opener, urlopen

DECK = 10.0  # seconds in which compass-deck must have told all that it is asked for at once
ROOT = ["sudo", "-n"] if os.geteuid() else []
DOCKER = ROOT + ["docker", "exec", "compass-tasks"]
KUBESPRAY = "/opt/kargo_k8s"  # in the tasks container
# What nodes tell of themselves, and its name there.
ABOUT = [
    ("kubernetes", "kubeletVersion"), ("os", "osImage"), ("kernel", "kernelVersion"), ("runtime", "containerRuntimeVersion")
]


def quiet(argv, timeout=20.0):
    """What a program prints, when it ends well in time."""
    try:
        child = subprocess.Popen(argv, stdin=open(os.devnull), stdout=subprocess.PIPE, stderr=open(os.devnull, "w"))
    except OSError:
        return None
    until = time.time() + timeout
    signal.signal(signal.SIGALRM, lambda *_: child.kill())
    signal.setitimer(signal.ITIMER_REAL, max(until - time.time(), 0.1))
    try:
        out = child.communicate()[0].decode("utf-8", "replace")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return out if child.returncode == 0 else None


def reach(asked, what):
    """Into the container where Ansible runs, by docker or by the program that stands for it."""
    if asked.get("reach"):
        return quiet([asked["reach"], what, asked["dir"]])
    if what == "alive":
        return quiet(DOCKER + ["pgrep", "-f", "[a]nsible-playbook"])
    if what == "end":
        return quiet(DOCKER + ["pkill", "-f", "[a]nsible-playbook"])
    return cluster(asked)


def alive(asked):
    """Whether Ansible runs; none when nobody can look."""
    if asked.get("reach"):
        return reach(asked, "alive") is not None
    if quiet(DOCKER + ["true"]) is None:
        return None
    return reach(asked, "alive") is not None


def cluster_says(asked):
    return json.loads(reach(asked, "cluster") or "null")


def cluster(asked):
    """Nodes and etcd's members, as the new cluster's API server tells them to its admin."""
    config = quiet(DOCKER + ["cat", "/opt/admin.conf"])
    if config is None:
        return None
    values = dict(re.findall(r"^\s*(server|[a-z-]+-data): *\"?([^\s\"]+)", config, re.M))
    folder = tempfile.mkdtemp(dir=asked["dir"])
    try:
        for name in ("certificate-authority-data", "client-certificate-data", "client-key-data"):
            handle = os.open(path_of(folder, name), os.O_WRONLY | os.O_CREAT, 0o600)
            written(handle, base64.b64decode(values[name]))
            os.close(handle)
        context = ssl.create_default_context(cafile=path_of(folder, "certificate-authority-data"))
        context.load_cert_chain(path_of(folder, "client-certificate-data"), path_of(folder, "client-key-data"))
        opener = build_opener(HTTPSHandler(context=context))

        def items(path):
            return json.loads(opener.open(values["server"] + path, timeout=8).read().decode("utf-8"))["items"]

        def is_so(conditions, kind):
            return any(one["type"] == kind and one["status"] == "True" for one in conditions)

        every = items("/api/v1/nodes")
        nodes = [[node["metadata"]["name"], is_so(node["status"]["conditions"], "Ready")] for node in every]
        about = [node["status"].get("nodeInfo", {}) for node in every]
        told = dict((name, sorted(set(one[key] for one in about if one.get(key)))) for name, key in ABOUT)
        parts = [part for part in items("/api/v1/componentstatuses") if part["metadata"]["name"].startswith("etcd-")]
        etcd = [is_so(part.get("conditions", []), "Healthy") for part in parts]
        etcd = [sum(etcd), len(etcd)] if etcd else None
        return json.dumps({"nodes": nodes, "etcd": etcd, "versions": told})
    except Exception:
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Late(Exception):
    """It took too long."""


def bounded(seconds, what, *rest):
    """What a function answers; none when it fails or takes longer. Who sends a byte now and then must not hold us."""
    def late(*_):
        raise Late()

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return what(*rest)
    except Exception:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def ask_deck(asked, path, head, data=None):
    request = Request("http://%s/api%s" % (asked["deck"], path), data, head)
    return json.loads(urlopen(request, timeout=5).read().decode("utf-8"))


def known_to_deck(asked):
    """The header that compass-deck knows us by, and the path of the cluster that it made last; none when it made none."""
    user = json.dumps({"email": "admin@huawei.com", "password": "admin"}).encode("ascii")
    token = ask_deck(asked, "/users/token", {"Content-type": "application/json"}, user)["token"]
    head = {"X-Auth-Token": token}
    clusters = ask_deck(asked, "/clusters", head)
    return head, "/clusters/%d" % max(one["id"] for one in clusters) if clusters else None


def state_of_deck(asked):
    head, cluster = known_to_deck(asked)
    if not cluster:
        return {"state": "UNINITIALIZED"}
    return {"state": ask_deck(asked, cluster + "/state", head).get("state")}


def deck(asked):
    """The state that compass-deck has; none in it when it does not answer."""
    if not asked.get("deck"):
        return None
    return bounded(DECK, state_of_deck, asked) or {"state": None}


def systems(asked, way):
    """What compass-deck knows of each host's system, by name. `way` is kept from one look to the next."""
    if not way:
        way.append(known_to_deck(asked))
    head, cluster = way[0]
    told = {}
    for host in ask_deck(asked, cluster + "/hosts", head) if cluster else []:
        state = ask_deck(asked, "/hosts/%d/state" % host["host_id"], head)
        name = (host.get("hostname") or host.get("name") or "").split(".")[0]
        told[name] = {
            "state": "SUCCESSFUL" if host.get("os_installed") else state.get("state"),
            "percentage": state.get("percentage"),
            "message": state.get("message"),
        }
    return told


def hosts(asked, way, pool):
    """How hosts fare while their systems install: what compass-deck says, and whether they answer."""
    told = bounded(DECK, systems, asked, way) if asked.get("deck") else None
    if told is None:
        del way[:]
    if asked.get("reach"):
        up = (reach(asked, "up") or "").split()
        answering = [name in up for name, _ in asked["hosts"]]
    else:
        answering = pool.map(lambda host: answers(*host[1]) if host[1] else None, asked["hosts"])
    names = [name for name, _ in asked["hosts"]]
    return {
        "deck": None if not asked.get("deck") else told is not None,
        "hosts": [[name, (told or {}).get(name), answer] for name, answer in zip(names, answering)],
    }


def versions(asked):
    """What was deployed with, and what came of it, each by its versions; what nobody tells is left out."""
    found = (cluster_says(asked) or {}).get("versions", {})
    if asked.get("reach"):
        found.update(json.loads(reach(asked, "versions") or "{}"))
        return {"versions": found}
    ansible = re.search(r"ansible (?:\[core )?([0-9][\w.]*)", quiet(DOCKER + ["ansible", "--version"]) or "")
    kubespray = quiet(DOCKER + ["git", "-C", KUBESPRAY, "describe", "--tags", "--always"])
    download = quiet(DOCKER + ["cat", KUBESPRAY + "/roles/download/defaults/main.yml"]) or ""
    etcd = re.search(r"^etcd_version: *\"?([^\s\"]+)", download, re.M)
    found["ansible"] = [ansible.group(1)] if ansible else []
    found["kubespray"] = [kubespray.strip()] if kubespray else []
    found["etcd"] = [etcd.group(1)] if etcd else []
    return {"versions": dict((name, told) for name, told in found.items() if told)}


def answers(address, port):
    try:
        socket.create_connection((address, port), 0.4).close()
        return True
    except (OSError, IOError):
        return False
