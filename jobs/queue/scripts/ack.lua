-- ack: jobs are done and forgotten; those held back behind them, if any, are queued.
-- ARGV[2…]  per job: id, token
-- Returns for each job 1, or 0 if its lease has expired and is no longer the caller's.
if no_epoch() then return NOEPOCH end
local result, touched, seen = {}, {}, {}
for i = 2, #ARGV, 2 do
  local j = held(ARGV[i], ARGV[i + 1])
  if j then
    local t = open(j.store)
    vacate(t, j)
    successor(t, j)
    redis.call('DEL', P .. 'j:' .. j.id)
    if not seen[j.store] then
      seen[j.store] = true
      touched[#touched + 1] = j.store
    end
  end
  result[#result + 1] = j and 1 or 0
end
for _, s in ipairs(touched) do place(s) end
return result
