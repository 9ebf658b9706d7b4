-- fail: the attempt counts, the next is not before a time.
-- ARGV[2]  id     ARGV[3]  token     ARGV[4]  when to try again, in ms
if no_epoch() then return NOEPOCH end
local j = held(ARGV[2], ARGV[3])
if not j then return LEASELOST end
retry(open(j.store), j, tonumber(ARGV[4]), true)
place(j.store)
return 1
