-- The budget of the fleet, in one script: every grant, answer and look goes through here.
--
-- KEYS[1] state    hash    run        run_id of the server that wrote this; another one means a cold start
--                          epoch      when this memory began, by the server's clock: a vouch from an earlier one is void
--                          server     the server's clock when last seen, ms
--                          now        our own clock, ms: follows the server's, but jumps by 2 s at most and never back
--                          next_at    earliest time of the next grant
--                          free_at    since when a grant has been possible and not taken
--                          seq, last  number of grants so far, and the id of the last one
--                          pass_LANE  where the lane stands: each of its grants moves it on by 1 / share
--                          line       where the hindmost lane with work stood at the last grant
--                          gate_until, gate_reason, gate_ms (length of the last closing), probing (1: one may go)
--                          brake_until, brake_reason, brake_share   the operator's brake: the part of the limit that
--                          is left to us, 0 for none; no probe after it
--                          foreign, foreign_until      requests of others on our address, by Discogs' word
--                          cap        a lower limit by Discogs' word (20 when it takes us for anonymous)
-- KEYS[2] waiting  hash    process -> {seen, waiters}; gone 2 s after its last call
-- KEYS[3] turns    zset    "lane|user" -> seq of the last grant
-- KEYS[4] tally    hash    "lane|waits|n": grants that waited up to bounds[n] and longer than the bound before;
--                          "lane|waited": ms waited for them in sum; "returned": given back unused; "throttled": 429s
-- KEYS[5] returned zset    "lane|id" of what was given back unused -> until when saying so again is no mistake
-- KEYS[6…] lane    zset    one a lane, in the order of `lanes`: grant id -> until when it may still arrive at the server:
--                          its answer, or `hold` after the grant while there is none
--
-- ARGV[1] what to do: poll, answered, unused, close, open, brake, look
-- ARGV[2] its arguments, JSON. Always: window, limit, reserved, send, hold, lanes, shares, bounds, vouched, epoch; times in ms.
--         A test pins the server's clock and run_id by clock and run.
--
-- Why no window of the server ever holds more than `limit`: take any, and of the requests that arrived in it the one
-- granted last. When that was granted, each of the others was still counted, because a grant counts until one window
-- after the last moment at which it may arrive. So fewer than `limit` others are in that window. Grants are also
-- spaced by window / limit, so that a memory lost together with its window allows no burst (docs/decisions/limiter.md).

local op = ARGV[1]
local a = cjson.decode(ARGV[2])
local STATE, WAITING, TURNS, TALLY, RETURNED, LANES = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], 5
local DEAD_MS = 2000       -- a process not heard of for this long does not wait any more
local JUMP_MS = 2000       -- a clock that jumps ahead counts as this much, unless the caller's own clock bears it out
local SLACK_MS = 50        -- a grant this late does not delay those after it; less where tokens are closer
local PATIENCE_MS = 250    -- how long the chosen process has to fetch its grant before another takes it
local FOREIGN_SLACK = 2    -- Discogs' headers lag by one or two
local ANONYMOUS = 25       -- what Discogs allows an address without credentials
local MARGIN = 5           -- we stay this far below a limit of Discogs' that is lower than ours
local LONGEST_GATE = 10    -- windows

local function num(text) return text and tonumber(text) or nil end
local function ms(number) return string.format('%.3f', number) end

local state = {}
local flat = redis.call('HGETALL', STATE)
for i = 1, #flat, 2 do state[flat[i]] = flat[i + 1] end

local function put(name, value)
  if state[name] == value then return end
  if value == nil then
    state[name] = nil
    redis.call('HDEL', STATE, name)
  else
    state[name] = value
    redis.call('HSET', STATE, name, value)
  end
end

-- Time and memory ---------------------------------------------------------------------------------------------

local server = a.clock
if not server then
  local t = redis.call('TIME')
  server = tonumber(t[1]) * 1000 + tonumber(t[2]) / 1000
end
local run = a.run or string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')

local total = math.min(a.limit, num(state.cap) or a.limit)
local limit = math.max(1, total - a.reserved)
local interval, slack, patience
local function pace()
  interval = a.window / limit
  slack = math.min(SLACK_MS, interval / 4)
  patience = math.min(PATIENCE_MS, interval / 2)
end
pace()

local now = num(state.now)

