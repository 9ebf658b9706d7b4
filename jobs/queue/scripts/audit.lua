-- audit: recounts what a store's hash says from what it is about: inflight from lease, out from o, st from ready and park, due
-- from d, n from q, calm from the other fields. Returns how many were wrong.
-- ARGV[2…]  stores
local jobs, class_jobs = {}, {}
for _, id in ipairs(redis.call('ZRANGE', LEASE, 0, -1)) do
  local j = redis.call('HMGET', P .. 'j:' .. id, 'store', 'class')
  if j[1] then
    jobs[j[1]] = (jobs[j[1]] or 0) + 1
    local k = j[1] .. '\n' .. j[2]
    class_jobs[k] = (class_jobs[k] or 0) + 1
  end
end
local wrong = 0
local function must(t, f, v)
  if num(t, f) ~= v then
    set(t, f, v)
    wrong = wrong + 1
  end
end
for i = 2, #ARGV do
  local s = ARGV[i]
  local t = open(s)
  must(t, 'inflight', jobs[s] or 0)
  local at = 0
  if redis.call('ZSCORE', READY, s) then at = READY_NOW elseif redis.call('ZSCORE', PARK, s) then at = PARKED end
  must(t, 'st', at)
  if num(t, 'n') > 0 then must(t, 'n', in_queues(t) + 1) end
  local _, first = head(P .. 'd:' .. s)
  if first and (num(t, 'due') == 0 or num(t, 'due') > first) then must(t, 'due', first) end
  set(t, 'due', first or 0) -- too early is not wrong: it is of a job that has left d since
  local requests, out = {}, 0
  for _, rid in ipairs(redis.call('ZRANGE', P .. 'o:' .. s, 0, -1)) do
    local cost, class = string.match(rid, '^[^|]*|(%d+)|(.*)$')
    out = out + tonumber(cost)
    requests[class_name(class)] = (requests[class_name(class)] or 0) + 1
  end
  must(t, 'out', out)
  local fields = {}
  for f in pairs(t.f) do fields[#fields + 1] = f end
  for _, f in ipairs(fields) do
    if string.sub(f, 1, 3) == 'jc:' then must(t, f, class_jobs[s .. '\n' .. string.sub(f, 4)] or 0) end
    if string.sub(f, 1, 2) == 'c:' then must(t, f, requests[string.sub(f, 3)] or 0) end
  end
  if num(t, 'calm') == 1 then must(t, 'calm', calm(t)) end
  place(s)
end
return wrong
