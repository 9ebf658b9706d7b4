-- enqueue: adds jobs of this shard. Invariant: a job is in exactly one of q, d, lease, dead, or held back behind the job
-- that its predecessor's `again` names; of the jobs with one coalescing key at most one waits and one runs.
-- ARGV[2]  "1": a rebuild is loading, do not ask for the epoch
-- ARGV[3]  jobs of one store that may wait
-- ARGV[4…] per job: id, store, kind, payload, lane (0-2), class, cost, run-at in ms or "0", coalescing key or ""
-- Returns per job the id under which its work now waits or runs (another one's if it was absorbed), or "" if the store is full; that
-- store is then in `over`.
if ARGV[2] ~= '1' and no_epoch() then return NOEPOCH end
local room = tonumber(ARGV[3])
local counts, touched, result = {}, {}, {}

-- next_seq numbers jobs in their order. All that this call may need are taken at once: a gap does no harm.
local seq
local function next_seq()
  if not seq then
    local n = (#ARGV - 3) / 9
    seq = redis.call('INCRBY', P .. 'seq', n) - n
  end
  seq = seq + 1
  return seq
end

local function count(t)
  local s = t.store
  if not counts[s] then
    counts[s] = waiting(t)
    touched[#touched + 1] = s
  end
  return counts[s]
end

-- absorb gives the waiting (or held back) job `id` the newer payload, and the earlier of both times.
local function absorb(t, id, payload, run_at)
  local jk = P .. 'j:' .. id
  redis.call('HSET', jk, 'payload', payload)
  local j = redis.call('HMGET', jk, 'run_at', 'score', 'class', 'held')
  if run_at >= tonumber(j[1]) then return end
  redis.call('HSET', jk, 'run_at', int(run_at))
  if not j[4] and redis.call('ZSCORE', P .. 'd:' .. t.store, id) then
    redis.call('ZREM', P .. 'd:' .. t.store, id)
    put(t, id, tonumber(j[2]), j[3], run_at)
  end
end

local sure = not no_epoch() -- while the queue is filled anew, hashes may say what was before

-- glance reads whether s is calm (lib.lua), and its next job makes it ready, or it is that already. Returns then how many jobs are
-- in its queue (n, counted as in its hash), its virtual time (vt) and whether it is ready; else nil.
local function glance(s)
  local f = sure and few(s, 'calm', 'n', 'st', 'E', 'inflight', 'vt')
  if not f or f[1] ~= '1' or not f[6] or f[4] + 0 <= now then return nil end
  local g = { n = (f[2] or 0) + 0, vt = f[6] + 0, ready = f[3] == '1' }
  if g.ready and g.n > 1 and g.n <= room then return g end
  if (f[3] or '0') == '0' and g.n == 1 and (f[5] or 0) + 0 < STORE_CAP then return g end
end

-- arrive is what put and place come to for a store of which glance is enough.
local function arrive(s, g, id, score)
  local t = P .. 't:' .. s
  redis.call('ZADD', queue_key(s, ''), int(score), id)
  if g.ready then
    redis.call('HSET', t, 'n', int(g.n + 1))
    return
  end
  redis.call('HSET', t, 'n', int(g.n + 1), 'st', int(READY_NOW))
  redis.call('ZADD', READY, start_tag(g.vt, score), s)
  wake()
end

for i = 4, #ARGV, 9 do
  local id, s, payload, class, key = ARGV[i], ARGV[i + 1], ARGV[i + 3], ARGV[i + 5], ARGV[i + 8]
  local run_at = tonumber(ARGV[i + 7])
  local jk = P .. 'j:' .. id
  local owner = redis.call('HGET', jk, 'store')
  if owner == s and redis.call('ZSCORE', DEAD, id) then -- a dead job asked for again starts anew
    redis.call('ZREM', DEAD, id)
    redis.call('DEL', jk)
    owner = false
  end
  local before = false
  if not owner and key ~= '' then before = redis.call('HGET', P .. 'k:' .. s, key) end
  local running, again = false, false
  if before then
    local b = redis.call('HMGET', P .. 'j:' .. before, 'token', 'again', 'store')
    if not b[3] then before = false end
    running = b[1] and b[1] ~= ''
    again = b[2] and b[2] ~= '' and b[2]
  end
  local g = not owner and not before and class == '' and run_at <= now and glance(s)
  local t, n
  if not g then
    t = open(s)
    n = count(t)
  end
  if owner then
    result[#result + 1] = id
  elseif again then
    absorb(t, again, payload, run_at)
    result[#result + 1] = again
  elseif before and not running then
    absorb(t, before, payload, run_at)
    result[#result + 1] = before
  elseif not g and n >= room then
    redis.call('SADD', P .. 'over', s) -- SQL has more of it: over.lua says when there is room again
    result[#result + 1] = ''
  else
    local score = tonumber(ARGV[i + 4]) * LANE + next_seq()
    redis.call('HSET', jk, 'store', s, 'kind', ARGV[i + 2], 'payload', payload, 'class', class, 'cost', ARGV[i + 6],
      'score', int(score), 'attempt', '0', 'token', '', 'run_at', int(run_at), 'key', key, 'again', '')
    if running then
      redis.call('HSET', jk, 'held', '1')
      redis.call('HSET', P .. 'j:' .. before, 'again', id)
    else
      if key ~= '' then redis.call('HSET', P .. 'k:' .. s, key, id) end
      if g then arrive(s, g, id, score) else put(t, id, score, class, run_at) end
    end
    if not g then
      if not t.f.vt then redis.call('SADD', P .. 'stores', s) end -- one that was served is there
      counts[s] = n + 1
    end
    result[#result + 1] = id
  end
end
for _, s in ipairs(touched) do place(s) end
return result
