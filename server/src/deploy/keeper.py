"""What Binnacle runs on a jump host: starts deploy.sh so that it outlives everybody, and tells what becomes of it.

It comes over standard input and is never written to a disk there. One request follows it, as a line of JSON;
what it names is data, and no shell sees any of it. Runs on Python 2.7 (Compass's own) and 3.
"""

import errno
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

try:
    from urllib.request import HTTPSHandler, Request, build_opener, urlopen
except ImportError:
    from urllib2 import HTTPSHandler, Request, build_opener, urlopen

GROUP_ENDS = 10.0  # seconds from SIGTERM to SIGKILL
QUIET = 3.0  # seconds without Ansible until it is believed to be gone
LOOK = 0.02  # seconds between two looks at the log
DOCKER = ["docker", "exec", "compass-tasks"]
# What Compass leaves with passwords in it, below its folder.
LEFT = ["deploy_input.sh", "deploy_config.sh", "machine", "ipmitool.sh"]


class Wrong(Exception):
    """Told to whoever asked."""


def path_of(run, name):
    return os.path.join(run, name)


def read(path, default=None):
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except (IOError, OSError):
        return default


def write(path, text):
    """Whole or not at all, and on the disk when this returns."""
    handle = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        data = text.encode("utf-8")
        while data:
            data = data[os.write(handle, data):]
        os.fsync(handle)
    finally:
        os.close(handle)
    os.rename(path + ".new", path)


def started(pid):
    """When a process began, by the kernel's clock: a number that is used again is another process."""
    stat = read("/proc/%d/stat" % pid)
    if stat is None:
        return None
    fields = stat.rsplit(")", 1)[-1].split()
    return None if fields[0] in "ZX" else fields[19]


def known(run, name):
    """The pid in a file, when it still is that process."""
    words = (read(path_of(run, name)) or "").split()
    return int(words[0]) if len(words) == 2 and started(int(words[0])) == words[1] else None


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


# --- the tasks container -------------------------------------------------------------------------


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


