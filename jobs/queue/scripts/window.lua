-- window.lua: a store's quota window, and the requests on their way in it. The governor is this file, admit.lua (may a request
-- be sent?) and quota.lua (what an answer tells). What it keeps: at no time are there more requests on their way than the
-- server can have left in its window: L - out - margin >= 0 after every admission.
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
  if num(t, 'pw') ~= 0 then set(t, 'pw', 0) end
  if missed > 0 and num(t, 'rate') > 0 then set(t, 'rate', math.floor(num(t, 'rate') / 2 ^ math.min(missed, 30))) end
  local paced = 0
  if missed == 0 then paced = num(t, 'dry') end
  if num(t, 'pace') ~= paced then set(t, 'pace', paced) end
  if num(t, 'dry') ~= 0 then set(t, 'dry', 0) end
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
