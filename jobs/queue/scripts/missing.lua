-- missing: which jobs of a store this shard does not hold, or holds as dead. Changes nothing.
-- ARGV[2]  store     ARGV[3…]  ids
-- Returns 1 if the store is in `over` (see enqueue.lua), and its backlog is looked after by itself, else 0; then the ids.
if no_epoch() then return NOEPOCH end
local result = { redis.call('SISMEMBER', P .. 'over', ARGV[2]) }
for i = 3, #ARGV do
  if redis.call('EXISTS', P .. 'j:' .. ARGV[i]) == 0 or redis.call('ZSCORE', DEAD, ARGV[i]) then
    result[#result + 1] = ARGV[i]
  end
end
return result
