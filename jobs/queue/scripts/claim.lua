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

-- start leases the job, which the caller takes out of its queue. tag is its store's in ready, and weight that store's. Returns the
-- virtual time that the store has then, or nil, with nothing changed, if the job was purged.
local function start(s, job, tag, weight)
  local k = P .. 'j:' .. job.id
  local j = redis.call('HMGET', k, 'kind', 'payload', 'cost', 'attempt', 'run_at', 'key')
  if not j[1] then return nil end
  local attempt = int(j[4] + 1)
  leases[#leases + 1] = expiry
  leases[#leases + 1] = job.id
  redis.call('HSET', k, 'token', ARGV[3 + #result], 'attempt', attempt)
  if tag > virtual_time() then vtime, moved = tag, true end
  result[#result + 1] = { 'job', job.id, s, j[1], j[2], int(job.score), job.class, j[3], attempt, expiry, j[5], j[6] }
  return tag + math.max(1, math.floor(1000 * math.max(1, j[3] + 0) / math.max(1, weight)))
end

-- take_calm starts the next job of a calm store (lib.lua), and does in the end what take and place do. Returns whether it did; if
-- not, nothing has changed.
local function take_calm(s, tag)
  local f = few(s, 'calm', 'n', 'E', 'inflight')
  if f[1] ~= '1' or f[3] + 0 <= now then return false end
  local waits, running = (f[2] or 0) - 2, (f[4] or 0) + 1 -- afterwards
  if waits < 0 or running > STORE_CAP then return false end
  local q = queue_key(s, '')
  local list = redis.call('ZRANGE', q, 0, 1, 'WITHSCORES')
  if not list[1] or (list[3] == nil) ~= (waits == 0) then return false end
  local vt = start(s, { id = list[1], score = list[2] + 0, class = '' }, tag, 1)
  if not vt then return false end
  redis.call('ZREM', q, list[1])
  local st = 0
  if waits > 0 and running < STORE_CAP then
    redis.call('ZADD', READY, start_tag(vt, list[4] + 0), s)
    wake()
    st = READY_NOW
  end
  redis.call('HSET', P .. 't:' .. s, 'n', int(waits + 1), 'st', int(st), 'inflight', int(running), 'vt', int(vt))
  return true
end

while #result < wanted and missed < 64 do
  local first = redis.call('ZPOPMIN', READY) -- place puts it back, further behind, if it has more
  local s = first[1]
  if not s then break end
  local tag = math.floor(tonumber(first[2])) -- its fraction only orders those that have the same
  if not take_calm(s, tag) then
    local t = open(s)
    set(t, 'st', READY_NOW)
    roll(t)
    promote(t)
    local where, job = gate(t)
    set(t, 'st', 0)
    local vt
    if where == 'ready' then
      take(t, job.class)
      vt = start(s, job, tag, num(t, 'weight'))
    end
    if vt then
      set(t, 'inflight', num(t, 'inflight') + 1)
      if job.class ~= '' then set(t, 'jc:' .. job.class, num(t, 'jc:' .. job.class) + 1) end
      set(t, 'vt', vt)
    else
      missed = missed + 1 -- its gates have closed since it was put here, or the job was purged
    end
    place(s)
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
