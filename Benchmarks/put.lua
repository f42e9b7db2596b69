-- PUTs over the events of a calendar, each with new content, so that the calendar stays as large as it is.
-- Arguments: path of the collection, number of events, seed.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  collection, events, seed = args[1], tonumber(args[2]), tonumber(args[3])
  math.randomseed(seed * 1000 + number)
  count = 0
  words = string.rep("plan budget review notes travel ", 14)
end

function request()
  count = count + 1
  local event = math.random(0, events - 1)
  local lines = {
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fasti//benchmark//EN", "BEGIN:VEVENT",
    "UID:event-1-" .. event .. "@bench.example", "DTSTAMP:20260101T000000Z",
    "DTSTART:2026" .. string.format("%02d%02d", 1 + event % 12, 1 + event % 28) .. "T090000Z",
    "DTEND:2026" .. string.format("%02d%02d", 1 + event % 12, 1 + event % 28) .. "T094500Z",
    "SUMMARY:Meeting " .. event .. " changed " .. seed .. "-" .. number .. "-" .. count,
  }
  for start = 1, #words, 70 do
    lines[#lines + 1] = (start == 1 and "DESCRIPTION:" or " ") .. string.sub(words, start, start + 69)
  end
  lines[#lines + 1] = "ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED:mailto:anna@example.org"
  lines[#lines + 1] = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\nTRIGGER:-PT15M\r\nEND:VALARM"
  lines[#lines + 1] = "END:VEVENT"
  lines[#lines + 1] = "END:VCALENDAR\r\n"
  return wrk.format("PUT", collection .. "event-1-" .. event .. ".ics",
    { ["Content-Type"] = "text/calendar; charset=utf-8" }, table.concat(lines, "\r\n"))
end
