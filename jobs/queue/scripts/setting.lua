-- setting: sets paused, weight or cap of a store.
-- ARGV[2]  store     ARGV[3]  field     ARGV[4]  whole number
local t = open(ARGV[2])
set(t, ARGV[3], tonumber(ARGV[4]))
if ARGV[3] == 'paused' and ARGV[4] == '0' then redis.call('ZREM', P .. 'left', ARGV[2]) end -- it is back
place(ARGV[2])
return 1
