-- minutes: lists finished minutes of this shard's stores, longest waiting stores first. Changes nothing but the index: a store whose minutes
-- have run out leaves it.
-- ARGV[2]  stores at most (fewer when they have 1000 minutes together)     ARGV[3]  ms after its end that a minute counts as finished
-- Returns store, minute, packed (see history.lua) of each.
local result = {}
local before = now - tonumber(ARGV[3]) - MINUTE
for _, s in ipairs(redis.call('ZRANGEBYSCORE', P .. 'minutes', '-inf', int(before), 'LIMIT', 0, tonumber(ARGV[2]))) do
  local flat = redis.call('HGETALL', P .. 'm:' .. s)
  if #flat == 0 then redis.call('ZREM', P .. 'minutes', s) end
  for i = 1, #flat, 2 do
    if tonumber(flat[i]) * MINUTE <= before then
      result[#result + 1] = s
      result[#result + 1] = flat[i]
      result[#result + 1] = flat[i + 1]
    end
  end
  if #result >= 3 * 1000 then break end
end
return result
