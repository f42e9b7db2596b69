"""Measures Fasti beside Xandikos as a server, in one run on one machine. Keeping files is measured by keep.py.

    run.py --fasti BINARY --xandikos PROGRAM [--events N] [--json FILE]

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
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--json", help="also write the figures there")
    options = parser.parse_args()

    results = {"events": options.events, "cores": os.cpu_count()}
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

        if options.json:
            with open(options.json, "w") as file:
                json.dump(results, file, indent=2, sort_keys=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
