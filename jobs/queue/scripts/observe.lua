-- observe: takes in answers. Invariant: see window.lua; an answer told twice counts once.
-- ARGV[2]  store     ARGV[3]  random number 0-999999     ARGV[4…]  answers, OBSERVE_ARGS each
local t = open(ARGV[2])
for i = 4, #ARGV, OBSERVE_ARGS do observe(t, i, tonumber(ARGV[3]) / 1e6) end
save_minutes()
place(ARGV[2])
return 1