def cluster(asked):
    """Nodes and etcd's members, as the new cluster's API server tells them to its admin."""
    config = quiet(DOCKER + ["cat", "/opt/admin.conf"])
    if config is None:
        return None
    values = dict(re.findall(r"^\s*(server|[a-z-]+-data): *\"?([^\s\"]+)", config, re.M))
    import base64
    import tempfile

    folder = tempfile.mkdtemp(dir=asked["dir"])
    try:
        for name in ("certificate-authority-data", "client-certificate-data", "client-key-data"):
            handle = os.open(path_of(folder, name), os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(handle, base64.b64decode(values[name]))
            os.close(handle)
        context = ssl.create_default_context(cafile=path_of(folder, "certificate-authority-data"))
        context.load_cert_chain(path_of(folder, "client-certificate-data"), path_of(folder, "client-key-data"))
        opener = build_opener(HTTPSHandler(context=context))

        def items(path):
            return json.loads(opener.open(values["server"] + path, timeout=8).read().decode("utf-8"))["items"]

        def is_so(conditions, kind):
            return any(one["type"] == kind and one["status"] == "True" for one in conditions)

        nodes = [[node["metadata"]["name"], is_so(node["status"]["conditions"], "Ready")] for node in items("/api/v1/nodes")]
        parts = [part for part in items("/api/v1/componentstatuses") if part["metadata"]["name"].startswith("etcd-")]
        etcd = [is_so(part.get("conditions", []), "Healthy") for part in parts]
        return json.dumps({"nodes": nodes, "etcd": [sum(etcd), len(etcd)] if etcd else None})
    except Exception:
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def deck(asked):
    """The state that compass-deck has, or why it has none."""
    if not asked.get("deck"):
        return None
    base = "http://%s/api" % asked["deck"]
    head = {"Content-type": "application/json"}
    user = json.dumps({"email": "admin@huawei.com", "password": "admin"}).encode("ascii")
    try:
        token = json.loads(urlopen(Request(base + "/users/token", user, head), timeout=5).read().decode("utf-8"))["token"]
        head = {"X-Auth-Token": token}
        clusters = json.loads(urlopen(Request(base + "/clusters", headers=head), timeout=5).read().decode("utf-8"))
        if not clusters:
            return {"state": "UNINITIALIZED"}
        number = max(one["id"] for one in clusters)
        state = urlopen(Request("%s/clusters/%d/state" % (base, number), headers=head), timeout=5)
        state = json.loads(state.read().decode("utf-8"))
        return {"state": state.get("state"), "message": state.get("message"), "percentage": state.get("percentage")}
    except Exception:
        return {"state": None}


# --- one run -------------------------------------------------------------------------------------


def prepare(asked):
    """The run's own folder, with its plan in it, for nobody else to see."""
    run = asked["dir"]
    if not os.path.isdir(os.path.dirname(run)):
        os.makedirs(os.path.dirname(run), 0o700)
    try:
        os.mkdir(run, 0o700)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
    for name in ("dha.yml", "network.yml"):
        write(path_of(run, name), asked[name])
    return {"dir": run}


def launch(asked):
    """Starts deploy.sh once, however often it is asked to."""
    run = asked["dir"]
    if not os.path.isfile(path_of(run, "dha.yml")):
        raise Wrong("the run's folder %s is not there" % run)
    if not os.access(asked["argv"][0], os.X_OK):
        raise Wrong("%s is not there, or may not be run" % asked["argv"][0])
    lock = os.open(path_of(run, "lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError):
        return {"again": True}
    if os.path.exists(path_of(run, "began")):
        return {"again": True}
    write(path_of(run, "began"), "%d" % time.time())
    ready, tell = os.pipe()
    if os.fork() == 0:
        os.close(ready)
        os.setsid()
        if os.fork() == 0:
            keep(asked, tell)
        os._exit(0)
    os.close(tell)
    os.wait()
    said = os.fdopen(ready).read()
    if said:
        raise Wrong(said)
    return {"again": False}


def keep(asked, tell):
    """Lives as long as deploy.sh does, and leaves behind how it ended. Holds the lock until then."""
    run = asked["dir"]
    try:
        os.umask(0o077)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        log = os.open(path_of(run, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        # docker exec -it asks for a terminal.
        master, terminal = pty.openpty()
        env = dict((str(name), str(value)) for name, value in asked["env"].items())
        logged = os.path.getsize(asked["tail"]) if asked.get("tail") and os.path.exists(asked["tail"]) else 0
        child = subprocess.Popen(
            asked["argv"], cwd=run, env=env, stdin=terminal, stdout=log, stderr=log, close_fds=True, preexec_fn=os.setsid
        )
        os.close(terminal)
        write(path_of(run, "keeper"), "%d %s" % (os.getpid(), started(os.getpid())))
        write(path_of(run, "pid"), "%d %s" % (child.pid, started(child.pid)))
    except Exception as error:
        os.write(tell, ("deploy.sh cannot be started: %s" % error).encode("utf-8"))
        os._exit(1)
    os.close(tell)
    status = child.poll()
    while status is None:
        private(asked)
        time.sleep(0.05)
        status = child.poll()
    write(path_of(run, "exit"), json.dumps({"signal": -status} if status < 0 else {"status": status}))
    os.close(master)
    if asked.get("tail"):
        read_on(asked, log, logged)
    private(asked)
    write(path_of(run, "done"), "%d" % time.time())
    os._exit(0)


def read_on(asked, log, at):
    """deploy.sh went, Ansible goes on: what it writes for itself is the rest of the log."""
    gone = None
    while gone is None or time.time() - gone < QUIET:
        if os.path.exists(asked["tail"]):
            with open(asked["tail"], "rb") as file:
                file.seek(at)
                chunk = file.read(1 << 20)
            at += len(chunk)
            while chunk:
                chunk = chunk[os.write(log, chunk):]
        going = alive(asked)
        gone = None if going else (gone or time.time())
        time.sleep(0.2)


def private(asked):
    """Compass makes its folder readable to everybody; passwords are in it."""
    work = path_of(asked["work"], "deploy")
    try:
        if os.stat(work).st_mode & 0o077:
            os.chmod(work, 0o700)
    except OSError:
        pass


def look(asked):
    """What is known of a run now."""
    run = asked["dir"]
    ended = read(path_of(run, "exit"))
    process = json.loads(ended) if ended else "running" if known(run, "pid") else "gone"
    if not os.path.exists(path_of(run, "began")):
        process = "waiting"
    answer = {
        "process": process,
        "keeper": known(run, "keeper") is not None,
        "done": os.path.exists(path_of(run, "done")),
        "size": os.path.getsize(path_of(run, "log")) if os.path.exists(path_of(run, "log")) else 0,
    }
    if asked.get("deep"):
        answer["ansible"] = alive(asked)
        answer["deck"] = deck(asked)
        answer["cluster"] = json.loads(reach(asked, "cluster") or "null")
    return answer


def plan(asked):
    """The run's plan, for whoever must know its passwords to hide them."""
    names = ("dha.yml", "network.yml")
    return dict((name, read(path_of(asked["dir"], name))) for name in names)


def follow(asked):
    """The log as it grows, as bytes, until nobody is left who writes it."""
    run, at = asked["dir"], asked["from"]
    out = getattr(sys.stdout, "buffer", sys.stdout)
    over = False
    while True:
        try:
            with open(path_of(run, "log"), "rb") as file:
                file.seek(at)
                chunk = file.read(1 << 18)
        except (IOError, OSError):
            chunk = b""
        at += len(chunk)
        if chunk:
            out.write(chunk)
            out.flush()
        elif over:
            return None
        else:
            # Who wrote may have written between our look at the log and at them: look at the log once more.
            over = os.path.exists(path_of(run, "done")) or not (known(run, "keeper") or known(run, "pid"))
            if os.getppid() == 1:
                return None
            time.sleep(LOOK)


def cancel(asked):
    """Ends deploy.sh's whole session and the Ansible in the container, and looks whether any is left."""
    pid = known(asked["dir"], "pid")
    if pid:
        session(pid, signal.SIGTERM)
        until = time.time() + GROUP_ENDS
        while session(pid, 0) and time.time() < until:
            time.sleep(0.1)
        session(pid, signal.SIGKILL)
    reach(asked, "end")
    until = time.time() + GROUP_ENDS
    while alive(asked) and time.time() < until:
        time.sleep(0.2)
    return {"left": len(session(pid, 0)) if pid else 0, "ansible": alive(asked)}


def session(leader, number):
    """Signals all that deploy.sh started and that did not make a session of its own."""
    found = []
    for name in os.listdir("/proc"):
        stat = read("/proc/%s/stat" % name) if name.isdigit() else None
        fields = stat.rsplit(")", 1)[-1].split() if stat else []
        if len(fields) > 3 and fields[3] == str(leader) and fields[0] not in "ZX":
            found.append(int(name))
    for pid in found:
        try:
            os.kill(pid, number)
        except OSError:
            pass
    return found


def tidy(asked):
    """Nothing that holds a secret stays of a run that is over, and nothing else goes."""
    if os.path.basename(os.path.dirname(asked["dir"])) != "runs":
        raise Wrong("%s is no folder of a run" % asked["dir"])
    shutil.rmtree(asked["dir"], ignore_errors=True)
    for name in LEFT:
        try:
            os.remove(os.path.join(asked["work"], "deploy/script", name))
        except OSError:
            pass
    return {"gone": not os.path.exists(asked["dir"])}


# --- before a run --------------------------------------------------------------------------------


def preflight(asked):
    """What the jump host is and has; what is wrong with it is judged by whoever asked."""
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', read("/etc/os-release", ""), re.M))
    memory = re.search(r"MemTotal:\s+(\d+)", read("/proc/meminfo", ""))
    disk = os.statvfs(asked["compass"] if os.path.isdir(asked["compass"]) else "/")
    tools = ["python2", "pip", "virsh", "docker", "ipmitool", "ifconfig", "sudo", "curl", "tee", "tput"]
    paths = os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/sbin"]
    nics = [name for name in sorted(os.listdir("/sys/class/net")) if os.path.exists("/sys/class/net/%s/device" % name)]
    containers = quiet(["docker", "ps", "--format", "{{.Names}}"])
    return {
        "os": [release.get("ID", ""), release.get("VERSION_ID", "")],
        "machine": os.uname()[4],
        "memory": int(memory.group(1)) * 1024 if memory else None,
        "free": disk.f_bavail * disk.f_frsize,
        "deploy_sh": os.access(path_of(asked["compass"], "deploy.sh"), os.X_OK),
        "writable": os.access(asked["compass"], os.W_OK),
        "root": os.geteuid() == 0,
        "sudo": os.geteuid() == 0 or quiet(["sudo", "-n", "true"]) is not None,
        "tools": [tool for tool in tools if not any(os.access(path_of(path, tool), os.X_OK) for path in paths)],
        "nics": nics,
        "taken": [port for port in asked["ports"] if answers("127.0.0.1", port)],
        "containers": None if containers is None else [name for name in containers.split() if name.startswith("compass-")],
        "answering": [address for address in asked["addresses"] if answers(address, 22)],
        "running": quiet(["pgrep", "-f", "[d]eploy.sh|[l]aunch.sh"]) is not None,
    }


def answers(address, port):
    try:
        socket.create_connection((address, port), 0.4).close()
        return True
    except (OSError, IOError):
        return False


def main():
    asked = json.loads(sys.stdin.readline())
    for name in ("dir", "work", "tail"):
        if asked.get(name):
            asked[name] = os.path.join(os.path.expanduser("~"), asked[name])
    acts = [prepare, launch, look, plan, follow, cancel, tidy, preflight]
    try:
        answer = dict((act.__name__, act) for act in acts)[asked["do"]](asked)
    except Wrong as wrong:
        answer = {"wrong": str(wrong)}
    except (IOError, OSError) as error:
        answer = {"wrong": "%s: %s" % (error.filename or asked["dir"], error.strerror)}
    if answer is not None:
        sys.stdout.write(json.dumps(answer) + "\n")


main()
