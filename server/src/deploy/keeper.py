"""What Binnacle runs on a jump host: starts deploy.sh so that it outlives everybody, and tells what becomes of it.

It comes over standard input, behind witness.py, and is never written to a disk there. One request follows it, as a
line of JSON; what it names is data, and no shell sees any of it. Runs on Python 2.7 (Compass's own) and 3.
"""

import errno
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from multiprocessing.dummy import Pool

GROUP_ENDS = 10.0  # seconds from SIGTERM to SIGKILL
QUIET = 3.0  # seconds without Ansible until it is believed to be gone
LOOK = 0.02  # seconds between two looks at the log
HEARD = 30.0  # seconds after which a look at the hosts is told though nothing has changed
LINGERS = 60.0  # seconds that what deploy.sh left in the background may take
INSTALLS = 90 * 60.0  # seconds that hosts may take to install their systems before Ansible begins
SILENT = 60.0  # seconds without a word of compass-deck until it is believed to install no more
ASKED = 2.0  # seconds between two questions to compass-deck
ORPHANED = 600.0  # seconds after which a folder that no order came to is left over
FOREIGN = 86400.0  # the same for a folder that does not say whose it is
# What Compass leaves with passwords in it, below its folder. An expansion reads `machine` again, so that one stays,
# in a folder for nobody else to see.
LEFT = ["deploy_input.sh", "deploy_config.sh", "ipmitool.sh"]
PLAN = ["dha.yml", "network.yml"]


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


def written(handle, data):
    while data:
        data = data[os.write(handle, data):]


def write(path, data):
    """Whole or not at all, and on the disk when this returns."""
    handle = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        written(handle, data if isinstance(data, bytes) else data.encode("utf-8"))
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
    if asked.get("owner"):
        write(path_of(run, "owner"), asked["owner"])
    for name in PLAN:
        write(path_of(run, name), asked[name])
    return {"dir": run}


def orphans(asked):
    """Folders of this owner that nobody started, or that have ended: those without a row in its database go."""
    found = []
    for name in os.listdir(asked["dir"]) if os.path.isdir(asked["dir"]) else []:
        run = os.path.join(asked["dir"], name)
        if not os.path.isdir(run) or os.path.exists(path_of(run, "began")) > os.path.exists(path_of(run, "done")):
            continue
        owner = read(path_of(run, "owner"))
        least = FOREIGN if owner is None else ORPHANED
        if owner in (None, asked["owner"]) and time.time() - os.stat(run).st_mtime > least:
            found.append(run)
    return {"orphans": sorted(found)}


def launch(asked):
    """Starts deploy.sh once, however often it is asked to, and looks after it again when its keeper was killed."""
    run = asked["dir"]
    if not os.path.isfile(path_of(run, "dha.yml")):
        raise Wrong("the run's folder %s is not there" % run)
    lock = passed(os.open(path_of(run, "lock"), os.O_WRONLY | os.O_CREAT, 0o600), False)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError):
        return {"again": True}
    if os.path.exists(path_of(run, "done")):
        return {"again": True}
    before = os.path.exists(path_of(run, "began"))
    if not before:
        if not os.access(asked["argv"][0], os.X_OK):
            raise Wrong("%s is not there, or may not be run" % asked["argv"][0])
        write(path_of(run, "began"), "%d" % time.time())
    ready, tell = [passed(end, False) for end in os.pipe()]
    if os.fork() == 0:
        os.close(ready)
        os.setsid()
        if os.fork() == 0:
            keep(asked, tell, before)
        os._exit(0)
    os.close(tell)
    os.wait()
    said = os.fdopen(ready).read()
    if said:
        raise Wrong(said)
    return {"again": before}


def passed(handle, on):
    """Whether programs that are started get it, too."""
    flags = fcntl.fcntl(handle, fcntl.F_GETFD)
    fcntl.fcntl(handle, fcntl.F_SETFD, flags & ~fcntl.FD_CLOEXEC if on else flags | fcntl.FD_CLOEXEC)
    return handle


def keep(asked, tell, before):
    """Lives as long as deploy.sh does, and leaves behind how it ended. Holds the lock until then."""
    run = asked["dir"]
    child = None
    try:
        os.umask(0o077)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        if not before:
            child, master = begun(asked)
        write(path_of(run, "keeper"), "%d %s" % (os.getpid(), started(os.getpid())))
    except Exception as error:
        os.write(tell, ("deploy.sh cannot be started: %s" % error).encode("utf-8"))
        os._exit(1)
    os.close(tell)
    # Of a child that is not ours nobody is told how it ends.
    while child.poll() is None if child else known(run, "pid"):
        private(asked)
        time.sleep(0.05)
    if child:
        status = child.returncode
        write(path_of(run, "exit"), json.dumps({"signal": -status} if status < 0 else {"status": status}))
        os.close(master)
    settle(asked)
    os._exit(0)


