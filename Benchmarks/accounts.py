"""Measures backup and restore of an account beside vdirsyncer, from the same servers over loopback.

    accounts.py --fasti BINARY --peers FOLDER [--events N] [--servers LIST] [--targets LIST] [--json FILE]

FOLDER has the programs xandikos, radicale and vdirsyncer. Each step prints wall time, processor time of the client and
of the server, the client's peak memory, and requests where the server counts them. vdirsyncer pulls into a folder; Fasti
writes a store without encryption, since the key of an encrypted one alone takes most of a second on purpose. When the
server's time is close to the wall time, the server is what limits.

In the end everything goes to empty servers, a new one for each program: Fasti restores and reads back, vdirsyncer pushes
its folder.

Before anything is measured every server lists the calendar once: Radicale parses each event the first time it sees it,
which whoever comes first would have to wait for.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.request

import load
from run import Server, free_port
from servers import COLLECTION, fill

ENVIRONMENT = {"FASTI_PASSPHRASE": "correct horse battery staple", "NO_COLOR": "1"}


def arguments(name, options, folder, port, metrics):
    if name == "fasti":
        return [options.fasti, "serve", "--defaults", "-d", folder, "-l", "127.0.0.1", "--port", str(port),
                "--metrics-port", str(metrics)]
    if name == "xandikos":
        return [f"{options.peers}/xandikos", "serve", "--defaults", "-d", folder, "-l", "127.0.0.1", "-p", str(port)]
    return [
        f"{options.peers}/radicale", "--config", "", "--server-hosts", f"127.0.0.1:{port}",
        "--storage-filesystem-folder", folder, "--auth-type", "none", "--logging-level", "info"]


def start(name, options, folder):
    port, metrics = free_port(), free_port()
    log = pathlib.Path(folder + ".log")
    with open(log, "wb") as output:
        server = Server(arguments(name, options, folder, port, metrics), port, log=output)
    server.log = log if name == "radicale" else None
    server.metrics = metrics if name == "fasti" else None
    return server


def warm(server):
    path = "/user/calendar/" if server.name == "radicale" else COLLECTION
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}", method="PROPFIND",
        headers={"Depth": "1", "Authorization": "Basic dXNlcjpwYXNz"})
    urllib.request.urlopen(request).read()


def requests(server):
    """What the server has answered so far; None where it does not count."""
    if server.log:
        return len(re.findall(rb" response status for ", server.log.read_bytes()))
    if not server.metrics:
        return None
    with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics}/metrics", timeout=5) as answer:
        found = re.findall(r"^fasti_requests_total\{[^}]*\} (\d+)", answer.read().decode(), re.M)
    return sum(map(int, found))


def step(title, server, command, results, environment):
    served, asked = server.cpu(), requests(server)
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            raise RuntimeError(f"{title}: {output.read()[-4000:].decode(errors='replace')}")
    client = used.ru_utime + used.ru_stime
    total = requests(server)
    count = total - asked if asked is not None and total is not None else None
    memory = used.ru_maxrss / 1024
    figures = {"wall": wall, "client": client, "server": server.cpu() - served, "requests": count, "memory": memory}
    results[title] = figures
    print(f"  {title:34} {wall:8.2f} s   client {client:7.2f} s, {memory:5.0f} MiB   server {figures['server']:7.2f} s"
          + (f"   {count} requests" if count is not None else ""), flush=True)


def vdirsyncer(folder, port, options, name="vdirsyncer"):
    """The command of a configuration of its own, which all have the same folder in common."""
    config = pathlib.Path(folder, f"{name}.conf")
    pathlib.Path(folder, "vdir").mkdir(exist_ok=True)
    base = f"http://127.0.0.1:{port}"
    config.write_text(f"""
