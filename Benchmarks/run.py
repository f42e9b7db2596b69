"""Measures Fasti beside Xandikos (as a server) and restic (as a keeper of files), in one run on one machine.

    run.py --fasti BINARY --xandikos PROGRAM --restic PROGRAM [--events N] [--files N] [--json FILE]

Every figure is printed with that of the peer measured in the same run, and their ratio. The load comes from this
program, which needs a core of its own: rates above a few thousand requests a second are limited by it.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import load

XML = {"Content-Type": "application/xml; charset=utf-8"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, arguments, port):
        self.port = port
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{arguments[0]} did not start")

    def cpu(self):
        """User and system seconds so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Peak resident memory in MiB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


def disk(folder):
    """Bytes that the files below `folder` take on the disk."""
    return int(subprocess.check_output(["du", "-s", "--block-size=1", folder]).split()[0])


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] * 1000


def serve(name, arguments, folder, events):
    """Figures of one server with a calendar of `events` events."""
    port = free_port()
    server = Server([part.format(port=port, folder=folder) for part in arguments], port)
    collection = "/user/calendars/calendar/"
    try:
        figures = {}
        rate, seconds, failures = load.put_events(port, collection, range(events), seed=1)
        if failures:
            raise RuntimeError(f"{name}: {len(failures)} of {events} PUTs failed, first {failures[0]}")
        figures["PUT, 1 connection, per s"] = rate
        figures["PUT p50, ms"] = percentile(seconds, 0.50)
        figures["PUT p99, ms"] = percentile(seconds, 0.99)
        before, more = disk(folder), max(50, events // 10)
        cpu = server.cpu()
        rate, seconds, failures = load.put_events(port, collection, range(more), seed=2, connections=8)
        if failures:
            raise RuntimeError(f"{name}: {len(failures)} of {more} parallel PUTs failed, first {failures[0]}")
        figures[f"PUT, 8 connections, per s (calendar of {events})"] = rate
        figures["CPU per PUT, ms"] = (server.cpu() - cpu) / more * 1000
        figures["disk per PUT, KiB"] = (disk(folder) - before) / more / 1024
        figures["GET, 1 connection, ms"], _ = load.repeat(port, 300, "GET", f"{collection}event-1-7.ics")
        depth = {**XML, "Depth": "1"}
        figures["PROPFIND depth 1, ms"], body = load.repeat(port, 9, "PROPFIND", collection, load.LISTING, depth)
        if body.count(b".ics") < events + more:
            raise RuntimeError(f"{name}: the listing names {body.count(b'.ics')} of {events + more} events")
        load.repeat(port, 7, "REPORT", collection, load.WEEK_QUERY, depth)  # until indexes exist
        figures["query of a week, ms"], body = load.repeat(port, 9, "REPORT", collection, load.WEEK_QUERY, depth)
        figures["  events found"] = body.count(b"getetag>") / 2
        figures["sync, initial, ms"], body = load.repeat(port, 5, "REPORT", collection, load.sync_body(""), depth)
        token = re.search(rb"sync-token[^>]*>([^<]+)<", body).group(1).decode()
        load.put_events(port, collection, range(1), seed=3)
        figures["sync, one change, ms"], _ = load.repeat(
            port, 9, "REPORT", collection, load.sync_body(token), {**XML, "Depth": "0"})
        figures["peak memory, MiB"] = server.memory()
        return figures
    finally:
        server.stop()


def timed(arguments, environment=None, cwd=None):
    """Runs a program. Returns wall seconds, CPU seconds, peak MiB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}, cwd=cwd)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{arguments} ended with {process.returncode}: {output.decode()[-2000:]}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def keep(name, steps, store, environment):
    figures = {}
    for label, arguments in steps:
        wall, cpu, memory = timed(arguments, environment)
        figures[f"{label}: wall, s"] = wall
        figures[f"{label}: CPU, s"] = cpu
        figures[f"{label}: peak memory, MiB"] = memory
    figures["stored, MiB"] = disk(store) / 2**20
    return figures


def table(title, ours, theirs, peer):
    print(f"\n{title}\n{'':44}{'fasti':>12}{peer:>12}{'ratio':>9}")
    for label, value in ours.items():
        other = theirs.get(label)
        ratio = f"{other / value:9.2f}" if other and value else f"{'':9}"
        if " per s" in label and other and value:
            ratio = f"{value / other:9.2f}"
        print(f"{label:44}{value:12.2f}{other if other is not None else float('nan'):12.2f}{ratio}")
    print("ratio: how many times better fasti is; below 1, worse")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fasti", required=True)
    parser.add_argument("--xandikos", required=True)
    parser.add_argument("--restic", required=True)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--json", help="also write the figures there")
    options = parser.parse_args()

    results = {"events": options.events, "files": options.files, "cores": os.cpu_count()}
    work = tempfile.mkdtemp(prefix="fasti-bench-")
    try:
        print(f"Fasti beside Xandikos: one calendar of {options.events} events of 1 KiB, every fifth recurring")
        folders = {name: os.path.join(work, name) for name in ("fasti", "xandikos")}
        for folder in folders.values():
            os.mkdir(folder)
        results["server"] = {
            "fasti": serve(
                "fasti", [options.fasti, "serve", "--defaults", "-d", "{folder}", "-l", "127.0.0.1", "--port", "{port}"],
                folders["fasti"], options.events),
            "xandikos": serve(
                "xandikos",
                [options.xandikos, "serve", "--defaults", "-d", "{folder}", "-l", "127.0.0.1", "-p", "{port}"],
                folders["xandikos"], options.events),
        }
        table("Serving", results["server"]["fasti"], results["server"]["xandikos"], "xandikos")

        files = os.path.join(work, "files")
        os.mkdir(files)
        for number in range(options.files):
            with open(os.path.join(files, f"event-{number}.ics"), "wb") as file:
                file.write(load.event(number, 9))
        store, peer = os.path.join(work, "store"), os.path.join(work, "restic")
        secret = {"FASTI_PASSPHRASE": "correct horse battery staple", "RESTIC_PASSWORD": "correct horse battery staple"}
        home = {"HOME": work, "XDG_CACHE_HOME": os.path.join(work, "cache"), "XDG_CONFIG_HOME": os.path.join(work, "config")}
        timed([options.fasti, "at", store, "create"], {**secret, **home})
        timed([options.restic, "-r", peer, "init"], {**secret, **home})
        ours = keep(
            "fasti",
            [
                ("open (key derivation)", [options.fasti, "at", store, "ls"]),
                ("first backup", [options.fasti, "at", store, "backup", files]),
                ("unchanged", [options.fasti, "at", store, "backup", files]),
                ("check", [options.fasti, "at", store, "check"]),
                ("restore", [options.fasti, "at", store, "restore", "-to", os.path.join(work, "out"), "latest"]),
            ], store, {**secret, **home})
        theirs = keep(
            "restic",
            [
                ("open (key derivation)", [options.restic, "-r", peer, "snapshots"]),
                ("first backup", [options.restic, "-r", peer, "backup", files]),
                ("unchanged", [options.restic, "-r", peer, "backup", files]),
                ("check", [options.restic, "-r", peer, "check", "--read-data"]),
                ("restore", [options.restic, "-r", peer, "restore", "latest", "--target", os.path.join(work, "out2")]),
            ], peer, {**secret, **home})
        restored = sum(len(names) for _, _, names in os.walk(os.path.join(work, "out")))
        if restored != options.files:
            raise RuntimeError(f"fasti restored {restored} of {options.files} files")
        results["keeping"] = {"fasti": ours, "restic": theirs}
        table(f"Keeping {options.files} .ics files, encrypted", ours, theirs, "restic")
        print("Fasti's key derivation (Argon2id, 256 MiB) is part of every row: subtract the first rows to compare work.")
        if options.json:
            with open(options.json, "w") as file:
                json.dump(results, file, indent=2, sort_keys=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
