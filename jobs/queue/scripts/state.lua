-- state: what the store's gauge shows.
-- ARGV[2]  store
-- Returns known, Q, L, out, W, ms until E, waiting, delayed, inflight, paused, ms until cool, margin.
local s = ARGV[2]
local t = open(s)
place(s)
local known = 0
if num(t, 'E') > 0 then known = 1 end
return { known, num(t, 'Q'), num(t, 'L'), num(t, 'out'), num(t, 'W'), math.max(0, num(t, 'E') - now), in_queues(t),
  redis.call('ZCARD', P .. 'd:' .. s), num(t, 'inflight'), num(t, 'paused'), math.max(0, num(t, 'cool') - now),
  margin(t) }