if state.run ~= run or not now then
  now = math.max(now or 0, server)
  put('run', run)
  put('epoch', ms(server))
  put('free_at', nil)
  put('next_at', ms(now + a.send + interval + slack))
else
  local passed = math.max(0, server - num(state.server))
  if passed > JUMP_MS then
    local vouched = a.epoch == state.epoch and a.vouched or 0
    passed = math.min(passed, math.max(JUMP_MS, vouched - now))
  end
  now = now + passed
end
now = tonumber(ms(now))  -- what is compared is what is stored
put('server', ms(server))
put('now', ms(now))

local brake = nil
if (num(state.brake_until) or 0) > now then
  brake = {left = num(state.brake_until) - now, reason = state.brake_reason, share = num(state.brake_share)}
  if brake.share > 0 then
    limit = math.max(1, math.floor(limit * brake.share + 1e-9))
    pace()
  end
end

local key_of, held, in_flight, flying = {}, {}, {}, 0
for i, lane in ipairs(a.lanes) do
  local key = KEYS[LANES + i]
  key_of[lane] = key
  redis.call('ZREMRANGEBYSCORE', key, '-inf', ms(now - a.window))
  local under_way = redis.call('ZRANGEBYSCORE', key, '(' .. ms(now), '+inf', 'WITHSCORES')
  for j = 1, #under_way, 2 do held[under_way[j]] = tonumber(under_way[j + 1]) end
  in_flight[lane] = #under_way / 2
  flying = flying + in_flight[lane]
end

local function spent_at(lane, at) return redis.call('ZCOUNT', key_of[lane], '(' .. ms(at - a.window), '+inf') end

local function count()
  local sum = 0
  for _, lane in ipairs(a.lanes) do sum = sum + redis.call('ZCARD', key_of[lane]) end
  return sum
end

local foreign = 0
if num(state.foreign_until) and num(state.foreign_until) > now then foreign = num(state.foreign) end
-- The reserve is what others may spend before their spending lowers us.
local room = math.max(1, math.min(limit, total - math.max(a.reserved, foreign)))

-- The gate, or a brake that leaves nothing, whichever lasts longer.
local function closed()
  local shut = nil
  local left = (num(state.gate_until) or 0) - now
  if left > 0 then shut = {left = left, reason = state.gate_reason} end
  if brake and brake.share == 0 and brake.left > (shut and shut.left or 0) then
    shut = {left = brake.left, reason = 'Paused by an operator: ' .. brake.reason}
  end
  return shut
end

-- Whoever waits in one process. Without any, the process is forgotten at once and needs no call to say goodbye.
local function enlist(waiters)
  if #waiters == 0 then
    redis.call('HDEL', WAITING, a.process)
  else
    redis.call('HSET', WAITING, a.process, cjson.encode({seen = now, waiters = waiters}))
  end
end

-- Choosing ----------------------------------------------------------------------------------------------------

