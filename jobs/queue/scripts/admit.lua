-- admit.lua: may a request be sent now? What it keeps: L - out - margin >= cost after every admission (window.lua says why). Beyond
-- that, bulk work is spread, so that whoever else needs the store's quota finds some at any time of a window:
--
--   kept    the last tenth is kept for calls that a person or an order waits for, until the window's last fifth
--   theirs  what other apps will use until the window ends, at the rate they have used it, up to half of the quota
--   line    in a paced window: the part of the quota that is for later. A quarter goes at once, the rest in tenths until the
--           window's last fifth, when all is for now. In portions, because a job that waits for each request holds a worker,
--           and a job that is put off until the next portion does not
--
-- A window is paced if the one before it ran dry: only then is there a backlog, and it loses nothing by being spread, since the
-- quota bounds it anyway. The first window of a burst of work is not paced, so a small run is done at once.
local PACED = 3 / 4
local MARGIN_SIGMAS = 1.5 -- arrivals of others are taken for a Poisson process: this many standard deviations above the mean

-- class_gate: may another use of class begin, n being under way? Returns true, or false and when to try again (nil: when
-- one of them ends).
local function class_gate(t, class, n)
  if num(t, 'z:' .. class) > now then return false, num(t, 'z:' .. class) end
  local cap = class_cap(t, class)
  if cap > 0 and n >= cap then return false, nil end
  return true
end

-- news_at is when what is known of the window was true.
local function news_at(t) return math.max(num(t, 'at'), num(t, 'E') - num(t, 'W')) end

-- margin is what others may have taken since the last answer, and will have before a request that is sent now arrives.
local function margin(t)
  local m, rate = 0, num(t, 'rate')
  if rate > 0 and num(t, 'E') > 0 then
    local mean = rate * (math.max(0, now - news_at(t)) + num(t, 'lat') / 16) / 1e6
    if mean >= 0.05 then m = math.min(math.ceil(mean + MARGIN_SIGMAS * math.sqrt(mean)), num(t, 'Q')) end
  end
  set(t, 'margin', m)
  return m
end

-- pace: does the line of a paced window let bulk work have cost, left being left? Returns true, or false and when the next
-- portion is due.
local function pace(t, left, cost)
  if num(t, 'pw') > now then return false, num(t, 'pw') end
  local Q, W = num(t, 'Q'), num(t, 'W')
  local ends = num(t, 'E') - math.floor(W / 5)
  local per_ms = PACED * Q / (0.8 * W)
  if left - per_ms * math.max(0, ends - now) >= cost then return true end
  local portion = math.max(cost, math.ceil(Q / 10))
  local at = ends - math.floor(math.max(0, left - portion) / per_ms)
  set(t, 'pw', math.min(ends, math.max(now + 1, at)))
  return false, num(t, 'pw')
end

-- spread: bulk work's part of admit. stale: news is due, and one request would bring it. Returns as admit does.
local function spread(t, left, m, cost, stale)
  local E, W, Q = num(t, 'E'), num(t, 'W'), num(t, 'Q')
  local why, at
  if num(t, 'pace') == 1 then
    local ok, when = pace(t, left, cost)
    if not ok then why, at = 'pace', when end
  end
  if not why then
    local last_fifth, kept = E - math.floor(W / 5), 0
    if now < last_fifth then kept = math.ceil(Q / 10) end
    local theirs = math.floor(math.min(num(t, 'rate') / 1e6, Q / (2 * W)) * math.max(0, E - now))
    if left - m - kept - theirs >= cost or stale and kept == 0 then return true end
    if left - m - theirs < cost and kept == 0 then -- what is left is for others, unless news says that they have stopped
      why, at = 'margin', math.min(E, math.max(now + SOON, news_at(t) + math.ceil(W / 50)))
    else
      why, at = 'kept', last_fifth
    end
  end
  set(t, 'dry', 1)
  return false, at, why
end

-- admit: may requests of this cost be sent now? Returns true, or false, when to try again and why: cool, first (nothing is
-- known yet), margin, quota; for bulk work also kept and pace.
local function admit(t, bulk, cost)
  if num(t, 'cool') > now then return false, num(t, 'cool'), 'cool' end
  local E, W, Q, out = num(t, 'E'), num(t, 'W'), num(t, 'Q'), num(t, 'out')
  if E == 0 then
    if out == 0 or out + cost <= FIRST_REQUESTS then return true end
    return false, now + SOON, 'first'
  end
  cost = math.max(1, math.min(cost, Q))
  local left, m = num(t, 'L') - out, margin(t)
  if left < cost then
    if bulk then set(t, 'dry', 1) end
    return false, E, 'quota'
  end
  -- Beside others, after a silence one request goes ahead and brings news: what they did meanwhile is not known from what they
  -- did before.
  local silence = now - news_at(t)
  if num(t, 'rate') > 0 and out > 0 and silence >= W / 10 and silence >= num(t, 'lat') / 8 then
    return false, math.min(E, now + SOON), 'margin'
  end
  -- With nothing on its way and much left when last heard of, one request may go whatever the margin, or the governor would
  -- never learn that others have stopped.
  local stale = out == 0 and silence >= W / 50
  if left - m < cost then
    if not (stale and 4 * left >= Q) then
      if bulk then set(t, 'dry', 1) end
      if out > 0 then return false, math.min(E, now + SOON), 'margin' end
      if 4 * left < Q then return false, E, 'margin' end
      return false, math.min(E, news_at(t) + math.ceil(W / 50)), 'margin'
    end
    m = left - cost
    if bulk and num(t, 'pace') == 0 then return true end
  end
  if not bulk then return true end
  return spread(t, left, m, cost, stale)
end
