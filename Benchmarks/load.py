"""Requests to a DAV server, timed, over connections of its own that stay open."""

import http.client
import random
import statistics
import threading
import time


class Connection:
    def __init__(self, port):
        self.port = port
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=600)

    def request(self, method, path, body=None, headers=None):
        """Returns (status, headers, body, seconds)."""
        fields = {"Authorization": "Basic dXNlcjpwYXNz"}
        fields.update(headers or {})
        start = time.perf_counter()
        self.http.request(method, path, body=body, headers=fields)
        answer = self.http.getresponse()
        data = answer.read()
        return answer.status, answer.headers, data, time.perf_counter() - start


def event(number, seed):
    """A calendar object of about 1 KiB; every fifth recurs. The same number and seed give the same bytes."""
    rng = random.Random(seed * 1_000_003 + number)
    day = 1 + rng.randrange(28)
    month = 1 + rng.randrange(12)
    hour = 7 + rng.randrange(11)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Fasti//benchmark//EN",
        "BEGIN:VEVENT",
        f"UID:event-{seed}-{number}@bench.example",
        "DTSTAMP:20260101T000000Z",
        f"DTSTART:2026{month:02}{day:02}T{hour:02}0000Z",
        f"DTEND:2026{month:02}{day:02}T{hour:02}4500Z",
        f"SUMMARY:Meeting {number} of {rng.choice(['Anna', 'Bob', 'Chiara', 'Dmitri', 'Émile'])}",
        f"LOCATION:Room {rng.randrange(400)}",
    ]
    if number % 5 == 0:
        lines.append(f"RRULE:FREQ={rng.choice(['DAILY', 'WEEKLY', 'MONTHLY'])};COUNT={2 + rng.randrange(40)}")
    text = "DESCRIPTION:" + " ".join(rng.choice(["plan", "budget", "review", "notes", "travel", "school"]) for _ in range(80))
    lines.append(text[:74])
    rest = text[74:]
    while rest:
        lines.append(" " + rest[:73])
        rest = rest[73:]
    lines += [
        "ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:anna@example.org",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Reminder",
        "TRIGGER:-PT15M",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def put_events(port, collection, numbers, seed, connections=1):
    """Stores new events, `connections` at a time. Returns (rate per second, list of seconds per request)."""
    numbers = list(numbers)
    seconds = []
    failures = []
    lock = threading.Lock()

    def work(part):
        connection = Connection(port)
        own = []
        for number in part:
            try:
                status, _, body, took = connection.request(
                    "PUT",
                    f"{collection}event-{seed}-{number}.ics",
                    event(number, seed),
                    {"Content-Type": "text/calendar; charset=utf-8", "If-None-Match": "*"},
                )
            except OSError as error:
                failures.append((0, repr(error)))
                return
            own.append(took)
            if status not in (201, 204):
                failures.append((status, body[:200]))
        with lock:
            seconds.extend(own)

    start = time.perf_counter()
    threads = [threading.Thread(target=work, args=(numbers[i::connections],)) for i in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(numbers) / (time.perf_counter() - start)
    return rate, seconds, failures


def repeat(port, times, method, path, body=None, headers=None, expected=(200, 207)):
    """Returns the median of `times` requests in milliseconds, and the last body."""
    connection = Connection(port)
    took = []
    data = b""
    for _ in range(times):
        status, _, data, seconds = connection.request(method, path, body, headers)
        if status not in expected:
            raise RuntimeError(f"{method} {path}: {status} {data[:300]!r}")
        took.append(seconds * 1000)
    return statistics.median(took), data


WEEK_QUERY = b"""<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
<C:time-range start="20260608T000000Z" end="20260615T000000Z"/></C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>"""

LISTING = b"""<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>"""


def sync_body(token):
    return (
        '<?xml version="1.0" encoding="utf-8"?><D:sync-collection xmlns:D="DAV:"><D:sync-token>'
        f"{token}</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
    ).encode()
