-- over: takes stores out of `over` that are at most half full. Whoever gets one brings in more of its jobs; if that fails, it is
-- a store like any other again, and the sweep finds what is missing.
-- ARGV[2]  jobs of one store that may wait     ARGV[3]  stores to look at, at most
-- Returns the stores.
if no_epoch() then return NOEPOCH end
local half = math.floor(tonumber(ARGV[2]) / 2)
local result = {}
for _, s in ipairs(redis.call('SRANDMEMBER', P .. 'over', tonumber(ARGV[3]))) do
  if waiting(open(s)) <= half then
    redis.call('SREM', P .. 'over', s)
    result[#result + 1] = s
  end
end
return result
