-- claim: leases jobs, each the next one of the store that is owed most then. Invariants: V never falls; only a store whose gates
-- are all open is served; the job is in lease, and nowhere else, with its token. Claiming several is the same as claiming one
-- after the other.
-- ARGV[2]  ms the leases last     ARGV[3…]  tokens, one for each job that is wanted
-- Returns for each job {"job", id, store, kind, payload, score, class, cost, attempt, expiry, run-at, coalescing key}, and, if
-- these are fewer than wanted, {"none", ms until a store wakes or "-1"} at the end.
if no_epoch() then return NOEPOCH end
-- What ready and park themselves tell is certain, whatever a store's hash says.
for _, s in ipairs(redis.call('ZRANGEBYSCORE', PARK, '-inf', int(now), 'LIMIT', 0, 64)) do
  set(open(s), 'st', PARKED)
  place(s)
end
local result, wanted, missed = {}, #ARGV - 2, 0
local expiry = int(now + tonumber(ARGV[2]))
local leases, moved = {}, false
while #result < wanted and missed < 64 do
  local first = redis.call('ZPOPMIN', READY) -- place puts it back, further behind, if it has more
  local s = first[1]
  if not s then break end
  local tag = math.floor(tonumber(first[2])) -- its fraction only orders those that have the same
  local t = open(s)
  set(t, 'st', READY_NOW)
  roll(t)
  promote(t)
  local where, job = gate(t)
  set(t, 'st', 0)
  local j
  if where == 'ready' then
    take(t, job.class)
    j = redis.call('HMGET', P .. 'j:' .. job.id, 'kind', 'payload', 'cost', 'attempt', 'run_at', 'key')
  end
  if j and j[1] then
    local attempt = int(tonumber(j[4]) + 1)
    leases[#leases + 1] = expiry
    leases[#leases + 1] = job.id
    redis.call('HSET', P .. 'j:' .. job.id, 'token', ARGV[3 + #result], 'attempt', attempt)
    set(t, 'inflight', num(t, 'inflight') + 1)
    if job.class ~= '' then set(t, 'jc:' .. job.class, num(t, 'jc:' .. job.class) + 1) end
    if tag > virtual_time() then vtime, moved = tag, true end
    set(t, 'vt', tag + math.max(1, math.floor(1000 * math.max(1, tonumber(j[3])) / math.max(1, num(t, 'weight')))))
    place(s)
    result[#result + 1] = { 'job', job.id, s, j[1], j[2], int(job.score), job.class, j[3], attempt, expiry, j[5], j[6] }
  else
    missed = missed + 1
    place(s) -- its gates have closed since it was put here, or the job was purged
  end
end
if leases[1] then redis.call('ZADD', LEASE, unpack(leases)) end
if moved then redis.call('SET', VTIME, int(vtime)) end
local more = redis.call('ZCARD', READY) > 0
if #result > 0 and more then wake() end
if #result < wanted then
  local _, first = head(PARK)
  if more then first = now end
  if first then first = int(math.max(0, first - now)) end
  result[#result + 1] = { 'none', first or '-1' }
end
return result
