-- lock: a lock of this shard, one holder at a time. It runs out by Redis' clock rather than by a TTL, so that a test's clock and
-- the embedded Redis, where TTLs stand still, mean the same.
-- ARGV[2]  token     ARGV[3]  ms to hold it, "0" to let go     ARGV[4]  its key: rebuild, flush, sweep, paging, audit
-- Returns 1 if the token holds it (or held it, when letting go), else 0.
local k = P .. ARGV[4]
local l = redis.call('HMGET', k, 'token', 'until')
if l[1] and l[1] ~= ARGV[2] and tonumber(l[2]) > now then return 0 end
if ARGV[3] == '0' then
  redis.call('DEL', k)
else
  redis.call('HSET', k, 'token', ARGV[2], 'until', int(now + tonumber(ARGV[3])))
end
return 1
