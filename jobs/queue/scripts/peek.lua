-- peek: the state of stores as they stand. Changes nothing, unlike state.lua, which puts the store where it belongs: an
-- operator's look must not be what moves a queue on.
-- ARGV[2…]  stores
-- Returns 15 numbers a store: known, Q, L, out, W, ms until E, waiting, delayed, inflight, paused, ms until cool, margin, 1 if
-- ready, ms until it wakes or "-1" if not parked, how many jobs may run at once now.
local result = {}
for i = 2, #ARGV do
  local s = ARGV[i]
  local t = open(s)
  local known, left, ready, wake_in = 0, num(t, 'L'), 0, -1
  if num(t, 'E') > 0 then
    known = 1
    if now >= num(t, 'E') then left = num(t, 'Q') end -- a window that nobody has used yet
  end
  if redis.call('ZSCORE', READY, s) then ready = 1 end
  local wakes = redis.call('ZSCORE', PARK, s)
  if wakes then wake_in = math.max(0, tonumber(wakes) - now) end
  for _, n in ipairs({ known, num(t, 'Q'), left, num(t, 'out'), num(t, 'W'), math.max(0, num(t, 'E') - now), in_queues(t),
    redis.call('ZCARD', P .. 'd:' .. s), num(t, 'inflight'), num(t, 'paused'), math.max(0, num(t, 'cool') - now), num(t, 'margin'),
    ready, wake_in, job_cap(t) }) do
    result[#result + 1] = int(n)
  end
end
return result
