"""Uses a server as python-caldav's users do, from discovery to deletion. Ends with a sentence, or with a traceback.

    caldav_client.py URL
"""

import sys
from datetime import datetime, timezone

import caldav

WEEKLY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Fasti//python-caldav//EN
BEGIN:VEVENT
UID:weekly@fasti.example
DTSTAMP:20260101T000000Z
DTSTART:20260105T090000Z
DTEND:20260105T100000Z
RRULE:FREQ=WEEKLY
SUMMARY:Choir, every Monday
END:VEVENT
END:VCALENDAR
"""


def search_people(client, name):
    """The paths of people with that in their name, by the report of RFC 3744; the library's own function asks for
    properties outside of the element that they belong into."""
    body = f"""<principal-property-search xmlns="DAV:"><property-search><prop><displayname/></prop>
        <match>{name}</match></property-search><prop><displayname/></prop></principal-property-search>"""
    answer = client.request(
        str(client.url), "REPORT", body, {"Depth": "0", "Content-Type": "application/xml; charset=utf-8"})
    assert answer.status == 207, answer.status
    return [response.find("{DAV:}href").text for response in answer.tree.iter("{DAV:}response")]


def main(url):
    with caldav.DAVClient(url=url, username="user", password="pass") as client:
        principal = client.principal()
        names = [calendar.get_display_name() for calendar in principal.calendars()]
        assert names, "no calendars were discovered"

        calendar = principal.make_calendar(name="Choir & more", cal_id="choir")
        assert calendar.get_display_name() == "Choir & more", calendar.get_display_name()

        calendar.save_event(WEEKLY)
        calendar.save_event(
            uid="once@fasti.example",
            dtstart=datetime(2026, 3, 3, 18, 0, tzinfo=timezone.utc),
            dtend=datetime(2026, 3, 3, 20, 0, tzinfo=timezone.utc),
            summary="Concert",
        )
        calendar.save_todo(uid="todo@fasti.example", summary="Copy the scores", due=datetime(2026, 3, 1, tzinfo=timezone.utc))
        assert len(calendar.events()) == 2, calendar.events()
        assert len(calendar.todos()) == 1, calendar.todos()

        # A recurring event is found in a week ten years later, and only by its Monday.
        found = calendar.search(
            start=datetime(2036, 1, 7, tzinfo=timezone.utc), end=datetime(2036, 1, 8, tzinfo=timezone.utc), event=True)
        assert [event.id for event in found] == ["weekly@fasti.example"], found
        found = calendar.search(
            start=datetime(2036, 1, 8, tzinfo=timezone.utc), end=datetime(2036, 1, 9, tzinfo=timezone.utc), event=True)
        assert found == [], found

        # Five Mondays in March 2026, expanded by the server, and the concert.
        found = calendar.search(
            start=datetime(2026, 3, 1, tzinfo=timezone.utc), end=datetime(2026, 4, 1, tzinfo=timezone.utc),
            event=True, expand=True)
        assert len(found) == 6, [event.data for event in found]

        # Text, tasks, journals.
        found = calendar.search(event=True, summary="Concert")
        assert [event.id for event in found] == ["once@fasti.example"], found
        calendar.save_journal(
            uid="journal@fasti.example", dtstart=datetime(2026, 3, 4, tzinfo=timezone.utc), summary="It went well")
        assert [entry.id for entry in calendar.journals()] == ["journal@fasti.example"], calendar.journals()
        task = calendar.todos()[0]
        task.complete()
        assert calendar.todos() == [], calendar.todos()
        assert len(calendar.todos(include_completed=True)) == 1

        # When is somebody busy?
        busy = calendar.freebusy_request(
            datetime(2026, 3, 2, tzinfo=timezone.utc), datetime(2026, 3, 4, tzinfo=timezone.utc))
        periods = [line for line in busy.data.splitlines() if line.startswith("FREEBUSY")]
        assert len(periods) == 2, busy.data

        # Who is here?
        assert search_people(client, "USE") == ["/user/"]
        assert search_people(client, "nobody") == []

        # What has changed since?
        token = calendar.get_objects_by_sync_token(load_objects=True)
        event = calendar.event_by_uid("once@fasti.example")
        event.icalendar_component["summary"] = "Concert (moved)"
        event.save()
        changes = calendar.get_objects_by_sync_token(sync_token=token.sync_token)
        assert len(list(changes)) == 1, list(changes)

        event = calendar.event_by_uid("once@fasti.example")
        assert "Concert (moved)" in event.data, event.data
        event.delete()
        assert len(calendar.events()) == 1
        calendar.delete()
        assert "Choir & more" not in [calendar.get_display_name() for calendar in principal.calendars()]
    print("python-caldav", caldav.__version__, "is content")


main(sys.argv[1])
