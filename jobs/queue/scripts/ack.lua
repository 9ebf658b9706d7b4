-- ack: the job is done and forgotten; the one held back behind it, if any, is queued.
-- ARGV[2]  id     ARGV[3]  token
if no_epoch() then return NOEPOCH end
local j = held(ARGV[2], ARGV[3])
if not j then return LEASELOST end
local t = open(j.store)
release(t, j)
successor(t, j)
redis.call('DEL', P .. 'j:' .. j.id)
place(j.store)
return 1
