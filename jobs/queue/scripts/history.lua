-- history.lua: what a store's quota did, minute by minute, noted where answers are taken in, until SQL has it (history.go).
--   m:<store>  HASH  minute since 1970 → "used,others,left,quota,window,429 quota,429 concurrency,429 load"
--   minutes    ZSET  store → when the oldest minute of its hash began, in ms
-- left is the lowest that an answer told, quota and window (ms) are the last; -1, 0 and 0 if no answer told them. A minute only
-- ever changes while it goes on, by this Redis' clock, so a minute that is over may be copied and then deleted. Notes are made
-- in the script that takes in the answer: they cost no round trip.
local MINUTE = 60000
local KEEP_MINUTES = 1440 -- of a store, when nothing takes them to SQL
local USED, OTHERS, LEFT, QUOTA, WINDOW, BY_QUOTA, BY_CLASS, BY_LOAD = 1, 2, 3, 4, 5, 6, 7, 8

local minutes = {} -- store → the minute that goes on, read once a script and written once

local function minute(s)
  local m = minutes[s]
  if m then return m end
  m = { 0, 0, -1, 0, 0, 0, 0, 0 }
  local packed = redis.call('HGET', P .. 'm:' .. s, int(math.floor(now / MINUTE)))
  if packed then
    local i = 0
    for n in string.gmatch(packed, '[^,]+') do
      i = i + 1
      m[i] = tonumber(n)
    end
  end
  minutes[s] = m
  return m
end

local function note(t, what, n)
  local m = minute(t.store)
  m[what] = m[what] + n
end

local function note_quota(t, a)
  local m = minute(t.store)
  if m[LEFT] < 0 or a.left < m[LEFT] then m[LEFT] = a.left end
  m[QUOTA], m[WINDOW] = a.quota, a.window
  if m[WINDOW] <= 0 then m[WINDOW] = DEFAULT_WINDOW end
end

-- forget_minutes deletes minutes older than KEEP_MINUTES.
local function forget_minutes(k, this)
  for _, at in ipairs(redis.call('HKEYS', k)) do
    if tonumber(at) <= this - KEEP_MINUTES then redis.call('HDEL', k, at) end
  end
end

local function save_minutes()
  local this = math.floor(now / MINUTE)
  for s, m in pairs(minutes) do
    local k, packed = P .. 'm:' .. s, {}
    for i, n in ipairs(m) do packed[i] = int(n) end
    if redis.call('HSET', k, int(this), table.concat(packed, ',')) == 1 then -- a minute begins
      redis.call('EXPIRE', k, KEEP_MINUTES * 60)
      if not redis.call('ZSCORE', P .. 'minutes', s) then redis.call('ZADD', P .. 'minutes', int(this * MINUTE), s) end
      if redis.call('HLEN', k) > KEEP_MINUTES then forget_minutes(k, this) end
    end
  end
  minutes = {}
end
