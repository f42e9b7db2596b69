"""A server that is started, watched and stopped."""

import os
import re
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, arguments, port, patience=20, log=subprocess.DEVNULL):
        self.port = port
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=log)
        for _ in range(patience * 50):
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
        self.process.wait(timeout=60)


def disk(folder):
    """Bytes that the files below `folder` take on the disk."""
    return int(subprocess.check_output(["du", "-s", "--block-size=1", folder]).split()[0])


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] * 1000
