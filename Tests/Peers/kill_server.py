"""Kills a server under load, again and again, and looks for anything acknowledged that is missing.

    kill_server.py FASTI FOLDER ROUNDS [SEED]

In each round eight connections create, overwrite and delete events until the server is killed with SIGKILL at a random
moment. After the next start: a sync from the last token must bring this client to what the server has; every change that
was acknowledged must be there, and of those that were not, the old or the new state and nothing else; `git fsck --strict`
and `git status` must have nothing to say. Ends with 1 and a line for each fault.
"""

import hashlib
import http.client
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

COLLECTION = "/user/calendars/calendar/"


def event(name, version):
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Fasti//kill//EN\r\nBEGIN:VEVENT\r\nUID:{name}@kill.example\r\n"
        f"DTSTAMP:20260101T000000Z\r\nDTSTART:20260608T090000Z\r\nSUMMARY:{name} {version}\r\n"
        f"DESCRIPTION:{'x' * (version % 900)}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def etag(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(program, folder):
    port = free_port()
    process = subprocess.Popen(
        [program, "serve", "--defaults", "-d", folder, "-l", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(2000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        if process.poll() is not None:
            raise SystemExit(f"the server ended with {process.returncode}")
        time.sleep(0.01)
    raise SystemExit("the server does not answer")


class Client(threading.Thread):
    """Works on names of its own. `known` is what was acknowledged, `unsure` what was asked for last without an answer."""

    def __init__(self, port, number, known, seed):
        super().__init__()
        self.port, self.number, self.known, self.random = port, number, known, random.Random(seed)
        self.unsure, self.count = {}, 0

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            while True:
                name = f"e{self.number}-{self.random.randrange(60)}.ics"
                if name in self.known and self.random.randrange(4) == 0:
                    wanted = None
                    self.unsure[name] = wanted
                    connection.request("DELETE", COLLECTION + name)
                else:
                    content = event(name, self.random.randrange(1_000_000))
                    wanted = etag(content)
                    self.unsure[name] = wanted
                    connection.request("PUT", COLLECTION + name, content, {"Content-Type": "text/calendar; charset=utf-8"})
                answer = connection.getresponse()
                answer.read()
                if answer.status not in (201, 204):
                    print(f"{name}: status {answer.status}")
                    continue
                del self.unsure[name]
                self.count += 1
                if wanted:
                    self.known[name] = wanted
                else:
                    self.known.pop(name, None)
        except (OSError, http.client.HTTPException):
            pass  # killed


def sync(port, token):
    body = (
        '<?xml version="1.0"?><D:sync-collection xmlns:D="DAV:"><D:sync-token>' + token
        + "</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("REPORT", COLLECTION, body, {"Content-Type": "application/xml", "Depth": "0"})
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 207:
        raise SystemExit(f"sync from {token!r}: {answer.status} {text[:300]}")
    changed, removed = {}, []
    for response in re.findall(r"<[^<>]*response>(.*?)</[^<>]*response>", text, re.S):
        name = re.search(r"href>([^<]*)<", response).group(1).rsplit("/", 1)[1]
        tag = re.search(r'getetag>(?:"|&quot;)([0-9a-f]{40})', response)
        if tag:
            changed[name] = tag.group(1)
        else:
            removed.append(name)
    return changed, removed, re.search(r"sync-token>([^<]*)<", text).group(1)


def git(folder, *arguments):
    result = subprocess.run(
        ["git", "-C", folder + COLLECTION.rstrip("/"), *arguments], capture_output=True, text=True)
    return result.returncode, (result.stdout + result.stderr).strip()


def main():
    program, folder, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    moments = random.Random(seed)
    known, mirror, token, faults, total = {}, {}, "", [], 0
    process, port = start(program, folder)
    for number in range(1, rounds + 1):
        clients = [
            Client(port, index, {k: v for k, v in known.items() if k.startswith(f"e{index}-")}, seed * 10_000 + number * 10 + index)
            for index in range(8)]
        for client in clients:
            client.start()
        time.sleep(moments.uniform(0.02, 0.9))
        process.send_signal(signal.SIGKILL)
        process.wait()
        unsure, known = {}, {}
        for client in clients:
            client.join()
            known.update(client.known)
            unsure.update(client.unsure)
            total += client.count
        process, port = start(program, folder)
        changed, removed, token = sync(port, token)
        mirror.update(changed)
        for name in removed:
            mirror.pop(name, None)
        there, _, _ = sync(port, "")
        if there != mirror:
            faults.append(f"round {number}: the sync leads elsewhere: {sorted(set(there.items()) ^ set(mirror.items()))[:4]}")
            mirror = dict(there)
        for name in known.keys() | there.keys() | unsure.keys():
            allowed = {known.get(name)} | ({unsure[name]} if name in unsure else set())
            if there.get(name) not in allowed:
                faults.append(f"round {number}: {name} is {there.get(name)}, acknowledged was {known.get(name)}")
        known = dict(there)
        time.sleep(0.3 if number % 2 else 0)  # git is looked at with and without pending changes
        for arguments in (["fsck", "--strict", "--no-dangling"], ["status", "--porcelain"]):
            status, text = git(folder, *arguments)
            if status != 0 or text:
                faults.append(f"round {number}: git {arguments[0]}: {status} {text[:300]}")
    process.send_signal(signal.SIGTERM)
    process.wait()
    status, text = git(folder, "log", "-p", "--format=%an %s")
    if status != 0:
        faults.append(f"git log -p: {status} {text[-300:]}")
    print(f"{rounds} rounds, {total} changes acknowledged, {len(faults)} faults")
    for fault in faults[:20]:
        print(fault)
    sys.exit(1 if faults else 0)


main()
