"""Runs Cyrus IMAP with its CalDAV and CardDAV service for a test, until SIGTERM.

    cyrus.py PROGRAMS PORT

PROGRAMS is a folder with the unpacked Debian packages (scripts/setup makes it); nothing is installed, nothing is started
by the system. There is one account, user with the password pass. Cyrus does not run as root: then it is nobody's.
Its data are in a folder of their own, which is removed at the end.
"""

import ctypes
import imaplib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

programs, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])
binaries = programs / "usr/lib/cyrus/bin"
library_folders = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configure(home, mail_port):
    (home / "imapd.conf").write_text(
        "\n".join(
            [
                f"configdirectory: {home}/conf",
                f"partition-default: {home}/spool",
                "defaultpartition: default",
                "admins: admin",
                "sasl_pwcheck_method: auxprop",
                "sasl_auxprop_plugin: sasldb",
                f"sasl_sasldb_path: {home}/sasldb2",
                "sasl_mech_list: PLAIN LOGIN",
                "allowplaintext: yes",
                "unixhierarchysep: yes",
                "httpmodules: caldav carddav",
                "caldav_allowscheduling: off",
                "caldav_realm: test",
                "defaultdomain: test",
                "servername: test",
                "maxmessagesize: 0",
            ]
        )
        + "\n"
    )
    (home / "cyrus.conf").write_text(
        f"""START {{
  recover cmd="{binaries}/ctl_cyrusdb -C {home}/imapd.conf -r"
}}
SERVICES {{
  imap cmd="{binaries}/imapd -C {home}/imapd.conf" listen="127.0.0.1:{mail_port}" prefork=0 maxchild=4
  http cmd="{binaries}/httpd -C {home}/imapd.conf" listen="127.0.0.1:{port}" prefork=1 maxchild=16
}}
"""
    )
    for name in ["conf/db", "conf/proc", "conf/socket", "conf/lock", "spool"]:
        (home / name).mkdir(parents=True)


def make_account(mail_port, deadline):
    while True:
        try:
            mail = imaplib.IMAP4("127.0.0.1", mail_port, timeout=5)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    mail.login("admin", "pass")
    answer = mail.create("user/user")
    assert answer[0] == "OK", answer
    mail.logout()


def die_with_parent():
    # A test that fails may kill this program; nothing must stay behind. 1 is PR_SET_PDEATHSIG.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def main():
    global binaries, programs, library_folders
    home = pathlib.Path(tempfile.mkdtemp(prefix="fasti-cyrus-"))
    identity = {}
    user = pwd.getpwuid(os.getuid())
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        # The cache of root is nobody's business: the programs come to where they may be read.
        shutil.copytree(programs, home / "programs", symlinks=True, ignore=shutil.ignore_patterns("share", "doc"))
        programs = home / "programs"
        binaries = programs / "usr/lib/cyrus/bin"
    library_folders = [programs / "usr/lib", *programs.glob("usr/lib/*-linux-gnu"), *programs.glob("lib/*-linux-gnu")]
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(home),
        "LD_LIBRARY_PATH": ":".join(map(str, library_folders)),
        "CYRUS_USER": user.pw_name,
    }
    mail_port = free_port()
    configure(home, mail_port)
    for name in ["admin", "user"]:
        subprocess.run(
            [programs / "usr/sbin/saslpasswd2", "-p", "-c", "-u", "test", "-f", home / "sasldb2", name],
            input=b"pass", env=environment, check=True)
    if identity:
        os.chown(home, user.pw_uid, user.pw_gid)
        for path in home.rglob("*"):
            if programs not in path.parents:
                os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    master = subprocess.Popen(
        [binaries / "master", "-D", "-C", home / "imapd.conf", "-M", home / "cyrus.conf", "-p", home / "master.pid"],
        env=environment, start_new_session=True, cwd=home, preexec_fn=die_with_parent, **identity)

    def stop(*_):
        master.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        make_account(mail_port, time.monotonic() + 15)
        print("ready", flush=True)
        master.wait()
    finally:
        try:
            os.killpg(master.pid, signal.SIGTERM)
            master.wait(5)
            os.killpg(master.pid, signal.SIGKILL)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass
        shutil.rmtree(home, ignore_errors=True)


main()
