-- quota.lua: the governor. What it keeps: at no time are there more requests on their way than the server can have left
-- in its window: L - out - margin >= 0 after every admission.
--
-- The server counts in fixed windows and says in each answer how many requests are left (Left) and when the window ends
-- (Reset from now). An answer was written between the reservation (r) and its arrival (came), both by Redis' clock, so the
-- window ends between r + Reset and came + Reset. The least upper bound of a window's answers is E: never earlier than the
-- real end, so the new window's requests never meet the old one's count. Requests on their way when E passes may be counted
-- in either window: they stay in out, and so are charged to the new one until their answer tells.

local function class_name(class) if class == '' then return '*' end return class end

local function class_cap(t, class)
  local h = num(t, 'h:' .. class)
  if h > 0 then return h end
  return CLASS_CAP[class] or 0 -- 0: no limit
end

-- class_gate: may another use of class begin, n being under way? Returns true, or false and when to try again (nil: when
-- one of them ends).
local function class_gate(t, class, n)
  if num(t, 'z:' .. class) > now then return false, num(t, 'z:' .. class) end
  local cap = class_cap(t, class)
  if cap > 0 and n >= cap then return false, nil end
  return true
end

-- charge: a request that no headers tell of counts as counted. While nothing is known, it is remembered for the first window.
local function charge(t, cost)
  if num(t, 'E') == 0 then
    if now - num(t, 'bt') > DEFAULT_WINDOW then set(t, 'blind', 0) end
    set(t, 'blind', num(t, 'blind') + cost)
    set(t, 'bt', now)
    return
  end
  set(t, 'L', math.max(0, num(t, 'L') - cost))
  set(t, 'mine', num(t, 'mine') + cost)
end

local function finish_request(t, rid)
  local cost, class = string.match(rid, '^[^|]*|(%d+)|(.*)$')
  cost, class = tonumber(cost), class_name(class)
  redis.call('ZREM', P .. 'o:' .. t.store, rid)
  set(t, 'out', math.max(0, num(t, 'out') - cost))
  set(t, 'c:' .. class, math.max(0, num(t, 'c:' .. class) - 1))
  return cost, class
end

local function next_window(t, ended)
  local missed = math.floor(math.max(0, now - ended) / math.max(1, num(t, 'W')))
  set(t, 'Ep', ended + missed * num(t, 'W'))
  set(t, 'L', num(t, 'Q'))
  set(t, 'mine', 0)
  if num(t, 'oth') ~= 0 then set(t, 'oth', 0) end
  if num(t, 'ref') ~= 0 then set(t, 'ref', 0) end
  set(t, 'rate', math.floor(num(t, 'rate') / 2 ^ math.min(missed + 1, 30)))
end

-- roll gives up requests that nobody will answer for any more (their process died) and begins the window that is due. The
-- new window ends W from now at the latest; the first answer tells exactly.
local function roll(t)
  if num(t, 'out') > 0 then
    for _, rid in ipairs(redis.call('ZRANGEBYSCORE', P .. 'o:' .. t.store, '-inf', int(now), 'LIMIT', 0, 64)) do
      finish_request(t, rid) -- its window is long over: nothing to charge
    end
  end
  local E = num(t, 'E')
  if E > 0 and now >= E then
    next_window(t, E)
    set(t, 'E', now + num(t, 'W'))
    set(t, 'tent', 1)
  end
end

-- margin is what others may have taken since the last answer. With nothing on its way at least one request may go, or the
-- governor would never learn that others have stopped.
local function margin(t)
  local m, rate = 0, num(t, 'rate')
  if rate > 0 and num(t, 'E') > 0 then
    local age = now - math.max(num(t, 'at'), num(t, 'E') - num(t, 'W'))
    m = math.min(math.ceil(rate * math.max(0, age) / 1e6), num(t, 'Q'))
    if num(t, 'out') == 0 then m = math.max(0, math.min(m, num(t, 'L') - 1)) end
  end
  set(t, 'margin', m)
  return m
end

