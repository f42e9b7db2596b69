"""Measures Fasti beside restic and borg as keepers of files, in one run on one machine.

    keep.py --fasti BINARY --restic PROGRAM --borg PROGRAM [--files N] [--random MIB] [--runs N] [--json FILE]
    keep.py --fasti BINARY --million [--files N]

Two sources, the same bytes in every run: small .ics files, and random bytes in one file. All stores are encrypted and on
the local disk. Every restore is compared with its source, file by file, before anything is printed.

Key derivation: opening an encrypted Kloset store costs Argon2id with 256 MiB and 4 passes, which the format lays down;
restic and borg derive keys too, more cheaply. It has its own lines and is taken out of every row of CPU seconds; wall clock
includes it. Fasti's key is measured in each run: what the process has used when the 256 MiB are given back, beyond what the
program takes to start. At that moment the kernel's high-water mark is reset, so that there are two figures of memory, with
the key and after it. The keys of restic and borg are what opening an empty store costs beyond opening one without a key
(restic has none; there it is beyond starting the program). restic makes its keys cheaper on a busy machine.

What the Go engine (plakar) takes on these sources is printed as it was recorded elsewhere, not measured here.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import load

PASSPHRASE = "correct horse battery staple"
ROWS = ["first backup", "unchanged backup", "check of all data", "restore"]

# plakar 1.1.4 (kloset 1.1.3) with its default settings on a machine like this one (2 cores with AVX2 and AES, ext4):
# CPU seconds and MiB, key derivation included, its background process not counted.
RECORDED = {
    "small": {"first backup": (10.9, 365), "unchanged backup": (6.3, 503), "check of all data": (9.1, 376),
              "restore": (12.0, 363), "stored": 43},
    "random": {"first backup": (13.3, 536), "unchanged backup": (1.0, 300), "check of all data": (10.2, 544),
               "restore": (10.1, 544)},
}
RECORDED_KEY = (0.75, 256)


class Run:
    """What one run of a program took: seconds of wall clock and CPU, CPU seconds for the key, MiB with and without the key."""

    FIELDS = ("wall", "cpu", "key", "peak", "working")

    def __init__(self, wall, cpu, key, peak, working):
        self.wall, self.cpu, self.key, self.peak, self.working = wall, cpu, key, peak, working


def run(arguments, environment, cwd=None, watches_key=False):
    os.sync()
    start = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, cwd=cwd)
    key_cpu, key_peak = watch(process.pid) if watches_key else (0, 0)
    errors = process.stderr.read()
    _, code, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode != 0:
        raise RuntimeError(f"{arguments} ended with {process.returncode}: {errors.decode(errors='replace')[-2000:]}")
    # Where the mark was reset, this is the peak since then.
    peak = usage.ru_maxrss / 1024
    return Run(wall, usage.ru_utime + usage.ru_stime, key_cpu, max(peak, key_peak), peak)


def watch(pid):
    """Waits until a process has given back the memory of its key, and resets its high-water mark then.

    Returns the CPU seconds that it had used, and its peak memory in MiB; zeros when it ends without a key.
    """
    key_memory, high, lows = 200 * 1024, 0, 0
    while True:
        try:
            with open(f"/proc/{pid}/status") as file:
                fields = dict(line.split(":", 1) for line in file if line.startswith(("VmHWM", "VmRSS")))
            if "VmRSS" not in fields:
                return 0, 0  # It has ended.
            high = max(high, int(fields["VmHWM"].split()[0]))
            # Giving back takes a moment too.
            lows = lows + 1 if high > key_memory and int(fields["VmRSS"].split()[0]) < key_memory // 2 else 0
            if lows == 2:
                nanoseconds = 0
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                        nanoseconds += int(file.read().split()[0])
                with open(f"/proc/{pid}/clear_refs", "w") as file:
                    file.write("5")
                return nanoseconds / 1e9, high / 1024
        except (FileNotFoundError, ProcessLookupError):
            return 0, 0
        time.sleep(0.002)


# The tools


class Fasti:
    name = "fasti"

    def __init__(self, program, work, encrypted=True):
        self.program, self.encrypted = program, encrypted
        home = os.path.join(work, "fasti-home")
        self.environment = {**os.environ, "HOME": home, "XDG_CACHE_HOME": home + "/cache",
                            "XDG_CONFIG_HOME": home + "/config", "FASTI_PASSPHRASE": PASSPHRASE}
        self.start = min(run([program, "version"], self.environment).cpu for _ in range(5))

    def call(self, store, *arguments):
        figures = run([self.program, "at", store, *arguments], self.environment, watches_key=self.encrypted)
        figures.key = max(0, figures.key - self.start)
        return figures

    def create(self, store):
        return self.call(store, "create", *([] if self.encrypted else ["--plaintext"]))

    def open(self, store):
        return self.call(store, "ls")

    def backup(self, store, source, number):
        return self.call(store, "backup", source)

    def check(self, store):
        return self.call(store, "check")

    def restore(self, store, source, target):
        return self.call(store, "restore", "-to", target, "latest"), target


class Restic:
    name = "restic"

    def __init__(self, program, work, encrypted=True):
        self.program, self.encrypted = program, encrypted
        home = os.path.join(work, "restic-home")
        self.environment = {**os.environ, "HOME": home, "XDG_CACHE_HOME": home + "/cache", "RESTIC_PASSWORD": PASSPHRASE}

    def call(self, store, *arguments):
        return run([self.program, "-q", "-r", store, *arguments], self.environment)

    def create(self, store):
        return self.call(store, "init")

    def open(self, store):
        # It has no stores without a key: starting the program is the best there is to compare with.
        return self.call(store, "cat", "config") if self.encrypted else run([self.program, "version"], self.environment)

    def backup(self, store, source, number):
        return self.call(store, "backup", source)

    def check(self, store):
        return self.call(store, "check", "--read-data")

    def restore(self, store, source, target):
        return self.call(store, "restore", "latest", "--target", target), target + source


class Borg:
    name = "borg"

    def __init__(self, program, work, encrypted=True):
        self.program, self.encrypted = program, encrypted
        self.environment = {
            **os.environ, "BORG_BASE_DIR": os.path.join(work, "borg-home"), "BORG_PASSPHRASE": PASSPHRASE,
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes", "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}

    def call(self, *arguments, cwd=None):
        return run([self.program, *arguments], self.environment, cwd=cwd)

    def create(self, store):
        return self.call("init", "--encryption", "repokey-blake2" if self.encrypted else "none", store)

    def open(self, store):
        return self.call("list", store)

    def backup(self, store, source, number):
        self.latest = f"{store}::{number}"
        return self.call("create", self.latest, source)

    def check(self, store):
        return self.call("check", "--verify-data", store)

    def restore(self, store, source, target):
        os.makedirs(target)
        return self.call("extract", self.latest, cwd=target), target + source


# The sources


def make_small(folder, count, seed=9):
    """`count` calendar objects of about 1 KiB, 200 in a folder."""
    for number in range(count):
        place = os.path.join(folder, f"{number // 200:05}")
        if number % 200 == 0:
            os.makedirs(place)
        with open(os.path.join(place, f"event-{number}.ics"), "wb") as file:
            file.write(load.event(number, seed))


def make_tiny(folder, count):
    """`count` different files of some 150 bytes, 1,000 in a folder; made much faster than calendar objects."""
    for number in range(count):
        place = os.path.join(folder, f"{number // 1000:04}")
        if number % 1000 == 0:
            os.makedirs(place)
        text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:{number * 2654435761 % 2**32:08x}-{number}\r\n" \
            f"SUMMARY:Errand {number}\r\nDUE:20260101T{number % 86400:06}Z\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
        file = os.open(os.path.join(place, f"{number}.ics"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(file, text.encode())
        os.close(file)


def make_random(folder, size, seed=7):
    """One file of `size` MiB."""
    os.makedirs(folder)
    generator = random.Random(seed)
    with open(os.path.join(folder, "random.bin"), "wb") as file:
        for _ in range(size):
            file.write(generator.randbytes(1 << 20))


def fingerprint(folder):
    """Everything in a folder: paths, modes, times, contents."""
    found = {}
    for place, _, names in os.walk(folder):
        for path in [place, *(os.path.join(place, name) for name in names)]:
            status = os.lstat(path)
            digest = None
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    digest = hashlib.file_digest(file, "blake2b").hexdigest() if hasattr(hashlib, "file_digest") \
                        else hashlib.blake2b(file.read()).hexdigest()
            found[os.path.relpath(path, folder)] = (status.st_mode, status.st_mtime_ns, digest)
    return found


def read(folder):
    """Brings the source into the system's memory: borg takes what it has read out of it, and the next tool would pay."""
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                while file.read(1 << 20):
                    pass


