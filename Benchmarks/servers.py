"""Measures calendar servers side by side: one calendar of N events each, every request over loopback.

    servers.py --fasti BINARY [--xandikos PROGRAM] [--radicale PROGRAM] [--events 100,1000,10000] [--alone 100000]

`--alone` sizes are measured with Fasti only. Calendars are filled without the server, with `git fast-import`. PUT and GET
come from wrk (Debian package), which shares the cores of this machine with the server; the reports come from Python.
Milliseconds are medians of wall clock; "CPU" is what the server itself used, which other work on the machine does not
change. A figure that a peer does not reach within its time is left out; "ratio" is to the best peer of the same run.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import load
from run import Server, disk, free_port, percentile

HERE = pathlib.Path(__file__).parent
XML = {"Content-Type": "application/xml; charset=utf-8"}
COLLECTION = "/user/calendars/calendar/"

EXPANDED = load.WEEK_QUERY.replace(
    b"<D:getetag/>",
    b'<D:getetag/><C:calendar-data><C:expand start="20260608T000000Z" end="20260615T000000Z"/></C:calendar-data>')


def multiget(numbers):
    hrefs = "".join(f"<D:href>{COLLECTION}event-1-{number}.ics</D:href>" for number in numbers)
    return (
        '<?xml version="1.0"?><C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop>'
        f"<D:getetag/><C:calendar-data/></D:prop>{hrefs}</C:calendar-multiget>"
    ).encode()


def fill(name, folder, events):
    """Puts the events where the server finds them when it starts."""
    if name == "radicale":
        calendar = pathlib.Path(folder, "collection-root", "user", "calendar")
        calendar.mkdir(parents=True)
        (calendar / ".Radicale.props").write_text('{"tag": "VCALENDAR"}')
        for number in range(events):
            (calendar / f"event-1-{number}.ics").write_bytes(load.event(number, 1))
        return
    calendar = folder + COLLECTION.rstrip("/")
    parts = [b"commit refs/heads/master\ncommitter Bench <bench@example.org> 1767225600 +0000\ndata 4\nFill\n"
             b"from refs/heads/master^0\n"]
    for number in range(events):
        content = load.event(number, 1)
        parts.append(f"M 100644 inline event-1-{number}.ics\ndata {len(content)}\n".encode() + content + b"\n")
    subprocess.run(["git", "-C", calendar, "fast-import", "--quiet"], input=b"".join(parts), check=True)
    subprocess.run(["git", "-C", calendar, "reset", "-q", "--hard"], check=True)


def wrk(port, script, connections, seconds, arguments, collection=COLLECTION):
    """Returns (rate per second, p50 ms, p99 ms)."""
    output = subprocess.check_output(
        ["wrk", "-t", "1" if connections == 1 else "2", "-c", str(max(connections, 1)), "-d", f"{seconds}s", "--latency",
         "-s", str(HERE / script), f"http://127.0.0.1:{port}/", "--", collection, *map(str, arguments)], text=True)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    if failed:
        raise RuntimeError(f"{script}: {failed.group(1)} requests failed")

    def latency(share):
        value, unit = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", output).groups()
        return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)), latency(50), latency(99)


def listening(name, arguments, folder):
    port = free_port()
    return Server([part.format(port=port, folder=folder) for part in arguments], port, patience=600)


def measure(name, arguments, events, seconds):
    figures = {}
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        if name != "radicale":
            listening(name, arguments, folder).stop()  # makes the calendar
        fill(name, folder, events)
        collection = "/user/calendar/" if name == "radicale" else COLLECTION
        server = listening(name, arguments, folder)
        load.repeat(server.port, 1, "PROPFIND", collection, load.LISTING, {**XML, "Depth": "1"})  # builds indexes
        if name == "fasti":
            time.sleep(1)
            server.stop()
            began = time.perf_counter()
            server = listening(name, arguments, folder)
            load.repeat(server.port, 1, "REPORT", collection, load.WEEK_QUERY, {**XML, "Depth": "1"})
            figures["start with a warm index to the first answer, ms"] = (time.perf_counter() - began) * 1000
            figures["  CPU, ms"] = server.cpu() * 1000
            figures["memory then, MiB"] = server.memory()
        try:
            reports(name, server, collection, figures)
            figures["peak memory of all reads, MiB"] = server.memory()
            writes(name, server, collection, folder, events, seconds, figures)
            figures["peak memory, MiB"] = server.memory()
        finally:
            server.stop()
        if name != "radicale":
            check = subprocess.run(
                ["git", "-C", folder + COLLECTION, "fsck", "--strict", "--no-dangling"], capture_output=True, text=True)
            figures["git fsck, failures"] = 0 if check.returncode == 0 else 1
    return figures


def reports(name, server, collection, figures):
    port, depth = server.port, {**XML, "Depth": "1"}
    rounds = 15 if name == "fasti" else 3
    warm = 1 if name == "fasti" else 7

    def time_of(label, method, body, headers=depth):
        before = server.cpu()
        if name != "fasti":  # some take a minute: then once is enough
            figures[label + ", ms"], answer = load.repeat(port, 1, method, collection, body, headers)
            if figures[label + ", ms"] > 5000:
                figures[f"  CPU, ms ({label})"] = (server.cpu() - before) * 1000
                return answer
            before = server.cpu()
        figures[label + ", ms"], answer = load.repeat(port, rounds, method, collection, body, headers)
        figures[f"  CPU, ms ({label})"] = (server.cpu() - before) / rounds * 1000
        return answer

    time_of("PROPFIND depth 1", "PROPFIND", load.LISTING)
    if name != "radicale":
        time_of("multiget of 50", "REPORT", multiget(range(0, 100, 2)))
    load.repeat(port, warm, "REPORT", collection, load.WEEK_QUERY, depth)  # until indexes exist
    answer = time_of("query of a week", "REPORT", load.WEEK_QUERY)
    figures["  events found"] = answer.count(b"getetag>") // 2
    time_of("query of a week, expanded", "REPORT", EXPANDED)
    answer = time_of("sync, initial", "REPORT", load.sync_body(""))
    token = re.search(rb"sync-token[^>]*>([^<]+)<", answer).group(1).decode()
    load.put_events(port, collection, range(1), seed=3)
    time_of("sync, one change", "REPORT", load.sync_body(token), {**XML, "Depth": "0"})


def writes(name, server, collection, folder, events, seconds, figures):
    if name != "fasti":
        count = max(5, min(100, 20_000 // events))
        for connections in (1, 32):
            before, on_disk = server.cpu(), disk(folder)
            rate, took, failures = load.put_events(server.port, collection, range(count), seed=10 + connections,
                                                   connections=connections)
            if not failures:
                rated(figures, f"PUT, {connections} connections", rate, percentile(took, 0.5), percentile(took, 0.99))
                figures["CPU per PUT, ms"] = (server.cpu() - before) / count * 1000
                figures["disk per PUT, KiB"] = (disk(folder) - on_disk) / count / 1024
        before = server.cpu()
        rate, p50, p99 = wrk(server.port, "get.lua", 8, seconds, [events], collection)
        rated(figures, "GET, 8 connections", rate, p50, p99)
        figures["CPU per GET, ms"] = (server.cpu() - before) / (rate * seconds) * 1000
        return
    load.repeat(server.port, 50, "GET", collection + "event-1-7.ics")
    before = server.cpu()
    rate, p50, p99 = wrk(server.port, "get.lua", 8, seconds, [events])
    rated(figures, "GET, 8 connections", rate, p50, p99)
    figures["CPU per GET, ms"] = (server.cpu() - before) / (rate * seconds) * 1000
    before, cpu, total = disk(folder), server.cpu(), 0
    for seed, connections in enumerate((1, 8, 32)):
        rate, p50, p99 = wrk(server.port, "put.lua", connections, seconds, [events, seed + 1])
        rated(figures, f"PUT, {connections} connections", rate, p50, p99)
        total += rate * seconds
    figures["CPU per PUT, ms"] = (server.cpu() - cpu) / total * 1000
    time.sleep(30)  # until what is behind the answers is done
    load.put_events(server.port, collection, range(1), seed=77)
    time.sleep(2)
    figures["disk per PUT, KiB"] = (disk(folder) - before) / total / 1024


def rated(figures, label, rate, p50, p99):
    figures[f"{label}, per s"], figures[f"{label}, p50 ms"], figures[f"{label}, p99 ms"] = rate, p50, p99


def table(size, columns):
    print(f"\nA calendar of {size} events\n{'':52}" + "".join(f"{name:>12}" for name in columns) + f"{'ratio':>10}")
    for label, own in columns["fasti"].items():
        cells = "".join(f"{columns[name][label]:12.2f}" if label in columns[name] else f"{'-':>12}" for name in columns)
        others = [columns[name][label] for name in columns if name != "fasti" and columns[name].get(label)]
        ratio = ""
        if others and own and not label.startswith(("  events", "git")):
            best = own / max(others) if "per s" in label else min(others) / own
            ratio = f"{best:10.1f}"
        print(f"{re.sub(' [(].*[)]$', '', label) if label.startswith('  CPU') else label:52}{cells}{ratio}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fasti", required=True)
    parser.add_argument("--xandikos")
    parser.add_argument("--radicale")
    parser.add_argument("--events", default="100,1000,10000")
    parser.add_argument("--alone", default="")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--json")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    programs = {"fasti": [options.fasti, "serve", "--defaults", "-d", "{folder}", "-l", "127.0.0.1", "--port", "{port}"]}
    if options.xandikos:
        programs["xandikos"] = [options.xandikos, "serve", "--defaults", "-d", "{folder}", "-l", "127.0.0.1", "-p", "{port}"]
    if options.radicale:
        programs["radicale"] = [options.radicale, "--config", "", "--server-hosts", "127.0.0.1:{port}", "--auth-type", "none",
                                "--storage-filesystem-folder", "{folder}", "--logging-level", "warning"]
    results = {}
    for size in [int(part) for part in f"{options.events},{options.alone}".split(",") if part]:
        alone = str(size) in options.alone.split(",")
        columns = {}
        for name, arguments in programs.items():
            if alone and name != "fasti":
                continue
            columns[name] = measure(name, arguments, size, options.seconds)
        results[size] = columns
        table(size, columns)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