def begun(asked):
    """deploy.sh, in a session of its own, and the other end of its terminal."""
    run = asked["dir"]
    log = passed(os.open(path_of(run, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), False)
    # docker exec -it asks for a terminal. deploy.sh has both ends: it would be hung up with us if we had one alone.
    master, terminal = pty.openpty()
    passed(master, True)
    passed(terminal, False)
    env = dict((str(name), str(value)) for name, value in asked["env"].items())
    logged = os.path.getsize(asked["tail"]) if asked.get("tail") and os.path.exists(asked["tail"]) else 0
    write(path_of(run, "logged"), "%d" % logged)

    def alone():
        # Before deploy.sh is: whenever its keeper is killed, what it is called is known.
        os.setsid()
        write(path_of(run, "pid"), "%d %s" % (os.getpid(), started(os.getpid())))

    child = subprocess.Popen(
        asked["argv"], cwd=run, env=env, stdin=terminal, stdout=log, stderr=log, close_fds=False, preexec_fn=alone
    )
    os.close(terminal)
    os.close(log)
    return child, master


def settle(asked):
    """Compass resets hosts in the background, also when it has failed: a run is over when that is."""
    run = asked["dir"]
    leader = (read(path_of(run, "pid")) or "").split()
    until = time.time() + LINGERS
    while leader and session(int(leader[0]), 0) and time.time() < until:
        private(asked)
        time.sleep(0.2)
    if asked.get("tail"):
        read_on(asked)
    private(asked)
    # Here, as long as nobody else deploys from this folder.
    for name in LEFT:
        remove(os.path.join(asked["work"], "deploy/script", name))
    write(path_of(run, "done"), "%d" % time.time())


def remove(path):
    try:
        os.remove(path)
    except OSError:
        pass


def read_on(asked):
    """deploy.sh went, Ansible goes on: what it writes for itself is the rest of the log."""
    run = asked["dir"]
    log = os.open(path_of(run, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if not os.path.exists(path_of(run, "said")):
        write(path_of(run, "said"), "%d" % os.fstat(log).st_size)
    # What deploy.sh said itself is so long; of the rest a keeper that was killed may have read a part.
    at = int(read(path_of(run, "logged"), "0")) + os.fstat(log).st_size - int(read(path_of(run, "said")))
    gone = None
    waits = installing(asked)
    while gone is None or time.time() - gone < QUIET:
        chunk = b""
        if os.path.exists(asked["tail"]):
            with open(asked["tail"], "rb") as file:
                file.seek(at)
                chunk = file.read(1 << 20)
            at += len(chunk)
            written(log, chunk)
        ansible = alive(asked)
        if ansible or chunk:
            waits = None
        going = ansible or chunk or (waits and next(waits))
        gone = None if going else (gone or time.time())
        time.sleep(0.2)
    os.close(log)


def installing(asked):
    """Whether compass-deck will still begin Ansible, each time that it is asked: hosts install for up to an hour."""
    began = heard = time.time()
    at, yes = 0, True
    while True:
        if time.time() - at > ASKED:
            at = time.time()
            state = (deck(asked) or {}).get("state")
            heard = at if state else heard
            # A deck that is away for a moment takes nothing back.
            yes = state == "INSTALLING" if state else yes and bool(asked.get("deck")) and at - heard < SILENT
        ended = time.time() - began > INSTALLS or os.path.exists(path_of(asked["dir"], "cancelled"))
        yield yes and not ended


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
        answer["ansible_ended"] = os.path.exists(path_of(run, "ansible-ended"))
        answer["deck"] = deck(asked)
        answer["cluster"] = cluster_says(asked)
    return answer


def plan(asked):
    """The run's plan, for whoever must know its passwords to hide them."""
    files = [read(path_of(asked["dir"], name)) for name in PLAN]
    return {"plan": None if None in files else files}


def follow(asked):
    """The log as it grows, as bytes, until all is written, or nobody looks after it any more."""
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
            over = os.path.exists(path_of(run, "done")) or not known(run, "keeper")
            if os.getppid() == 1:
                return None
            time.sleep(LOOK)


def watch(asked):
    """How hosts fare, as a line of JSON whenever that changes and now and then, until nobody listens."""
    said, at, way, pool = None, 0, [], Pool(32)
    while os.getppid() != 1:
        seen = json.dumps(hosts(asked, way, pool), sort_keys=True)
        if seen != said or time.time() - at > HEARD:
            said, at = seen, time.time()
            sys.stdout.write(seen + "\n")
            sys.stdout.flush()
        time.sleep(asked["every"])


def noted(run, name):
    """Told by a file. A full disk must not keep anybody from ending what fills it."""
    try:
        write(path_of(run, name), "%d" % time.time())
    except (IOError, OSError):
        pass


def cancel(asked):
    """Ends deploy.sh's whole session and the Ansible in the container, and looks whether any is left."""
    pid = known(asked["dir"], "pid")
    # Nobody waits for an Ansible that is to come any more, but whoever cancelled.
    noted(asked["dir"], "cancelled")
    if pid:
        session(pid, signal.SIGTERM)
        until = time.time() + GROUP_ENDS
        while session(pid, 0) and time.time() < until:
            time.sleep(0.1)
        session(pid, signal.SIGKILL)
    # Told by a file: whoever looks later must know that no further Ansible is to be waited for.
    if alive(asked):
        noted(asked["dir"], "ansible-ended")
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
    addresses = asked["addresses"]
    # One after the other, a hundred silent addresses would take a minute.
    answering = Pool(32).map(lambda address: answers(address, 22), addresses)
    containers = quiet(ROOT + ["docker", "ps", "--format", "{{.Names}}"])
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
        "answering": [address for address, answer in zip(addresses, answering) if answer],
        "running": quiet(["pgrep", "-f", "[d]eploy.sh|[l]aunch.sh"]) is not None,
    }


def main():
    asked = json.loads(sys.stdin.readline())
    for name in ("dir", "work", "tail"):
        if asked.get(name):
            asked[name] = os.path.join(os.path.expanduser("~"), asked[name])
    acts = [prepare, orphans, launch, look, plan, follow, watch, versions, cancel, tidy, preflight]
    try:
        answer = dict((act.__name__, act) for act in acts)[asked["do"]](asked)
    except Wrong as wrong:
        answer = {"wrong": str(wrong)}
    except (IOError, OSError) as error:
        answer = {"wrong": "%s: %s" % (error.filename or asked["dir"], error.strerror)}
    if answer is not None:
        sys.stdout.write(json.dumps(answer) + "\n")


main()