local function alive()
  local all, flat_waiting = {}, redis.call('HGETALL', WAITING)
  for i = 1, #flat_waiting, 2 do
    local entry = cjson.decode(flat_waiting[i + 1])
    if entry.seen < now - DEAD_MS then
      redis.call('HDEL', WAITING, flat_waiting[i])
    else
      for _, waiter in ipairs(entry.waiters) do
        if not held[waiter.id] then
          waiter.process = flat_waiting[i]
          waiter.since = entry.seen - waiter.waited
          all[#all + 1] = waiter
        end
      end
    end
  end
  return all
end

-- Where a lane stands among the others. One that had no work comes back beside the hindmost: time is not saved up.
local function stand(lane) return math.max(num(state['pass_' .. lane]) or 0, num(state.line) or 0) end

local function hindmost(waiters)
  local has_work = {}
  for _, waiter in ipairs(waiters) do has_work[waiter.lane] = true end
  local lane
  for _, name in ipairs(a.lanes) do
    if has_work[name] and (not lane or stand(name) < stand(lane)) then lane = name end
  end
  return lane, has_work
end

-- Interactive goes first while it has used less than its share; then the lane that stands hindmost;
-- in the lane the user whose last grant is longest ago; of that user's the one that came first.
local function choose(waiters, at)
  local lane, has_work = hindmost(waiters)
  if has_work.interactive and spent_at('interactive', at) < a.shares.interactive * room then lane = 'interactive' end
  local best, best_turn
  local turns = {}
  for _, waiter in ipairs(waiters) do
    if waiter.lane == lane then
      local turn = turns[waiter.user]
      if not turn then
        turn = num(redis.call('ZSCORE', TURNS, lane .. '|' .. waiter.user)) or 0
        turns[waiter.user] = turn
      end
      if not best or turn < best_turn or (turn == best_turn and waiter.since < best.since) then
        best, best_turn = waiter, turn
      end
    end
  end
  return best
end

local function tally(waiter)
  local waited = math.max(0, now - waiter.since)
  local n = 1
  while a.bounds[n] and waited > a.bounds[n] do n = n + 1 end
  redis.call('HINCRBY', TALLY, waiter.lane .. '|waits|' .. n, 1)
  redis.call('HINCRBY', TALLY, waiter.lane .. '|waited', math.floor(waited))
end

local function grant(waiter, waiters)
  tally(waiter)
  put('line', string.format('%.17g', stand(hindmost(waiters))))
  put('pass_' .. waiter.lane, string.format('%.17g', stand(waiter.lane) + 1 / a.shares[waiter.lane]))
  local seq = (num(state.seq) or 0) + 1
  put('seq', string.format('%d', seq))
  put('last', waiter.id)
  put('next_at', ms(math.max(num(state.next_at), now - slack) + interval))
  put('free_at', nil)
  redis.call('ZADD', key_of[waiter.lane], ms(now + a.hold), waiter.id)
  redis.call('ZADD', TURNS, seq, waiter.lane .. '|' .. waiter.user)
  if seq % 100 == 0 then redis.call('ZREMRANGEBYRANK', TURNS, 0, -1001) end
  held[waiter.id] = now + a.hold
  flying = flying + 1
end

-- When the next grant is possible; a request that is still under way may be answered any moment.
local function possible_at()
  local too_many = count() - room + 1
  if too_many <= 0 then return num(state.next_at) end
  local ends = {}
  for _, lane in ipairs(a.lanes) do
    local first = redis.call('ZRANGE', key_of[lane], 0, too_many - 1, 'WITHSCORES')
    for i = 2, #first, 2 do ends[#ends + 1] = tonumber(first[i]) end
  end
  table.sort(ends)
  return math.max(num(state.next_at), math.min(ends[too_many], now) + a.window)
end

-- Grants at most one token, to the asking process, and says when that should ask again: on time if it is next by what
-- is known now, a little later if another is, so that a grant costs few calls however many wait.
local function try()
  local waiters = alive()
  for _ = 1, 2 do
    local shut = closed()
    if shut then return shut.left end
    if state.probing == '1' and flying > 0 then return 1000 end
    if #waiters == 0 then return 1000 end
    local at = possible_at()
    local next_one = choose(waiters, math.max(at, now))
    if at > now then return at - now + (next_one.process == a.process and 0 or patience) end
    if not num(state.free_at) then put('free_at', ms(now)) end
    if next_one.process ~= a.process then
      local left = num(state.free_at) + patience - now
      if left > 0 then return left end
      local own = {}
      for _, waiter in ipairs(waiters) do
        if waiter.process == a.process then own[#own + 1] = waiter end
      end
      if #own == 0 then return 1000 end
      next_one = choose(own, now)
    end
    grant(next_one, waiters)
    local others = {}
    for _, waiter in ipairs(waiters) do
      if waiter.id ~= next_one.id then others[#others + 1] = waiter end
    end
    waiters = others
  end
  return 1
end

-- What is asked -----------------------------------------------------------------------------------------------

local reply = {now = now, epoch = state.epoch, grants = {}}

local function open()
  for _, name in ipairs({'probing', 'gate_ms', 'gate_until', 'gate_reason'}) do put(name, nil) end
end

local function close(for_ms, reason)
  if now + for_ms >= (num(state.gate_until) or 0) then
    put('gate_until', ms(now + for_ms))
    put('gate_reason', reason)
  end
  put('probing', '1')
end

local function learn()
  local is_closed = (num(state.gate_until) or 0) > now
  if a.status == 429 then
    redis.call('HINCRBY', TALLY, 'throttled', 1)
    -- A second 429 while the gate is closed is the first one's echo; one after it opened means: longer.
    if not is_closed then
      local longer = num(state.gate_ms)
      local for_ms = longer and math.min(longer * 2, a.window * LONGEST_GATE) or a.window
      put('gate_ms', ms(for_ms))
      close(for_ms, 'Discogs asked us to wait')
      reply.gate = closed()
    end
    return
  end
  if a.status and not is_closed then
    reply.opened = state.probing == '1'
    open()
  end
  if a.limit_told and a.remaining then
    local cap
    if a.limit_told == ANONYMOUS or a.limit_told < a.limit then cap = math.max(1, a.limit_told - MARGIN) end
    if cap ~= num(state.cap) then reply.capped = math.max(1, math.min(cap or a.limit, a.limit) - a.reserved) end
    put('cap', cap and string.format('%d', cap) or nil)
    put('foreign', string.format('%d', math.max(0, a.limit_told - a.remaining - count() - FOREIGN_SLACK)))
    put('foreign_until', ms(now + a.window))
  end
end

if op == 'poll' then
  enlist(a.waiters)
  reply.wait = math.max(1, try())
  -- Said again if the reply was lost: the grant is as old as it is.
  local still = {}
  for _, waiter in ipairs(a.waiters) do
    if held[waiter.id] then
      reply.grants[#reply.grants + 1] = {id = waiter.id, age = now - (held[waiter.id] - a.hold)}
    else
      still[#still + 1] = waiter
    end
  end
  if #reply.grants > 0 then enlist(still) end
  reply.gate = closed()
elseif op == 'answered' then
  -- Who holds its grant by name only may have made it up, or say it twice. One of ours may be from before a loss of
  -- memory: it counts from now on.
  local over = num(redis.call('ZSCORE', key_of[a.lane], a.id))
  reply.known = over ~= nil
  if not a.by_name or (over and over > now) then
    redis.call('ZADD', key_of[a.lane], ms(now), a.id)
    learn()
  end
elseif op == 'unused' then
  -- One that was answered, or is past its deadline, may have been sent and goes on counting. What was granted after it
  -- keeps its distance; only the last one gives its moment back as well.
  local over = num(redis.call('ZSCORE', key_of[a.lane], a.id))
  reply.known = over ~= nil and over > now
  if not over then
    reply.known = (num(redis.call('ZSCORE', RETURNED, a.lane .. '|' .. a.id)) or 0) > now
  elseif reply.known then
    redis.call('ZREM', key_of[a.lane], a.id)
    redis.call('ZREMRANGEBYSCORE', RETURNED, '-inf', ms(now))
    redis.call('ZADD', RETURNED, ms(now + a.window), a.lane .. '|' .. a.id)
    redis.call('HINCRBY', TALLY, 'returned', 1)
    if state.last == a.id then put('next_at', ms(now)) end
  end
elseif op == 'close' then
  close(a.for_ms, a.reason)
elseif op == 'half_open' then
  if (num(state.gate_until) or 0) > now then put('gate_until', ms(now)) end
elseif op == 'brake' then
  local is_on = a.for_ms > 0
  put('brake_until', is_on and ms(now + a.for_ms) or nil)
  put('brake_reason', is_on and a.reason or nil)
  put('brake_share', is_on and tostring(a.share) or nil)
elseif op == 'look' then
  local waiting = {}
  for _, waiter in ipairs(alive()) do
    waiting[#waiting + 1] = {lane = waiter.lane, user = waiter.user, waited = math.max(0, now - waiter.since)}
  end
  reply.spent_by_lane = {}
  for _, lane in ipairs(a.lanes) do reply.spent_by_lane[lane] = redis.call('ZCARD', key_of[lane]) end
  reply.gate = closed()
  if not reply.gate and state.probing == '1' and flying > 0 then
    reply.gate = {left = 1000, reason = state.gate_reason}
  end
  reply.spent = count()
  reply.in_flight = in_flight
  reply.waiting = waiting
  reply.limit = limit
  reply.room = room
  reply.foreign = foreign
  reply.cap = num(state.cap)
  reply.brake = brake
  reply.tally = {}
  local told = redis.call('HGETALL', TALLY)
  for i = 1, #told, 2 do reply.tally[told[i]] = tonumber(told[i + 1]) end
  reply.granted = num(state.seq) or 0
  reply.next_in = math.max(0, possible_at() - now)
end

for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 86400000) end
return cjson.encode(reply)
