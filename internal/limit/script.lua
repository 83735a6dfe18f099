-- One call for all buckets of a request, as gcra.go computes them. Every number is a whole one below 2^53, so that the
-- doubles of Lua hold it exactly; %.0f writes it in full, where tostring would round it to 14 digits.
-- KEYS: the buckets. ARGV: the action, then for each bucket count, period, unit (micros, rest), end (micros, rest).
-- Answers: the time, then for each bucket whether it had room and when it is full again (micros, rest).
local action = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function text(number) return string.format('%.0f', number) end

local function before(am, ar, bm, br) return am < bm or (am == bm and ar < br) end

local buckets, room = {}, true
for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * 6
  local b = {
    key = key, count = tonumber(ARGV[at]), period = tonumber(ARGV[at + 1]),
    um = tonumber(ARGV[at + 2]), ur = tonumber(ARGV[at + 3]), em = tonumber(ARGV[at + 4]), er = tonumber(ARGV[at + 5]),
    m = now, r = 0, fits = true,
  }
  local m, r = string.match(redis.call('GET', key) or '', '^(%d+):(%d+)$')
  if m then
    m, r = tonumber(m), tonumber(r)
    if r >= b.count then r = 0 end
    if m >= now then b.m, b.r = m, r end
    if before(now + b.period, 0, b.m, b.r) then b.m, b.r = now + b.period, 0 end
  end
  b.nm, b.nr = b.m + b.um, b.r + b.ur
  if b.nr >= b.count then b.nm, b.nr = b.nm + 1, b.nr - b.count end
  b.fits = not before(now + b.period, 0, b.nm, b.nr)
  room = room and b.fits
  buckets[i] = b
end

local function keep(b)
  if before(now, 0, b.m, b.r) then
    redis.call('SET', b.key, text(b.m) .. ':' .. text(b.r), 'PX', text(math.ceil((b.m - now + 1) / 1000)))
  else
    redis.call('DEL', b.key)
  end
end

local answer = { text(now) }
for _, b in ipairs(buckets) do
  if action == 'charge' and room then
    b.m, b.r = b.nm, b.nr
    keep(b)
  elseif action == 'refund' and before(now, 0, b.em, b.er) then
    local bm, br = b.em - now, b.er
    if before(b.um, b.ur, bm, br) then bm, br = b.um, b.ur end
    b.m, b.r = b.m - bm, b.r - br
    if b.r < 0 then b.m, b.r = b.m - 1, b.r + b.count end
    if before(b.m, b.r, now, 0) then b.m, b.r = now, 0 end
    keep(b)
  end
  answer[#answer + 1] = b.fits and '1' or '0'
  answer[#answer + 1] = text(b.m)
  answer[#answer + 1] = text(b.r)
end
return answer