def check_restored(tool, source, target):
    wanted, found = fingerprint(source), fingerprint(target)
    for path in sorted(wanted.keys() | found.keys()):
        if wanted.get(path) != found.get(path):
            raise RuntimeError(f"{tool}: {path} is {wanted.get(path)} in the source, {found.get(path)} restored")


def disk(folder):
    return int(subprocess.check_output(["du", "-s", "--block-size=1", folder]).split()[0]) / 2**20


# Measuring and printing


def median(runs):
    return Run(*(statistics.median(getattr(run, field) for run in runs) for field in Run.FIELDS))


class Keys:
    """CPU seconds and MiB that opening a store with a key costs restic and borg; restic's differ from store to store."""

    def __init__(self, makers, work):
        self.plain = {}
        self.taken = {}
        for make in makers:
            tool = make(False)
            store = os.path.join(work, f"{tool.name}-plain")
            tool.create(store)
            self.plain[tool.name] = median([tool.open(store) for _ in range(5)]).cpu

    def measure(self, tool, store):
        """Returns what the key of a new store costs."""
        opened = median([tool.open(store) for _ in range(3)])
        key = opened.key if tool.name == "fasti" else max(0, opened.cpu - self.plain[tool.name])
        self.taken.setdefault(tool.name, []).append((key, opened.peak))
        return key

    def medians(self):
        return {name: tuple(map(statistics.median, zip(*taken))) for name, taken in self.taken.items()}


