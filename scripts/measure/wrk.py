"""Driving wrk: its script is Lua, written here into the throw-away folder."""

import json
import subprocess
import sys

from figures import cores

# Each thread takes its own share of the lines in the file: line 1 + thread, then every so-manieth.
SCRIPT = """
local threads = {}
function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end
function init(args)
  good, bad, at = 0, 0, number + 1
  lines = {}
  for line in io.lines(args[1]) do table.insert(lines, line) end
  lines.file = args[1]
  count = tonumber(args[2])
end
%s
function response(status, headers)
  if status == expected then
    good = good + 1
    if granted then granted(headers) end
  elseif not dry then
    bad = bad + 1
  end
end
function done(summary, latency)
  local good, bad = 0, 0
  for _, thread in ipairs(threads) do
    good, bad = good + thread:get("good"), bad + thread:get("bad")
  end
  local errors = summary.errors
  io.write(string.format('RESULT {"good":%%d,"bad":%%d,"seconds":%%f,"bytes":%%d,"p50":%%f,"p99":%%f,"max":%%f,"errors":%%d}\\n',
    good, bad, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"""

# A voter each: the line is "token birthday". Where all are spent the thread ends, and the measurement says so; until it has, its other
# connections ask for something that counts for nothing.
CLAIM = """
expected = 303
local form = { ["Content-Type"] = "application/x-www-form-urlencoded" }
function request()
  if at > #lines then
    dry = true
    wrk.thread:stop()
    return wrk.format("GET", "/healthz")
  end
  local token, answer = lines[at]:match("(%S+) (%S+)")
  at = at + count
  return wrk.format("POST", "/b/" .. token, form, "answer=" .. answer)
end
"""

# The same, and every visit's cookie that a voter was given is kept in a file: a line each, a file for each thread.
CLAIM_KEPT = CLAIM + """
function granted(headers)
  kept = kept or io.open(lines.file .. "." .. number, "w")
  kept:write(headers["Set-Cookie"]:match("[^;]*"), "\\n")
end
"""

# A visit each, again and again: the line is "cookie path".
DOWNLOAD = """
expected = 200
function request()
  local cookie, path = lines[at]:match("(%S+) (%S+)")
  at = at + count
  if at > #lines then at = number + 1 end
  return wrk.format("GET", path, { ["Cookie"] = cookie })
end
"""

# A visit each, once. Where all are spent the thread ends, as with the claims.
DOWNLOAD_ONCE = """
expected = 200
function request()
  if at > #lines then
    dry = true
    wrk.thread:stop()
    return wrk.format("GET", "/robots.txt")
  end
  local cookie, path = lines[at]:match("(%S+) (%S+)")
  at = at + count
  return wrk.format("GET", path, { ["Cookie"] = cookie })
end
"""


def wrk(kind, url, lines, connections, seconds, folder):
    """What the clients saw: counts, seconds, bytes, latencies in milliseconds."""
    script, feed = folder / "wrk.lua", folder / "wrk.txt"
    script.write_text(SCRIPT % kind)
    feed.write_text("".join(f"{line}\n" for line in lines))
    threads = cores()
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s", script, url, "--", feed, str(threads)]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds + 60, check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode != 0 or not found:
        sys.exit(f"bench: wrk ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return json.loads(found[0].removeprefix("RESULT "))
