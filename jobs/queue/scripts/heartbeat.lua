-- heartbeat: extends leases that are still held, even if their time is over but nobody has noticed. Returns the ids of the
-- lost ones.
-- ARGV[2]  ms that leases last     ARGV[3…]  id, token of each
if no_epoch() then return NOEPOCH end
local lost = {}
for i = 3, #ARGV, 2 do
  if redis.call('HGET', P .. 'j:' .. ARGV[i], 'token') == ARGV[i + 1] and redis.call('ZSCORE', LEASE, ARGV[i]) then
    redis.call('ZADD', LEASE, int(now + tonumber(ARGV[2])), ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