def measure(source, tools, work, runs, keys):
    """Row by row, each tool in turn, so that whatever else the machine does hits all of them."""
    rows = {tool.name: {} for tool in tools}
    stores, costs = {}, {}
    for row in ROWS:
        taken = {tool.name: [] for tool in tools}
        for number in range(runs):
            for tool in tools:
                if row == "first backup":
                    stores[tool.name] = store = os.path.join(work, f"{tool.name}-{number}")
                    tool.create(store)
                    costs[store] = keys.measure(tool, store)
                store = stores[tool.name]
                if row in ("first backup", "unchanged backup"):
                    read(source)
                    figures = tool.backup(store, source, f"{row.split()[0]}-{number}")
                    if row == "first backup":
                        rows[tool.name]["stored"] = disk(store)
                elif row == "check of all data":
                    figures = tool.check(store)
                else:
                    figures, place = tool.restore(store, source, os.path.join(work, f"out-{tool.name}-{number}"))
                    check_restored(tool.name, source, place)
                figures.cpu -= figures.key if tool.name == "fasti" else costs[store]
                taken[tool.name].append(figures)
        for tool in tools:
            rows[tool.name][row] = median(taken[tool.name])
    # Not earlier: ext4 makes new files slowly where many have just been removed.
    for name in os.listdir(work):
        if name.startswith(("out-", "fasti-", "restic-", "borg-")) and not name.endswith("-home"):
            shutil.rmtree(os.path.join(work, name))
    return rows


def ratio(ours, theirs):
    return f"{theirs / ours:9.2f}" if ours and theirs else f"{'':9}"


def show(title, rows, recorded):
    peers = [name for name in rows if name != "fasti"]
    print(f"\n{title}")
    print(f"{'':34}{'fasti':>9}" + "".join(f"{name:>9}" for name in peers) + f"{'plakar':>9}{'to best':>9}{'to plakar':>10}")

    def line(label, ours, theirs, plakar=None, digits=2):
        cells = "".join(f"{value:9.{digits}f}" for value in [ours, *theirs])
        plakar_cell = f"{plakar:9.{digits}f}" if plakar is not None else f"{'':9}"
        print(f"{label:34}{cells}{plakar_cell}{ratio(ours, min(theirs))}{ratio(ours, plakar):>10}")

    def cpu(name, row):
        return max(0.001, rows[name][row].cpu)

    for row in ROWS:
        plakar = recorded.get(row) if recorded else None
        line(f"{row}: CPU without key, s", cpu("fasti", row), [cpu(name, row) for name in peers],
             plakar and max(0.01, plakar[0] - RECORDED_KEY[0]))
        line(f"{row}: wall, s", rows["fasti"][row].wall, [rows[name][row].wall for name in peers])
        line(f"{row}: peak MiB after the key", rows["fasti"][row].working, [rows[name][row].peak for name in peers],
             plakar and plakar[1], 0)
        line(f"{row}: peak MiB", rows["fasti"][row].peak, [rows[name][row].peak for name in peers],
             plakar and plakar[1], 0)
    line("stored, MiB", rows["fasti"]["stored"], [rows[name]["stored"] for name in peers],
         recorded.get("stored") if recorded else None, 1)


