-- The budget of the fleet, in one script: every grant, answer and look goes through here.
--
-- KEYS[1] state    hash    run        run_id of the server that wrote this; another one means a cold start
--                          server     the server's clock when last seen, ms
--                          now        our own clock, ms: follows the server's, but jumps by 2 s at most and never back
--                          next_at    earliest time of the next grant
--                          free_at    since when a grant has been possible and not taken
--                          seq, last  number of grants so far, and the id of the last one
--                          gate_until, gate_reason, gate_ms (length of the last closing), probing (1: one may go)
--                          foreign, foreign_until   requests of others on our address, by Discogs' word
--                          cap        a lower limit by Discogs' word (20 when it takes us for anonymous)
-- KEYS[2] grants   zset    "id|lane|user" -> until when it may still arrive: its answer, or a deadline before that
-- KEYS[3] waiting  hash    process -> {seen, waiters}; gone 2 s after its last call
-- KEYS[4] turns    zset    "lane|user" -> seq of the last grant
--
-- ARGV[1] what to do: poll, answered, unused, close, open, look
-- ARGV[2] its arguments, JSON. Always: window, limit, send, hold, shares; times in ms.
--
-- A grant counts as long as it may have arrived inside the last window: until one window after its answer, or after
-- `hold` if no answer was ever told. Grants are also spaced by window / limit, so that a memory lost together with its
-- window allows no burst: a cold start waits one send deadline and one interval.

local op = ARGV[1]
local a = cjson.decode(ARGV[2])
local STATE, GRANTS, WAITING, TURNS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local DEAD_MS = 2000       -- a process not heard of for this long does not wait any more
local JUMP_MS = 2000       -- a clock that jumps ahead counts as this much, unless the caller's own clock bears it out
local SLACK_MS = 50        -- a grant this late does not delay those after it
local PATIENCE_MS = 250    -- how long the chosen process has to fetch its grant before another takes it
local FOREIGN_SLACK = 2    -- Discogs' headers lag by one or two
local FOREIGN_MS = a.window
local ANONYMOUS = 25
local ANONYMOUS_LIMIT = 20
local LONGEST_GATE = 10    -- windows

local function num(text) return text and tonumber(text) or nil end
local function ms(number) return string.format('%.3f', number) end

local state = {}
local flat = redis.call('HGETALL', STATE)
for i = 1, #flat, 2 do state[flat[i]] = flat[i + 1] end

local function put(name, value)
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

local limit = math.min(a.limit, num(state.cap) or a.limit)
local interval = a.window / limit
local now = num(state.now)

if state.run ~= run or not now then
  now = math.max(now or 0, server)
  put('run', run)
  put('next_at', ms(now + a.send + interval + SLACK_MS))
else
  local passed = math.max(0, server - num(state.server))
  if passed > JUMP_MS then
    passed = math.min(passed, math.max(JUMP_MS, (a.vouched or 0) - now))
  end
  now = now + passed
end
put('server', ms(server))
put('now', ms(now))

redis.call('ZREMRANGEBYSCORE', GRANTS, '-inf', ms(now - a.window))

local held, in_flight, spent, answered, flying = {}, {}, {}, 0, 0
local entries = redis.call('ZRANGE', GRANTS, 0, -1, 'WITHSCORES')
for i = 1, #entries, 2 do
  local id, lane = string.match(entries[i], '^([^|]*)|([^|]*)|')
  local over_at = tonumber(entries[i + 1])
  spent[lane] = (spent[lane] or 0) + 1
  if over_at > now then
    held[id] = over_at
    in_flight[lane] = (in_flight[lane] or 0) + 1
    flying = flying + 1
  else
    answered = answered + 1
  end
end
local count = #entries / 2

local foreign = 0
if num(state.foreign_until) and num(state.foreign_until) > now then foreign = num(state.foreign) end
local room = math.max(1, limit - foreign)

