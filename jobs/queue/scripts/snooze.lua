-- snooze: the job could not run now through no fault of its own; the attempt does not count.
-- ARGV[2]  id     ARGV[3]  token     ARGV[4]  when to go on, in ms ("0": at once, which is giving it back)
if no_epoch() then return NOEPOCH end
local j = held(ARGV[2], ARGV[3])
if not j then return LEASELOST end
retry(open(j.store), j, tonumber(ARGV[4]), false)
place(j.store)
return 1
