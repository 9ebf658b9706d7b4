-- quota.lua: what the governor learns from answers. window.lua says what it keeps and how windows are told apart.

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
    slow_down(t)
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

-- follow keeps the rate at which others use the store: an average that forgets, over about a sixth of a window, so that a burst
-- is not taken for a habit. more is what they have used since it was last followed, or since the window began.
local function follow(t, more)
  local W = num(t, 'W')
  local passed = math.max(1, now - math.max(num(t, 'rt'), num(t, 'E') - W))
  local keep = math.exp(-passed * 6 / W)
  set(t, 'rate', math.floor(num(t, 'rate') * keep + more * 1e6 / passed * (1 - keep)))
  set(t, 'rt', now)
end

-- note_others adds to the history what others have used of this window and is not in it yet: what the window lacks beyond our
-- own requests. What is on its way counts as ours, so it is rather told late than too high. known: whether anything was known
-- of such windows before this answer (of `cost`, which the window's end refused or not); what others did before is unknown.
local function note_others(t, known, cost, refused_)
  if known and refused_ then set(t, 'ref', num(t, 'ref') + cost) end -- a refused request is in mine, but used nothing
  local others = num(t, 'Q') - num(t, 'L') - num(t, 'mine') - num(t, 'out') + num(t, 'ref')
  local more = math.max(0, others - num(t, 'oth'))
  if num(t, 'rate') > 0 or known and more > 0 then follow(t, known and more or 0) end
  if more == 0 then return end
  if known then note(t, OTHERS, more) end
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
  if status > 0 then adapt(t, (came - r) / cost) end -- a call of cost n stands for n requests
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
