"""Bodies of requests, from below: what is refused before it is sent, who is told to go on, and what there is room for.

    bodies.py size PORT LARGEST      announced and unannounced sizes, Expect, many large bodies at the same time
    bodies.py password PORT          nobody sends a body before the server knows who it is

LARGEST is the number of bytes of the largest request that the server reads. Ends with 0 if all is as it should be.
"""

import select
import socket
import sys
import time

CALENDAR = "/user/calendars/calendar/"


def connect():
    connection = socket.create_connection(("127.0.0.1", PORT))
    connection.settimeout(30)
    return connection


def head(name, *fields, close=True):
    lines = [f"PUT {CALENDAR}{name}.ics HTTP/1.1", f"Host: 127.0.0.1:{PORT}", "Content-Type: text/calendar", *fields]
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(connection):
    """(status, all that was said)."""
    text = b""
    while b"\r\n\r\n" not in text:
        part = connection.recv(65536)
        if not part:
            break
        text += part
    status = int(text.split(b" ", 2)[1]) if text else 0
    while status != 100:
        try:
            part = connection.recv(65536)
        except OSError:
            break
        if not part:
            break
        text += part
    return status, text.decode(errors="replace")


def event(uid, size):
    start = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Fasti//Tests//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:20240102T100000Z\r\nDESCRIPTION:x\r\n"
    )
    end = "END:VEVENT\r\nEND:VCALENDAR\r\n"
    line = " " + "y" * 72 + "\r\n"
    return (start + line * max(1, (size - len(start) - len(end)) // len(line)) + end).encode()


def expect(condition, what):
    if not condition:
        sys.exit(f"Failed: {what}")
    print("ok:", what, flush=True)


def sizes(largest):
    began = time.monotonic()
    with connect() as connection:
        connection.sendall(head("announced", f"Content-Length: {largest + 1}"))
        status, text = answer(connection)
        expect(status == 413 and "max-resource-size" in text, f"an announced size is refused at once: {status} {text}")
        expect("connection: close" in text.lower(), "and the connection ends")
    with connect() as connection:
        connection.sendall(head("waiting", f"Content-Length: {largest + 1}", "Expect: 100-continue"))
        status, _ = answer(connection)
        expect(status == 413, f"who waits with too much is not told to go on: {status}")
    expect(time.monotonic() - began < 20, "neither took until a time-out")

    body = event("waited", 2_000)
    with connect() as connection:
        connection.sendall(head("waited", f"Content-Length: {len(body)}", "Expect: 100-continue"))
        status, text = answer(connection)
        expect(status == 100, f"who waits is told to go on: {text}")
        connection.sendall(body)
        expect(answer(connection)[0] == 201, "and then the body is taken")
    with connect() as connection:
        body = event("impatient", 2_000)
        connection.sendall(head("impatient", f"Content-Length: {len(body)}", "Expect: 100-continue") + body)
        status, text = answer(connection)
        expect(status in (100, 201) and "201 Created" in text + answer(connection)[1], f"it need not wait: {text}")

    with connect() as connection:
        connection.sendall(head("unannounced", "Transfer-Encoding: chunked"))
        piece = b"y" * 65536
        status = 0
        try:
            for _ in range(largest // len(piece) + 64):
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                if select.select([connection], [], [], 0)[0]:
                    break
            status, _ = answer(connection)
        except OSError:
            pass  # it was cut off while it was still sending
        expect(status in (0, 413), f"what was not announced is refused when it is too much: {status}")

    # All but the last bytes of as many bodies as there is no room for.
    body = event("UID", largest - (1 << 20) - 100_000)
    room = max(32 << 20, 3 * largest)
    waiting = []
    for number in range(room // len(body) + 3):
        connection = connect()
        own = body.replace(b"UID:UID", b"UID:%d" % number)
        connection.sendall(head(f"large-{number}", f"Content-Length: {len(own)}"))
        try:
            connection.sendall(own[:-100])
        except OSError:
            pass  # refused while it was sending
        waiting.append((number, connection, own))
    deadline = time.monotonic() + 30
    refused, before = set(), None
    while (not refused or refused != before) and time.monotonic() < deadline:
        time.sleep(1)
        ready = select.select([connection for _, connection, _ in waiting], [], [], 0)[0]
        refused, before = {number for number, connection, _ in waiting if connection in ready}, refused
    expect(refused, "there is no room for all of them")
    expect(len(refused) <= 5, f"there is room for nearly all of them: {len(refused)} were refused")
    for number, connection, own in waiting:
        if number in refused:
            try:
                status, text = answer(connection)
            except OSError:
                continue  # it was cut off while it was still sending
            expect(status == 503 and "retry-after" in text.lower(), f"who has no room may come again: {text}")
        else:
            connection.sendall(own[-100:])
            status, text = answer(connection)
            expect(status == 201, f"the others are taken: {status} {text}")
        connection.close()
    number, _, own = next(entry for entry in waiting if entry[0] in refused)
    with connect() as connection:
        connection.sendall(head(f"large-{number}", f"Content-Length: {len(own)}") + own)
        expect(answer(connection)[0] == 201, "there is room again")


def password():
    with connect() as connection:
        connection.sendall(head("stranger", "Content-Length: 1000", "Expect: 100-continue"))
        status, text = answer(connection)
        expect(status == 401, f"a stranger is not told to go on: {text}")


PORT = int(sys.argv[2])
if sys.argv[1] == "size":
    sizes(int(sys.argv[3]))
else:
    password()
