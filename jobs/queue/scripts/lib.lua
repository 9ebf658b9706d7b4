-- lib.lua is put before every script. Contract of all scripts:
--   KEYS[1]  the shard's epoch key, "<prefix>:{<s>}:epoch". All other keys are built from it and share its slot.
--   ARGV[1]  the time in ms, or "0" to go by Redis' own clock. Redis replicates effects, so asking for TIME is safe.
--   STORE_CAP, FIRST_REQUESTS, REQUEST_TTL, CLASS_CAP, DEAD_KEPT, and SHARDS ("<shards>:", or "" in the scripts that any process
--   may run) are set by the Go side above this text.
-- Numbers are whole, and written with int(), never tostring(): tostring turns 14 digits and more into 1.7e+12.

local P = string.sub(KEYS[1], 1, -6)
local READY, PARK, MARK, LEASE, DEAD, VTIME = P .. 'ready', P .. 'park', P .. 'mark', P .. 'lease', P .. 'dead', P .. 'V'
local LANE = 1e14       -- score = lane * LANE + seq
local SOON = 50         -- ms until a gate is tried again that has no time of its own
local DEFAULT_WINDOW = 30000

local DIGITS = { [0] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' } -- most numbers, and sooner found than formatted
local function int(n) return DIGITS[n] or string.format('%d', n) end

local function clock()
  if ARGV[1] ~= '0' then return tonumber(ARGV[1]) end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local now = clock()

-- The epoch is "<shards>:<token>": how many shards the queue is spread over, and a token once it is complete. A process that is
-- set to another number must not touch a shard at all: it would look for stores, and their quotas, where they are not.
local epoch_is = redis.call('GET', KEYS[1])
local spread_over = epoch_is and string.match(epoch_is, '^%d+:')
if SHARDS ~= '' and spread_over and spread_over ~= SHARDS then return { err = 'SHARDS ' .. spread_over } end

local function no_epoch() return spread_over ~= SHARDS or #epoch_is == #SHARDS end
local NOEPOCH = { err = 'NOEPOCH the queue must be rebuilt' }
local LEASELOST = { err = 'LEASELOST the lease has expired and is no longer yours' }

-- A store's state: the hash t:<store>, read once a script and written once, by save.
--   vt  virtual time after its last claim          weight, cap  settings (unset: 1, STORE_CAP)
--   inflight  jobs in lease                        jc:<class>   of these, by class
--   paused  1 if nothing may be claimed            cs           its job classes, one a line
--   st  where it stands: READY_NOW in ready, PARKED in park      due  no job in d is due before (unset: d is empty)
--   n  how many jobs wait in q, and one (unset: not counted); 1 says that q is empty, and need not be looked at
--   Q, W, E, L  quota, window (ms), end of the window (ms), requests left in it; E unset: nothing known
--   tent  1: no answer has come from this window, E is the latest it can be; Ep  end of the window before
--   out  requests on their way                     c:<class>    of these, by class ("*" for none)
--   mine  our own requests in this window          at  when the last answer came
--   blind, bt  requests that were sent, and when last, before anything was known
--   rate, rt  what other apps use, in requests per 10^6 ms, and as of when     margin  what is set aside for them now
--   dry, pace, pw  1: bulk work was held back in this window; 1: this window is paced; when its next portion is due
--   lat, usual  how long answers take and usually take, in 16ths of a ms     slow, ct  by how many jobs the cap is lowered for
--               that, and when it may move again
--   calm  1: until E passes nothing but its cap can hold back t's jobs (see calm)
--   oth, ref  of this window, in the history already: what others used; of mine, what the window's end refused
--   cool, load  no request before; how many times in a row the platform was overloaded
--   h:<class>, s:, ht:, z:  its cap after 429s, successes since, when halved, no request before
local states = {}

local function open(s)
  local t = states[s]
  if t then return t end
  t = { store = s, f = {}, dirty = {}, fronts = {} }
  local flat = redis.call('HGETALL', P .. 't:' .. s)
  for i = 1, #flat, 2 do
    local f = flat[i]
    if f == 'cs' then t.f.cs = flat[i + 1] else t.f[f] = flat[i + 1] + 0 end -- all but the one text are numbers
  end
  states[s] = t
  return t
end

local function num(t, f) return t.f[f] or 0 end

local function set(t, f, v)
  if num(t, f) == v and (v == 0 or t.f[f]) then return end
  t.f[f] = v
  t.dirty[f] = true
end

-- calm is 1 if nothing unusual is known of t and much of its quota is left: gate would let the first of its jobs go until E passes,
-- whatever its lane, as long as fewer than STORE_CAP run. It is kept, and worked out anew when a field changes that it may go by; it
-- says 0 rather too often. So the scripts that each job needs can do with a few fields of a store's hash (see few): with thousands
-- of stores that have a job each, reading and judging all of them took longer than all else.
local function calm(t)
  if num(t, 'E') == 0 or num(t, 'L') - num(t, 'out') <= num(t, 'Q') / 10 + 1 then return 0 end
  if num(t, 'rate') > 0 or num(t, 'margin') > 0 or num(t, 'cool') > now or num(t, 'pace') == 1 then return 0 end
  if num(t, 'paused') == 1 or num(t, 'cap') > 0 or num(t, 'slow') > 0 or num(t, 'weight') > 1 then return 0 end
  if num(t, 'due') > 0 or t.f.cs then return 0 end
  return 1
end

local UNJUDGED = { vt = true, n = true, inflight = true, st = true } -- what each job changes; calm does not go by these
local function save(t)
  local args, unsure = {}, t.forgot
  for f in pairs(t.dirty) do
    local v = t.f[f]
    if type(v) == 'number' then v = int(v) end
    args[#args + 1] = f
    args[#args + 1] = v
    if not UNJUDGED[f] then unsure = true end
  end
  local is = unsure and calm(t)
  if is and is ~= num(t, 'calm') then
    t.f.calm = is
    args[#args + 1] = 'calm'
    args[#args + 1] = int(is)
  end
  if #args > 0 then redis.call('HSET', P .. 't:' .. t.store, unpack(args)) end
  t.dirty, t.forgot = {}, nil
end

-- few returns fields of the hash of s as they are written, or none if this call has met the store before. What is done by these
-- alone must be written at once. From its second job in a call on a store is opened, and so read and written once for all of them.
local met = {}
local function few(s, ...)
  if met[s] or states[s] then return {} end
  met[s] = true
  return redis.call('HMGET', P .. 't:' .. s, ...)
end

-- forget_zeros takes the fields that are 0 out of a store's hash: a missing one means the same, and ten thousand stores that have
-- nothing to do should take little room. FEW of them take less than what it costs to drop them after each job.
local FEW = 3
local function forget_zeros(t)
  local gone = {}
  for f, v in pairs(t.f) do
    if v == 0 then gone[#gone + 1] = f end
  end
  if #gone <= FEW then return end
  for _, f in ipairs(gone) do
    t.f[f], t.dirty[f] = nil, nil
  end
  t.forgot = true -- what became 0 just now is not in dirty any more
  redis.call('HDEL', P .. 't:' .. t.store, unpack(gone))
end

local function queue_key(s, class)
  if class == '' then return P .. 'q:' .. s end
  return P .. 'q:' .. s .. ':' .. class
end

-- classes of t's jobs that have ever waited, always with the empty one
local NO_CLASS = { '' }
local function classes(t)
  if not t.f.cs then return NO_CLASS end
  local list = { '' }
  for c in string.gmatch(t.f.cs or '', '[^\n]+') do list[#list + 1] = c end
  return list
end

-- in_queues counts the jobs that wait in q.
local function in_queues(t)
  local n = 0
  for _, c in ipairs(classes(t)) do n = n + redis.call('ZCARD', queue_key(t.store, c)) end
  return n
end

-- counted is how many jobs wait in q by t's hash, nil if it does not say. While the queue is cleared or filled anew, it may say
-- what was before.
local function counted(t)
  local n = num(t, 'n')
  if n == 0 or no_epoch() then return nil end
  return n - 1
end

-- waiting counts t's jobs that wait, for a time too. A queue that it finds empty need not be looked at again.
local function waiting(t)
  local n = counted(t)
  if not n then
    n = in_queues(t)
    set(t, 'n', n + 1)
  end
  if n == 0 then
    for _, c in ipairs(classes(t)) do t.fronts[c] = { whole = true } end
  end
  if num(t, 'due') > 0 then n = n + redis.call('ZCARD', P .. 'd:' .. t.store) end
  return n
end

local function head(key)
  local r = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if not r[1] then return nil end
  return r[1], tonumber(r[2])
end

-- wake lets one sleeping worker look again, however often a script calls it. A claim that leaves work behind wakes the next.
local awake = false
local function wake()
  if awake then return end
  awake = true
  redis.call('ZADD', MARK, 0, 'w')
end

-- The queue's virtual time, read once a script. The script that moves it on (claim) writes it.
local vtime
local function virtual_time()
  if not vtime then vtime = tonumber(redis.call('GET', VTIME) or 0) end
  return vtime
end
