-- ack: jobs are done and forgotten; those held back behind them, if any, are queued.
-- ARGV[2…]  per job: id, token
-- Returns for each job 1, or 0 if its lease has expired and is no longer the caller's.
if no_epoch() then return NOEPOCH end
local result, touched, seen = {}, {}, {}
local ids, keys, done = {}, {}, {} -- of what is acknowledged: a job that is named twice is done once
for i = 2, #ARGV, 2 do
  local j = not done[ARGV[i]] and held(ARGV[i], ARGV[i + 1])
  if j then
    local t = open(j.store)
    vacate(t, j)
    successor(t, j)
    ids[#ids + 1] = j.id
    done[j.id] = true
    keys[#keys + 1] = P .. 'j:' .. j.id
    if not seen[j.store] then
      seen[j.store] = true
      touched[#touched + 1] = j.store
    end
  end
  result[#result + 1] = j and 1 or 0
end
if ids[1] then
  redis.call('ZREM', LEASE, unpack(ids))
  redis.call('DEL', unpack(keys))
end
for _, s in ipairs(touched) do place(s) end
return result