def compare(options, work):
    makers = [lambda encrypted, kind=kind, program=program: kind(program, work, encrypted)
              for kind, program in ((Fasti, options.fasti), (Restic, options.restic), (Borg, options.borg))]
    tools = [make(True) for make in makers]
    keys = Keys(makers, work)
    small, large = os.path.join(work, "small"), os.path.join(work, "random")
    make_small(small, options.files)
    results = {"small": measure(small, tools, work, options.runs, keys)}
    make_random(large, options.random)
    results["random"] = measure(large, tools, work, max(1, options.runs // 3), keys)
    results["keys"] = keys = keys.medians()

    print("\nKeeping files: Fasti beside " + " and ".join(
        subprocess.check_output([tool.program, "--version" if tool.name == "borg" else "version"], text=True).split("\n")[0]
        for tool in tools[1:]))
    print(f"Medians of {options.runs} runs (random bytes: {max(1, options.runs // 3)}); every restore equals its source.")
    print("to best, to plakar: how many times better fasti is; below 1, worse. plakar: recorded on another day, not measured.")
    print("\nKey derivation" + "".join(f"{name:>12}" for name in [*keys, "plakar"]))
    print("  CPU, s      " + "".join(f"{value[0]:12.2f}" for value in [*keys.values(), RECORDED_KEY]))
    print("  peak, MiB   " + "".join(f"{value[1]:12.0f}" for value in [*keys.values(), RECORDED_KEY]))
    is_recorded = options.files == 20000 and options.random == 1024
    show(f"{options.files} .ics files", results["small"], RECORDED["small"] if is_recorded else None)
    show(f"{options.random} MiB of random bytes", results["random"], RECORDED["random"] if is_recorded else None)
    return results


def million(options, work):
    """How much memory each command takes with very many files. Not compared: the others would take too long."""
    count = options.files if options.files != 20000 else 1_000_000
    source = os.path.join(work, "small")
    print(f"Making {count} files ...", flush=True)
    make_tiny(source, count)
    tool = Fasti(options.fasti, work, encrypted=options.encrypted)
    store = os.path.join(work, "store")
    tool.create(store)
    print(f"{'':24}{'wall, s':>10}{'CPU, s':>10}{'peak MiB':>10}{'after key':>10}")
    results = {}
    for label, arguments in [
        ("first backup", ["backup", source]), ("unchanged backup", ["backup", source]), ("ls", ["ls"]),
        ("ls -recursive", ["ls", "-recursive", "latest"]), ("ls -recursive -json", ["ls", "-recursive", "-json", "latest"]),
        ("digest", ["digest", "latest"]), ("diff", ["diff", "latest", "latest"]), ("check", ["check"]),
        ("restore", ["restore", "-to", os.path.join(work, "out"), "latest"]),
    ]:
        figures = tool.call(store, *arguments)
        results[label] = vars(figures)
        print(f"{label:24}{figures.wall:10.1f}{figures.cpu:10.1f}{figures.peak:10.0f}{figures.working:10.0f}", flush=True)
    check_restored("fasti", source, os.path.join(work, "out"))
    print("The restored files equal the source.")
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fasti", required=True)
    parser.add_argument("--restic")
    parser.add_argument("--borg")
    parser.add_argument("--files", type=int, default=20000)
    parser.add_argument("--random", type=int, default=1024, help="MiB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--million", action="store_true", help="only fasti, with a million files: the memory of each command")
    parser.add_argument("--encrypted", action="store_true", help="with --million: an encrypted store instead of a plain one")
    parser.add_argument("--json", help="also write the figures there")
    options = parser.parse_args()
    if not options.million and not (options.restic and options.borg):
        parser.error("--restic and --borg are needed, or --million")
    work = tempfile.mkdtemp(prefix="fasti-bench-")
    try:
        results = million(options, work) if options.million else compare(options, work)
        if options.json:
            with open(options.json, "w") as file:
                json.dump(results, file, indent=2, default=vars)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