[general]
status_path = "{folder}/{name}-status/"
[pair account]
a = "here"
b = "there"
collections = ["calendar"]
[storage here]
type = "filesystem"
path = "{folder}/vdir/"
fileext = ".ics"
[storage there]
type = "caldav"
url = "{base}/user/"
username = "user"
password = "pass"
""")
    return [f"{options.peers}/vdirsyncer", "-c", str(config)]


def discover(command, environment):
    subprocess.run([*command, "discover"], env=environment, input="y\n" * 20, text=True, capture_output=True)


def change(server, events, share):
    """Changes every hundredth event with PUT."""
    path = "/user/calendar/" if server.name == "radicale" else COLLECTION
    for number in range(0, events, int(1 / share)):
        body = load.event(number, 1).replace(b"SUMMARY:", b"SUMMARY:Changed ")
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.port}{path}event-1-{number}.ics", data=body, method="PUT",
            headers={"Content-Type": "text/calendar"})
        urllib.request.urlopen(request).read()


@contextlib.contextmanager
def empty(name, options, data):
    os.mkdir(data)
    server = start(name, options, data)
    try:
        yield server
    finally:
        server.stop()


def measure(name, options):
    results = {}
    print(f"{name}: {options.events} events", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = f"{folder}/data"
        os.mkdir(data)
        if name != "radicale":
            server = start(name, options, data)
            server.stop()
        fill(name, data, options.events)
        server = start(name, options, data)
        server.name = name
        warm(server)
        environment = {**os.environ, **ENVIRONMENT, "HOME": folder, "XDG_CONFIG_HOME": f"{folder}/config",
                       "XDG_CACHE_HOME": f"{folder}/cache"}

        def fasti(*words):
            return [options.fasti, *words]

        try:
            login = ["username=user", "password=pass", "--no-test"]
            subprocess.run(fasti("source", "add", "a", f"caldav+http://127.0.0.1:{server.port}", *login),
                           env=environment, check=True, capture_output=True)
            subprocess.run(fasti("at", f"{folder}/store", "create", "-plaintext"), env=environment, check=True, capture_output=True)
            backup = fasti("at", f"{folder}/store", "backup", "@a", "--quiet")
            step("fasti, first backup", server, backup, results, environment)
            step("fasti, unchanged", server, backup, results, environment)
            vdir = vdirsyncer(folder, server.port, options)
            if options.peer:
                discover(vdir, environment)
                step("vdirsyncer, first pull", server, [*vdir, "sync"], results, environment)
                step("vdirsyncer, unchanged", server, [*vdir, "sync"], results, environment)
            change(server, options.events, 0.01)
            step("fasti, 1 % changed", server, backup, results, environment)
            if options.peer:
                step("vdirsyncer, 1 % changed", server, [*vdir, "sync"], results, environment)
            for target in options.targets.split(","):
                with empty(target, options, f"{folder}/for-fasti-{target}") as there:
                    subprocess.run(
                        fasti("destination", "add", target, f"caldav+http://127.0.0.1:{there.port}", *login),
                        env=environment, check=True, capture_output=True)
                    restore = fasti("at", f"{folder}/store", "restore", "-to", f"@{target}", "latest", "--quiet")
                    step(f"fasti, to an empty {target}", there, restore, results, environment)
                if options.peer:
                    with empty(target, options, f"{folder}/for-vdirsyncer-{target}") as there:
                        push = vdirsyncer(folder, there.port, options, f"push-{target}")
                        discover(push, environment)
                        step(f"vdirsyncer, to an empty {target}", there, [*push, "sync"], results, environment)
            pairs = [("first backup", "first pull"), ("unchanged",) * 2, ("1 % changed",) * 2,
                     *((f"to an empty {target}",) * 2 for target in options.targets.split(","))]
            for ours, theirs in pairs if options.peer else ():
                ratio = results[f"vdirsyncer, {theirs}"]["wall"] / results[f"fasti, {ours}"]["wall"]
                print(f"  {ours}: {ratio:.1f} times faster", flush=True)
        finally:
            server.stop()
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fasti", required=True)
    parser.add_argument("--peers", required=True)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--servers", default="fasti,xandikos,radicale")
    parser.add_argument("--targets", default="fasti")
    parser.add_argument("--no-peer", dest="peer", action="store_false")
    parser.add_argument("--json")
    options = parser.parse_args()
    results = {name: measure(name, options) for name in options.servers.split(",")}
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=2))


main()
