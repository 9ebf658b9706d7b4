-- place.lua: jobs in a store, and place, the last step of every script and the only writer of ready and park but for what enqueue
-- and claim do with calm stores (lib.lua).

local function put(t, id, score, class, run_at)
  if class ~= '' and not string.find('\n' .. (t.f.cs or '') .. '\n', '\n' .. class .. '\n', 1, true) then
    t.f.cs = (t.f.cs or '') .. class .. '\n'
    t.dirty.cs = true
  end
  if run_at > now then
    redis.call('ZADD', P .. 'd:' .. t.store, int(run_at), id)
    local due = num(t, 'due')
    if due == 0 or run_at < due then set(t, 'due', run_at) end
  else
    redis.call('ZADD', queue_key(t.store, class), int(score), id)
    if num(t, 'n') > 0 then set(t, 'n', num(t, 'n') + 1) end
    local list = t.fronts[class]
    t.fronts[class] = nil
    if list and list.whole and not list[1] then t.fronts[class] = { id, score, whole = true } end
  end
end

-- front returns the id and score of the first job that waits in a class of t, nil if there is none. It is read with the one behind
-- it and kept, so that a script that takes one need not ask for the next. A list that is whole has all there are.
local function front(t, class)
  local list = t.fronts[class]
  if not list and counted(t) == 0 then return nil end
  if not list then
    list = redis.call('ZRANGE', queue_key(t.store, class), 0, 1, 'WITHSCORES')
    list.whole = #list < 4
    t.fronts[class] = list
  end
  return list[1], tonumber(list[2])
end

-- take takes the first job of a class, which front has told, out of its queue.
local function take(t, class)
  local list = t.fronts[class]
  redis.call('ZREM', queue_key(t.store, class), list[1])
  if num(t, 'n') > 1 then set(t, 'n', num(t, 'n') - 1) end
  t.fronts[class] = nil
  if list[3] or list.whole then t.fronts[class] = { list[3], list[4], whole = list.whole } end
end

-- promote moves due jobs to their queue. What due says may be of a job that has left d since: then nothing is found, and due is
-- put right.
local function promote(t)
  local due = num(t, 'due')
  if due == 0 or due > now then return end
  local key = P .. 'd:' .. t.store
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', int(now), 'LIMIT', 0, 64)) do
    redis.call('ZREM', key, id)
    local j = redis.call('HMGET', P .. 'j:' .. id, 'score', 'class')
    if j[1] then put(t, id, tonumber(j[1]), j[2], 0) end
  end
  local _, first = head(key)
  set(t, 'due', first or 0)
end

-- full_cap is how many of t's jobs may run at once if its answers are not slow (cap.lua).
local function full_cap(t)
  local cap = num(t, 'cap')
  if cap == 0 then return STORE_CAP end
  return cap
end

local function job_cap(t) return math.max(1, full_cap(t) - num(t, 'slow')) end

-- Where a store stands, in its field st.
local READY_NOW, PARKED = 1, 2

-- gate: what may t do now? 'ready' and the job {id, score, class}; 'park' and a time; or 'none' (the end of one of its jobs,
-- an enqueue or a resume changes that).
local function gate(t)
  if num(t, 'n') == 1 and num(t, 'st') == READY_NOW then set(t, 'n', 0) end -- a version that does not count put a job in
  if num(t, 'paused') == 1 or num(t, 'inflight') >= job_cap(t) then return 'none' end
  local best, at
  for _, class in ipairs(classes(t)) do
    local id, score = front(t, class)
    if id then
      local open_, when = true, nil
      if class ~= '' then open_, when = class_gate(t, class, num(t, 'jc:' .. class)) end
      if open_ then open_, when = admit(t, score >= 2 * LANE, 1) end
      if open_ then
        if not best or score < best.score then best = { id = id, score = score, class = class } end
      elseif when and (not at or when < at) then
        at = when
      end
    end
  end
  if best then return 'ready', best end
  local due = num(t, 'due')
  if due > 0 and (not at or due < at) then at = due end
  if at then return 'park', at end
  return 'none'
end

