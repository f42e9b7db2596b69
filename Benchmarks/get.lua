-- GETs of the events of a calendar. Arguments: path of the collection, number of events.
local fields = { ["Authorization"] = "Basic dXNlcjpwYXNz" }

function init(args)
  collection, events = args[1], tonumber(args[2])
end

function request()
  return wrk.format("GET", collection .. "event-1-" .. math.random(0, events - 1) .. ".ics", fields)
end
