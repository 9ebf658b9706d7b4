-- shards: sets the number of shards, if nobody else did since it was read. Run on shard 0, which there is whatever the number.
--   n  the number     id  of the change: whoever saw another one when it began is older than the change
--   was  not "0": so many shards are to be cleared before anything is put into the new ones
-- ARGV[2]  the id that was read, or ""     ARGV[3]  n     ARGV[4]  id     ARGV[5]  was
-- Returns 1, or 0 if somebody else did.
local k = P .. 'shards'
if (redis.call('HGET', k, 'id') or '') ~= ARGV[2] then return 0 end
redis.call('HSET', k, 'n', ARGV[3], 'id', ARGV[4], 'was', ARGV[5])
return 1
