-- complete: the shard has all its jobs. Refused, as everything is, if it belongs to another number of shards by now.
-- ARGV[2]  the epoch
redis.call('SET', KEYS[1], ARGV[2])
return 1
