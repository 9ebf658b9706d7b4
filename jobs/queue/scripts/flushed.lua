-- flushed: forgets minutes that SQL has. One that has changed since it was listed stays, to be flushed again. Invariant: every
-- store with minutes is in the index at the oldest of them.
-- ARGV[2…]  store, minute, packed of each, as minutes returned them
-- Returns how many were forgotten.
local forgotten, touched = 0, {}
for i = 2, #ARGV, 3 do
  local k = P .. 'm:' .. ARGV[i]
  touched[ARGV[i]] = true
  if redis.call('HGET', k, ARGV[i + 1]) == ARGV[i + 2] then
    forgotten = forgotten + redis.call('HDEL', k, ARGV[i + 1])
  end
end
for s in pairs(touched) do
  local oldest
  for _, at in ipairs(redis.call('HKEYS', P .. 'm:' .. s)) do
    if not oldest or tonumber(at) < oldest then oldest = tonumber(at) end
  end
  if oldest then
    redis.call('ZADD', P .. 'minutes', int(oldest * MINUTE), s)
  else
    redis.call('ZREM', P .. 'minutes', s)
  end
end
return forgotten