-- admit: may requests of this cost be sent now? Returns true, or false, when to try again and why: cool, first (nothing is
-- known yet), kept (only for those who wait for an answer, until the window's last fifth), margin, quota.
local function admit(t, bulk, cost)
  if num(t, 'cool') > now then return false, num(t, 'cool'), 'cool' end
  local E, W, Q, out = num(t, 'E'), num(t, 'W'), num(t, 'Q'), num(t, 'out')
  if E == 0 then
    if out == 0 or out + cost <= FIRST_REQUESTS then return true end
    return false, now + SOON, 'first'
  end
  cost = math.max(1, math.min(cost, Q))
  local keep, last_fifth = 0, E - math.floor(W / 5)
  if bulk and now < last_fifth then keep = math.ceil(Q / 10) end
  local m = margin(t)
  local left = num(t, 'L') - out
  if left - m - keep >= cost then return true end
  if left - m >= cost then return false, last_fifth, 'kept' end
  if m > 0 and left - keep >= cost then return false, math.min(E, now + SOON), 'margin' end
  return false, E, 'quota'
end

-- stale: an answer speaks of a window before the open one, for all that its headers tell. If it took long they tell little,
-- and it is charged all the same.
local function stale(t, cost, r, came, W)
  if came - r >= W / 2 then charge(t, cost) end
  return false
end

-- learn takes in the rate headers of an answer to a request reserved at r that came at `came`. Returns whether they speak
-- of the window that is now open.
local function learn(t, cost, r, came, a)
  local W = a.window
  if W <= 0 then W = DEFAULT_WINDOW end
  local lo, hi = r + a.reset - 1, came + a.reset + 1 -- 1 ms: headers and clocks are whole ms
  local mid, E = (lo + hi) / 2, num(t, 'E')
  if E == 0 then -- the first answer ever
    set(t, 'E', hi)
    local blind = 0
    if now - num(t, 'bt') <= DEFAULT_WINDOW then blind = num(t, 'blind') end
    set(t, 'L', math.max(0, a.left - blind))
    set(t, 'mine', math.max(0, a.quota - num(t, 'L'))) -- who used it before is not known: nobody else, until seen
  elseif num(t, 'tent') == 1 then
    if r < num(t, 'Ep') and mid <= num(t, 'Ep') + W / 2 then return stale(t, cost, r, came, W) end
    set(t, 'E', hi)
    set(t, 'L', math.min(num(t, 'L'), a.left))
    set(t, 'mine', num(t, 'mine') + cost)
  elseif lo > E and mid > E + W / 2 then -- a new window, before we thought it would come
    next_window(t, E)
    set(t, 'E', hi)
    set(t, 'L', a.left)
    set(t, 'mine', cost)
  elseif r < E - W and mid < E - W / 2 then
    return stale(t, cost, r, came, W)
  else
    set(t, 'E', math.max(math.min(E, hi), lo))
    set(t, 'L', math.min(num(t, 'L'), a.left))
    set(t, 'mine', num(t, 'mine') + cost)
  end
  set(t, 'tent', 0)
  set(t, 'Q', a.quota)
  set(t, 'W', W)
  set(t, 'at', math.max(num(t, 'at'), came))
  local passed = now - (num(t, 'E') - W)
  local others = num(t, 'Q') - num(t, 'L') - num(t, 'mine') - num(t, 'out')
  if others > 0 and passed >= W / 20 then
    set(t, 'rate', math.max(num(t, 'rate'), math.floor(others * 1e6 / passed)))
  end
  return true
end

-- Three kinds of 429. rnd is a random number in [0, 1): Lua's own is the same in every call.
local function refused(t, class, n, r, current, a, rnd)
  local after = a.after or 0
  if a.quota and a.left > 0 then -- too many at once for this endpoint: half as many, soon
    note(t, BY_CLASS, 1)
    if r > num(t, 'ht:' .. class) then
      local cap = class_cap(t, class)
      if cap == 0 or n < cap then cap = n end
      set(t, 'h:' .. class, math.max(1, math.floor(cap / 2)))
      set(t, 's:' .. class, 0)
      set(t, 'ht:' .. class, now)
    end
    set(t, 'z:' .. class, math.max(num(t, 'z:' .. class), now + math.max(after, 500 + math.floor(500 * rnd))))
  elseif a.quota then -- the window is used up
    note(t, BY_QUOTA, 1)
    if current then
      set(t, 'L', 0)
      set(t, 'cool', math.max(num(t, 'cool'), now + math.max(after, a.reset, 100)))
    end
  else -- the platform is overloaded
    note(t, BY_LOAD, 1)
    if now >= num(t, 'cool') then
      local n = math.min(num(t, 'load') + 1, 6)
      set(t, 'load', n)
      if not a.after then after = math.max(50, math.floor(rnd * math.min(30000, 1000 * 2 ^ (n - 1)))) end
    end
    set(t, 'cool', math.max(num(t, 'cool'), now + after))
  end
end

local function accepted(t, class)
  set(t, 'load', 0)
  local h = num(t, 'h:' .. class)
  if h == 0 then return end
  local n = num(t, 's:' .. class) + 1
  if n >= 20 * h then -- 20 rounds without a refusal: one more at a time
    h, n = h + 1, 0
    local base = CLASS_CAP[class] or 64
    if h >= base then h = 0 end
    set(t, 'h:' .. class, h)
  end
  set(t, 's:' .. class, n)
end

-- note_others adds to the history what others have used of this window and is not in it yet: what the window lacks beyond our
-- own requests. What is on its way counts as ours, so it is rather told late than too high. known: whether anything was known
-- of such windows before this answer (of `cost`, which the window's end refused or not); what others did before is unknown.
local function note_others(t, known, cost, refused_)
  if known and refused_ then set(t, 'ref', num(t, 'ref') + cost) end -- a refused request is in mine, but used nothing
  local others = num(t, 'Q') - num(t, 'L') - num(t, 'mine') - num(t, 'out') + num(t, 'ref')
  if others <= num(t, 'oth') then return end
  if known then note(t, OTHERS, others - num(t, 'oth')) end
  set(t, 'oth', others)
end

-- observe takes in one answer, described by 9 arguments from ARGV[i] on:
--   rid, ms since it came, status ("0": none came), "1" if it had rate headers, quota, left, window, reset, retry-after in ms or ""
-- An unknown rid was answered or given up before: nothing happens, so telling an answer twice is harmless.
local OBSERVE_ARGS = 9
local function observe(t, i, rnd)
  local rid = ARGV[i]
  local score = redis.call('ZSCORE', P .. 'o:' .. t.store, rid)
  if not score then return end
  roll(t)
  if not redis.call('ZSCORE', P .. 'o:' .. t.store, rid) then return end -- given up just now
  local r = tonumber(score) - REQUEST_TTL
  local came = math.max(r, now - tonumber(ARGV[i + 1]))
  local status = tonumber(ARGV[i + 2])
  local a = { reset = 0, after = tonumber(ARGV[i + 8]) }
  if ARGV[i + 3] == '1' then
    a.quota, a.left = tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5])
    a.window, a.reset = tonumber(ARGV[i + 6]), tonumber(ARGV[i + 7])
  end
  local n = num(t, 'c:' .. class_name(string.match(rid, '^[^|]*|%d+|(.*)$')))
  local cost, class = finish_request(t, rid)
  local current, known = true, num(t, 'E') > 0 and num(t, 'Q') == a.quota
  local over = status == 429 and a.quota and a.left <= 0
  if not over then note(t, USED, cost) end
  if status > 0 and a.quota then
    current = learn(t, cost, r, came, a)
    note_quota(t, a)
    if current then note_others(t, known, cost, over) end
  else
    charge(t, cost) -- counted by the server, for all we know
  end
  if status == 429 then
    refused(t, class, n, r, current, a, rnd)
  elseif status >= 500 and a.after then
    set(t, 'cool', math.max(num(t, 'cool'), now + a.after))
  elseif status > 0 and status < 400 then
    accepted(t, class)
  end
end
