-- purge: forgets a store, some hundred jobs a call. Its leases are lost to their holders. Invariant: at the end no key and no
-- member of a shared key names the store, but `left` for a while: see reserve.lua.
-- ARGV[2]  store     ARGV[3]  at most so many jobs from each place
-- Returns 1 when nothing is left.
local s, limit = ARGV[2], tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', P .. 'left', '-inf', int(now))
redis.call('ZADD', P .. 'left', int(now + REQUEST_TTL), s) -- steps under way elsewhere may not have noticed yet
local t = open(s)
local more = false

local function forget(id)
  local again = redis.call('HGET', P .. 'j:' .. id, 'again')
  if again and again ~= '' then redis.call('DEL', P .. 'j:' .. again) end
  redis.call('DEL', P .. 'j:' .. id)
end

local places = { P .. 'd:' .. s }
for _, c in ipairs(classes(t)) do places[#places + 1] = queue_key(s, c) end
for _, k in ipairs(places) do
  local ids = redis.call('ZRANGE', k, 0, limit - 1)
  for _, id in ipairs(ids) do
    redis.call('ZREM', k, id)
    forget(id)
  end
  if #ids == limit then more = true end
end
for _, k in ipairs({ LEASE, DEAD }) do
  for _, id in ipairs(redis.call('ZRANGE', k, 0, -1)) do
    local owner = redis.call('HGET', P .. 'j:' .. id, 'store')
    if not owner or owner == s then
      redis.call('ZREM', k, id)
      forget(id)
    end
  end
end
redis.call('ZREM', READY, s)
redis.call('ZREM', PARK, s)
if more then -- nothing of it may start before the next call
  set(t, 'paused', 1)
  set(t, 'st', 0)
  set(t, 'n', 0)
  save(t)
  return 0
end
redis.call('DEL', P .. 't:' .. s, P .. 'k:' .. s, P .. 'o:' .. s, P .. 'm:' .. s)
redis.call('SREM', P .. 'stores', s)
redis.call('SREM', P .. 'over', s)
redis.call('ZREM', P .. 'minutes', s)
return 1
