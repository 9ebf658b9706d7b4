-- claim: leases the next job of the store that is owed most. Invariants: V never falls; only a store whose gates are all
-- open is served; the job is in lease, and nowhere else, with the token.
-- ARGV[2]  token     ARGV[3]  ms the lease lasts
-- Returns {"job", id, store, kind, payload, score, class, cost, attempt, expiry, run-at, coalescing key} or {"none", ms until a
-- store wakes or "-1"}.
if no_epoch() then return NOEPOCH end
for _, s in ipairs(redis.call('ZRANGEBYSCORE', PARK, '-inf', int(now), 'LIMIT', 0, 64)) do place(s) end
for _ = 1, 64 do
  local s, tag = head(READY)
  if not s then break end
  tag = math.floor(tag) -- its fraction only orders those that have the same
  local t = open(s)
  roll(t)
  promote(t)
  local where, job = gate(t)
  if where == 'ready' then
    local jk = P .. 'j:' .. job.id
    redis.call('ZREM', queue_key(s, job.class), job.id)
    local j = redis.call('HMGET', jk, 'kind', 'payload', 'cost', 'attempt', 'run_at', 'key')
    if j[1] then
      local expiry = int(now + tonumber(ARGV[3]))
      local attempt = int(tonumber(j[4]) + 1)
      redis.call('ZADD', LEASE, expiry, job.id)
      redis.call('HSET', jk, 'token', ARGV[2], 'attempt', attempt)
      set(t, 'inflight', num(t, 'inflight') + 1)
      if job.class ~= '' then set(t, 'jc:' .. job.class, num(t, 'jc:' .. job.class) + 1) end
      if tag > tonumber(redis.call('GET', VTIME) or 0) then redis.call('SET', VTIME, int(tag)) end
      set(t, 'vt', tag + math.max(1, math.floor(1000 * math.max(1, tonumber(j[3])) / math.max(1, num(t, 'weight')))))
      t.served = true -- it leaves ready, and may come back further behind
      if place(s) ~= 'ready' and redis.call('ZCARD', READY) > 0 then wake() end
      return { 'job', job.id, s, j[1], j[2], int(job.score), job.class, j[3], attempt, expiry, j[5], j[6] }
    end
  end
  place(s) -- its gates have closed since it was put here, or the job was purged
end
local _, first = head(PARK)
if redis.call('ZCARD', READY) > 0 then first = now end
if not first then return { 'none', '-1' } end
return { 'none', int(math.max(0, first - now)) }