-- start_tag: a store that comes back starts at the current virtual time: it is owed nothing for the time it was away. Half a
-- step before it if a person or an order waits, so that these need not wait for one job of each of a thousand stores that came
-- back for their nightly feed; what it takes is charged all the same. Of stores with the same tag the first to come is first,
-- by a fraction of the tag that grows with the time for 17 minutes.
-- vt is the store's own virtual time, score that of the job it comes back with.
local function start_tag(vt, score)
  local v = virtual_time()
  if score < 2 * LANE then v = v - 500 end
  return string.format('%.6f', math.max(0, v, vt) + (now % 1048576) / 1048576)
end

-- stands returns where t stands. While the queue is cleared or filled anew, its hash may say what was before.
local function stands(t)
  if not no_epoch() then return num(t, 'st') end
  if redis.call('ZSCORE', READY, t.store) then return READY_NOW end
  if redis.call('ZSCORE', PARK, t.store) then return PARKED end
  return 0
end

local function place(s)
  local t = open(s)
  roll(t)
  promote(t)
  local was, where, what = stands(t), gate(t)
  if where == 'ready' then
    if was == PARKED then redis.call('ZREM', PARK, s) end
    if was ~= READY_NOW then
      redis.call('ZADD', READY, start_tag(num(t, 'vt'), what.score), s)
      wake()
    end
    set(t, 'st', READY_NOW)
  else
    if was == READY_NOW then redis.call('ZREM', READY, s) end
    if where == 'park' then
      local _, first = head(PARK)
      redis.call('ZADD', PARK, int(what), s)
      if not first or what < first then wake() end -- sleepers count on the first wake time
      set(t, 'st', PARKED)
    else
      if was == PARKED then redis.call('ZREM', PARK, s) end
      set(t, 'st', 0)
      if num(t, 'inflight') == 0 and num(t, 'out') == 0 then forget_zeros(t) end
    end
  end
  save(t)
  return where
end

-- held returns the fields of job id that scripts need if token holds it, else nil.
local function held(id, token)
  local j = redis.call('HMGET', P .. 'j:' .. id, 'store', 'class', 'score', 'token', 'attempt', 'again', 'key', 'run_at')
  if not j[1] or not j[4] or j[4] == '' or j[4] ~= token then return nil end
  return { id = id, store = j[1], class = j[2], score = tonumber(j[3]), attempt = tonumber(j[5]), again = j[6] or '', key = j[7], run_at = tonumber(j[8]) }
end

-- vacate frees the slots of j, whose lease ends; the caller takes it out of lease.
local function vacate(t, j)
  set(t, 'inflight', math.max(0, num(t, 'inflight') - 1))
  if j.class ~= '' then set(t, 'jc:' .. j.class, math.max(0, num(t, 'jc:' .. j.class) - 1)) end
end

-- release ends the lease of j; the job must go somewhere in the same script.
local function release(t, j)
  redis.call('ZREM', LEASE, j.id)
  vacate(t, j)
  redis.call('HSET', P .. 'j:' .. j.id, 'token', '')
end

-- free_key: the coalescing key of j, which nothing is held back behind, is nobody's.
local function free_key(j)
  if j.key ~= '' then redis.call('HDEL', P .. 'k:' .. j.store, j.key) end
end

-- successor puts the job that was held back behind j into the queue, now that j will not run again. Its coalescing key is
-- then the successor's, or nobody's.
local function successor(t, j)
  if j.again == '' then return free_key(j) end
  redis.call('HSET', P .. 'k:' .. t.store, j.key, j.again)
  local n = redis.call('HMGET', P .. 'j:' .. j.again, 'score', 'class', 'run_at')
  redis.call('HDEL', P .. 'j:' .. j.again, 'held')
  put(t, j.again, tonumber(n[1]), n[2], tonumber(n[3]))
end

-- retry puts j back: at score order, not before run_at. counted: whether the attempt counts.
local function retry(t, j, run_at, counted)
  release(t, j)
  local attempt = j.attempt
  if not counted then attempt = math.max(0, attempt - 1) end
  redis.call('HSET', P .. 'j:' .. j.id, 'attempt', int(attempt), 'run_at', int(run_at))
  put(t, j.id, j.score, j.class, run_at)
end