local function gate()
  local till = num(state.gate_until)
  if till and till > now then
    return {left = till - now, reason = state.gate_reason, is_probe = false}
  end
  if state.probing == '1' and flying > 0 then
    return {left = 1000, reason = state.gate_reason, is_probe = true}
  end
  return nil
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
          all[#all + 1] = waiter
        end
      end
    end
  end
  return all
end

-- Interactive goes first while it has used less than its share; then the lane that has used least of its share;
-- in the lane the user whose last grant is longest ago; of that user's the one that came first.
local function choose(waiters)
  local lanes = {}
  for _, waiter in ipairs(waiters) do lanes[waiter.lane] = true end
  local lane
  if lanes.interactive and (spent.interactive or 0) < a.shares.interactive * room then
    lane = 'interactive'
  else
    local least
    for name in pairs(lanes) do
      local used = (spent[name] or 0) / a.shares[name]
      if not least or used < least or (used == least and name < lane) then lane, least = name, used end
    end
  end
  local best, best_turn
  for _, waiter in ipairs(waiters) do
    if waiter.lane == lane then
      local turn = num(redis.call('ZSCORE', TURNS, lane .. '|' .. waiter.user)) or 0
      if not best or turn < best_turn or (turn == best_turn and waiter.since < best.since) then
        best, best_turn = waiter, turn
      end
    end
  end
  return best
end

local function grant(waiter)
  local seq = (num(state.seq) or 0) + 1
  put('seq', string.format('%d', seq))
  put('last', waiter.id)
  put('next_at', ms(math.max(num(state.next_at), now - SLACK_MS) + interval))
  put('free_at', nil)
  redis.call('ZADD', GRANTS, ms(now + a.hold), waiter.id .. '|' .. waiter.lane .. '|' .. waiter.user)
  redis.call('ZADD', TURNS, seq, waiter.lane .. '|' .. waiter.user)
  if seq % 100 == 0 then redis.call('ZREMRANGEBYRANK', TURNS, 0, -1001) end
  held[waiter.id] = now + a.hold
end

-- When a slot of the window becomes free; a request that is still under way may be answered any moment.
local function room_at()
  local over_at = tonumber(entries[2 * (count - room + 1)])
  return math.min(over_at, now) + a.window
end

local function try()
  local closed = gate()
  if closed then return closed.left end
  if num(state.next_at) > now then return num(state.next_at) - now end
  if count >= room then return math.max(1, room_at() - now) end
  local waiters = alive()
  if #waiters == 0 then return 1000 end
  if not num(state.free_at) then put('free_at', ms(now)) end
  local chosen = choose(waiters)
  if chosen.process ~= a.process then
    if now - num(state.free_at) < PATIENCE_MS then return 25 end
    local own = {}
    for _, waiter in ipairs(waiters) do
      if waiter.process == a.process then own[#own + 1] = waiter end
    end
    if #own == 0 then return 25 end
    chosen = choose(own)
  end
  grant(chosen)
  return math.max(1, num(state.next_at) - now)
end

-- What is asked -----------------------------------------------------------------------------------------------

local function close(for_ms, reason)
  if now + for_ms >= (num(state.gate_until) or 0) then
    put('gate_until', ms(now + for_ms))
    put('gate_reason', reason)
  end
  put('probing', '1')
end

local function learn()
  if a.status == 429 then
    -- A second 429 while the gate is closed is the first one's echo; one after it opened means: longer.
    local is_echo = num(state.gate_until) and num(state.gate_until) > now
    if not is_echo then
      local longer = num(state.gate_ms)
      local for_ms = longer and math.min(longer * 2, a.window * LONGEST_GATE) or a.window
      put('gate_ms', ms(for_ms))
      close(for_ms, 'Discogs asked us to wait')
    end
    return
  end
  if a.status and (not num(state.gate_until) or num(state.gate_until) <= now) then
    put('probing', nil)
    put('gate_ms', nil)
    put('gate_until', nil)
  end
  if a.limit_told and a.remaining then
    put('cap', a.limit_told <= ANONYMOUS and tostring(ANONYMOUS_LIMIT) or nil)
    local others = a.limit_told - a.remaining - answered - flying - FOREIGN_SLACK
    put('foreign', string.format('%d', math.max(0, others)))
    put('foreign_until', ms(now + FOREIGN_MS))
  end
end

local reply = {now = now, grants = {}}

if op == 'poll' then
  enlist(a.waiters)
  reply.wait = try()
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
  local closed = gate()
  if closed and not closed.is_probe then reply.gate = {left = closed.left, reason = closed.reason} end
elseif op == 'answered' then
  redis.call('ZADD', GRANTS, ms(now), a.grant)
  if held[a.id] then
    flying = flying - 1
    answered = answered + 1
  end
  learn()
elseif op == 'unused' then
  redis.call('ZREM', GRANTS, a.grant)
  if state.last == a.id then put('next_at', ms(now)) end
elseif op == 'close' then
  close(a.for_ms, a.reason)
elseif op == 'open' then
  put('gate_until', nil)
  put('probing', nil)
  put('gate_ms', nil)
elseif op == 'look' then
  local waiting = {}
  for _, waiter in ipairs(alive()) do waiting[#waiting + 1] = {lane = waiter.lane, user = waiter.user} end
  local closed = gate()
  reply.gate = closed and {left = closed.left, reason = closed.reason} or nil
  reply.spent = count
  reply.spent_by_lane = spent
  reply.in_flight = in_flight
  reply.waiting = waiting
  reply.limit = limit
  reply.foreign = foreign
  reply.granted = num(state.seq) or 0
  reply.next_in = math.max(0, num(state.next_at) - now)
end

for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 86400000) end
return cjson.encode(reply)
