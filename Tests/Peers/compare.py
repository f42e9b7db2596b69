"""Says whether two folders of .ics and .vcf files mean the same, however a server has written them anew.

    compare.py FOLDER FOLDER

Objects are matched by UID. Compared are components, properties and parameters without regard to their order, to folding,
to the case of names, or to how a value is quoted or escaped; time zone definitions are left out, since servers replace
them. Prints the differences; ends with 1 when there are any.
"""

import pathlib
import re
import sys

import icalendar


def lines(data):
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    return [line for line in re.sub(r"\n[ \t]", "", text).split("\n") if line]


def card(data):
    result = []
    for line in lines(data):
        head, _, value = line.partition(":")
        name, *parameters = head.split(";")
        parameters = sorted(re.sub(r'"', "", parameter).upper() for parameter in parameters)
        result.append((name.upper(), tuple(parameters), value.replace("\\,", ",").replace("\\;", ";").replace("\\N", "\\n")))
    return sorted(result)


def component(value):
    result = []
    for name, item in value.property_items(recursive=False, sorted=True):
        if name in ("BEGIN", "END"):
            continue
        parameters = sorted((key.upper(), str(entry)) for key, entry in getattr(item, "params", {}).items())
        # What vobject adds while it rewrites.
        parameters = [entry for entry in parameters if entry[0] not in ("X-VOBJ-ORIGINAL-TZID", "X-VOBJ-FLOATINGTIME-ALLOWED")]
        text = item.to_ical() if hasattr(item, "to_ical") else str(item).encode()
        result.append((name.upper(), tuple(parameters), text.replace(b"\\,", b",").replace(b"\\;", b";").replace(b'\\"', b'"')))
    children = sorted(component(child) for child in value.subcomponents if child.name != "VTIMEZONE")
    return (value.name, tuple(sorted(result)), tuple(children))


def read(folder):
    objects = {}
    for path in pathlib.Path(folder).iterdir():
        data = path.read_bytes()
        uid = next((line.partition(":")[2] for line in lines(data) if line.upper().startswith("UID")), path.name)
        objects[uid] = card(data) if path.suffix == ".vcf" else component(icalendar.Calendar.from_ical(data))
    return objects


def main(first, second):
    a, b = read(first), read(second)
    differences = [f"only in the first: {uid}" for uid in sorted(a.keys() - b.keys())]
    differences += [f"only in the second: {uid}" for uid in sorted(b.keys() - a.keys())]
    for uid in sorted(a.keys() & b.keys()):
        if a[uid] != b[uid]:
            differences.append(f"{uid}:\n  {a[uid]}\n  {b[uid]}")
    print("\n".join(differences[:20]))
    print(f"{len(a)} and {len(b)} objects, {len(differences)} differences")
    return 1 if differences else 0


sys.exit(main(sys.argv[1], sys.argv[2]))
