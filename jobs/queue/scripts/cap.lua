-- cap.lua: how many jobs of one store run at once. The cap is the store's own or STORE_CAP, less `slow`: a store whose answers
-- have become slow, or that is overloaded, holds fewer workers, and gets them back one by one as it recovers. So it is neither
-- pushed further nor able to keep the workers that other stores wait for.
--
-- Slow means beyond 4 times and 250 ms above what is usual for the store, or beyond 5 s whatever is usual: a page of 250
-- products may well take ten times as long as one product. What is usual follows what is measured, down at once and up over
-- some 64 answers, so a lasting change (a bigger catalogue, other calls) becomes the new usual.
local SLOW_ALWAYS = 5000 * 16 -- latencies are kept in 16ths of a ms, so that averages of small ones do not stand still
local USUAL_MORE = 250 * 16
local RECOVER = 5000          -- ms until the next worker comes back

-- slow_down halves the cap, once for all answers of a burst.
local function slow_down(t)
  if num(t, 'ct') > now then return end
  local cap = full_cap(t)
  set(t, 'slow', math.min(cap - 1, math.max(num(t, 'slow'), cap - math.floor(job_cap(t) / 2))))
  set(t, 'ct', now + 1000 + math.floor(num(t, 'lat') / 8)) -- a second, and twice the time an answer takes
end

-- adapt takes in that an answer took ms.
local function adapt(t, ms)
  local sample, lat, usual = math.floor(ms * 16), num(t, 'lat'), num(t, 'usual')
  if lat == 0 then lat = sample end
  lat = lat + math.floor((sample - lat) / 8)
  set(t, 'lat', lat)
  if lat > SLOW_ALWAYS or (usual > 0 and lat > 4 * usual and lat > usual + USUAL_MORE) then
    slow_down(t)
  elseif num(t, 'slow') > 0 and now >= num(t, 'ct') then
    set(t, 'slow', num(t, 'slow') - 1)
    set(t, 'ct', now + RECOVER)
  end
  if usual == 0 or lat < usual then usual = lat else usual = usual + math.floor((lat - usual) / 64) end
  set(t, 'usual', usual)
end
