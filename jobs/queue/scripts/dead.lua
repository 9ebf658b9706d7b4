-- dead: the job is given up. Its hash stays to be looked at while it is among the newest DEAD_KEPT; what is held back behind
-- it is queued, since that is newer work.
-- ARGV[2]  id     ARGV[3]  token
if no_epoch() then return NOEPOCH end
local j = held(ARGV[2], ARGV[3])
if not j then return LEASELOST end
local t = open(j.store)
release(t, j)
successor(t, j)
redis.call('HSET', P .. 'j:' .. j.id, 'key', '', 'again', '')
redis.call('ZADD', DEAD, int(now), j.id)
local over = redis.call('ZCARD', DEAD) - DEAD_KEPT
if over > 0 then
  for _, id in ipairs(redis.call('ZRANGE', DEAD, 0, over - 1)) do
    redis.call('ZREM', DEAD, id)
    redis.call('DEL', P .. 'j:' .. id)
  end
end
place(j.store)
return 1
