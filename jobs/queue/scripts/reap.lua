-- reap: takes back leases whose time is over; the attempt counts. Invariant: a job's slot is freed exactly once, by whoever
-- takes it out of lease.
-- ARGV[2]  at most so many     Returns how many.
if no_epoch() then return NOEPOCH end
local touched, n = {}, 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASE, '-inf', int(now), 'LIMIT', 0, tonumber(ARGV[2]))) do
  local j = held(id, redis.call('HGET', P .. 'j:' .. id, 'token') or '')
  if j then
    retry(open(j.store), j, 0, true)
    touched[#touched + 1] = j.store
  else
    redis.call('ZREM', LEASE, id)
  end
  n = n + 1
end
for _, s in ipairs(touched) do place(s) end
return n
