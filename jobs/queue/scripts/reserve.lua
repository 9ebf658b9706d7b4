-- reserve: asks for one request, after taking in answers of earlier ones. Invariant: see window.lua. Needs no epoch: quota is
-- learnt anew within a few requests.
-- ARGV[2]  store             ARGV[3]  random number 0-999999     ARGV[4]  rid: "<unique>|<cost>|<class>"
-- ARGV[5]  cost              ARGV[6]  class                      ARGV[7]  "1": a person waits
-- ARGV[8…] answers, OBSERVE_ARGS each
-- Returns {1} or {0, ms to wait, reason}, or LEASELOST.
local s, rnd = ARGV[2], tonumber(ARGV[3]) / 1e6
-- Who asks for a store that was purged is a step that has not noticed the loss of its lease. A resume takes the mark away, and
-- it ends by itself, when no such step can be under way.
local left = redis.call('ZSCORE', P .. 'left', s)
if left and tonumber(left) > now then return LEASELOST end
local t = open(s)
for i = 8, #ARGV, OBSERVE_ARGS do observe(t, i, rnd) end
save_minutes()
roll(t)
-- A client sends a script again whose answer it did not get: what is reserved is not counted twice.
if redis.call('ZSCORE', P .. 'o:' .. s, ARGV[4]) then
  place(s)
  return { 1 }
end
local cost, class = tonumber(ARGV[5]), class_name(ARGV[6])
local ok, at, why = class_gate(t, class, num(t, 'c:' .. class))
if not ok then why, at = 'class', at or now + SOON end
if ok then ok, at, why = admit(t, ARGV[7] ~= '1', cost) end
if ok then
  set(t, 'out', num(t, 'out') + cost)
  set(t, 'c:' .. class, num(t, 'c:' .. class) + 1)
  redis.call('ZADD', P .. 'o:' .. s, int(now + REQUEST_TTL), ARGV[4])
end
place(s)
if ok then return { 1 } end
return { 0, int(math.max(1, at - now)), why }
