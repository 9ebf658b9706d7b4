-- ack: jobs are done and forgotten; those held back behind them, if any, are queued.
-- ARGV[2…]  per job: id, token
-- Returns for each job 1, or 0 if its lease has expired and is no longer the caller's.
if no_epoch() then return NOEPOCH end
local result, touched, seen = {}, {}, {}
local ids, keys, done = {}, {}, {} -- of what is acknowledged: a job that is named twice is done once

-- leave is vacate for a store that stays where it is: in ready, or nowhere because nothing waits. Then the rest of the store's
-- state, which takes longer to read than all else here, need not be looked at. Else it does nothing and returns false.
local function leave(j)
  if j.class ~= '' or j.again ~= '' then return false end
  local f = few(j.store, 'inflight', 'st', 'n', 'due')
  local st = f[2] or '0'
  if not f[1] or st ~= '1' and (st ~= '0' or f[3] ~= '1' or (f[4] or '0') ~= '0') then return false end
  redis.call('HSET', P .. 't:' .. j.store, 'inflight', int(math.max(0, f[1] - 1)))
  free_key(j)
  return true
end

for i = 2, #ARGV, 2 do
  local j = not done[ARGV[i]] and held(ARGV[i], ARGV[i + 1])
  if j then
    if not leave(j) then
      local t = open(j.store)
      vacate(t, j)
      successor(t, j)
      if not seen[j.store] then
        seen[j.store] = true
        touched[#touched + 1] = j.store
      end
    end
    ids[#ids + 1] = j.id
    done[j.id] = true
    keys[#keys + 1] = P .. 'j:' .. j.id
  end
  result[#result + 1] = j and 1 or 0
end
if ids[1] then
  redis.call('ZREM', LEASE, unpack(ids))
  redis.call('DEL', unpack(keys))
end
for _, s in ipairs(touched) do place(s) end
return result
