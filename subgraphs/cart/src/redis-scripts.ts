/**
 * What Redis does to a cart in one step. Sent as text each time, so that a server that has forgotten its scripts costs
 * no second round trip. A cart is a hash: `head` has what scripts do not look into, and of each line there are
 * `l:` what stays, `q:` how many, `p:` its place; `v:` finds the line of a variant.
 */

/** What every write ends with. */
const ending = `
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  redis.call('SET', 'cart:id:' .. redis.call('HGET', KEYS[1], 'id'), ARGV[2], 'PX', ARGV[1])
  if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
  redis.call('ZADD', KEYS[3], 'LT', ARGV[5], ARGV[2])
  redis.call('PUBLISH', KEYS[4], ARGV[2])`;

/**
 * Adds pieces, where nothing stands in the way; else says `look`, and the rules decide on what there is.
 * KEYS: cart, key of the intent, carts to copy, channel.
 * ARGV: ttl, owner, what is kept, its ttl, copy due, at, variant, pieces, line id, line, most lines, most pieces.
 */
export const addScript = `
  local kept = redis.call('GET', KEYS[2])
  if kept then return {'kept', kept, redis.call('HGETALL', KEYS[1])} end
  local is = redis.call('HMGET', KEYS[1], 'version', 'closed', 'n', 'v:' .. ARGV[7])
  if not is[1] or is[2] == '1' then return {'look'} end
  local line, pieces = is[4], tonumber(ARGV[8])
  if line then
    local there = tonumber(redis.call('HGET', KEYS[1], 'q:' .. line))
    if there + pieces > tonumber(ARGV[12]) then return {'look'} end
    redis.call('HSET', KEYS[1], 'q:' .. line, there + pieces)
  else
    if tonumber(is[3]) >= tonumber(ARGV[11]) then return {'look'} end
    local place = redis.call('HINCRBY', KEYS[1], 'places', 1)
    line = ARGV[9]
    redis.call('HSET', KEYS[1], 'v:' .. ARGV[7], line, 'l:' .. line, ARGV[10], 'q:' .. line, pieces, 'p:' .. line, place)
    redis.call('HINCRBY', KEYS[1], 'n', 1)
  end
  redis.call('HINCRBY', KEYS[1], 'version', 1)
  redis.call('HSET', KEYS[1], 'at', ARGV[6])
  ${ending}
  return {'done', '', redis.call('HGETALL', KEYS[1])}`;

/**
 * Writes a whole cart over the version that was read, and no other. Answers 1 when it did.
 * KEYS: as above. ARGV: ttl, owner, what is kept, its ttl, copy due, expected version, and the fields.
 */
export const saveScript = `
  if ARGV[3] ~= '' and redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
  if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[6] then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], unpack(ARGV, 7))
  ${ending}
  return 1`;

/**
 * Puts a cart back from its copy where there is none, with the keys that were answered for it: an intent that is
 * repeated after a loss must not count again.
 * KEYS: cart. ARGV: ttl, owner, ttl of what is kept, how many keys, these with what is kept, and the fields.
 */
export const restoreScript = `
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  local last = 4 + 2 * tonumber(ARGV[4])
  for place = 5, last, 2 do redis.call('SET', ARGV[place], ARGV[place + 1], 'PX', ARGV[3]) end
  redis.call('HSET', KEYS[1], unpack(ARGV, last + 1))
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  redis.call('SET', 'cart:id:' .. redis.call('HGET', KEYS[1], 'id'), ARGV[2], 'PX', ARGV[1])
  return 1`;

/**
 * Takes a cart off the list of those to copy, unless it has changed since it was copied.
 * KEYS: cart, carts to copy. ARGV: owner, version.
 */
export const copiedScript = `
  if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[2] then return 0 end
  return redis.call('ZREM', KEYS[2], ARGV[1])`;
