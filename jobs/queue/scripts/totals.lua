-- totals: what a shard holds, all stores together. Changes nothing, and needs no epoch.
-- Returns 1 if the epoch is set, then how many: stores known, ready, parked; jobs leased, leased beyond their time, dead; and 1
-- if a rebuild is under way.
local until_ = redis.call('HGET', P .. 'rebuild', 'until')
local rebuilding = 0
if until_ and tonumber(until_) > now then rebuilding = 1 end
local epoch = 1
if no_epoch() then epoch = 0 end
return { epoch, redis.call('SCARD', P .. 'stores'), redis.call('ZCARD', READY), redis.call('ZCARD', PARK), redis.call('ZCARD', LEASE),
  redis.call('ZCOUNT', LEASE, '-inf', int(now)), redis.call('ZCARD', DEAD), rebuilding }
