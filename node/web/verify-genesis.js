/**
 * The canonical bytes of a genesis.json as people write it (docs/protocol-files.md).
 *
 * What it makes is checked like any genesis, and its hash is what counts: the reader compares it.
 * All consensus parameters must be named; their defaults belong to a version of the node's software.
 */

import { fromHex } from "./verify.js";

const GENESIS_FIELDS =
  "about version chain_id time_ms time_scale consensus timers limits members accounts assets";
// In the order of the bytes; durations come without their `_ms`.
const CONSENSUS_FIELDS =
  "leader_period block_size_max block_transactions_max block_deadlines_max clock_drift_max " +
  "request_timeout seal_timeout seal_delay view_timeout view_timeout_max resend blame " +
  "blame_forget transaction_lifetime_max";
const UNITS_MS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** The text is no genesis.json that this page can read. */
class FormInvalid extends Error {}

function wrong(message) {
  throw new FormInvalid(message);
}

// --- writing --------------------------------------------------------------------------------------

function head(size, forms) {
  for (const [below, width, tag] of forms) {
    if (size >= below) continue;
    const bytes = new Uint8Array(1 + width);
    bytes[0] = tag;
    let rest = size;
    for (let at = width; at > 0; at--) {
      bytes[at] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    if (width === 0) bytes[0] += size;
    return bytes;
  }
  return wrong("too large");
}

const WIDE = 2 ** 32;
// For each kind the forms from short to long: sizes or numbers below this, bytes that follow, tag.
const FORMS = {
  text: [
    [32, 0, 0xa0],
    [2 ** 8, 1, 0xd9],
    [2 ** 16, 2, 0xda],
    [WIDE, 4, 0xdb],
  ],
  bytes: [
    [2 ** 8, 1, 0xc4],
    [2 ** 16, 2, 0xc5],
    [WIDE, 4, 0xc6],
  ],
  array: [
    [16, 0, 0x90],
    [2 ** 16, 2, 0xdc],
    [WIDE, 4, 0xdd],
  ],
  map: [
    [16, 0, 0x80],
    [2 ** 16, 2, 0xde],
    [WIDE, 4, 0xdf],
  ],
  integer: [
    [128, 0, 0],
    [2 ** 8, 1, 0xcc],
    [2 ** 16, 2, 0xcd],
    [WIDE, 4, 0xce],
    [2 ** 53, 8, 0xcf],
  ],
};

/** The parts of a value's canonical bytes, one after another. */
function* packed(value) {
  if (typeof value === "number") {
    yield head(value, FORMS.integer);
  } else if (typeof value === "string") {
    const bytes = new TextEncoder().encode(value);
    yield head(bytes.length, FORMS.text);
    yield bytes;
  } else if (value instanceof Uint8Array) {
    yield head(value.length, FORMS.bytes);
    yield value;
  } else if (value instanceof Map) {
    yield head(value.size, FORMS.map);
    for (const [key, entry] of [...value].sort(([a], [b]) => inOrder(a, b))) {
      yield* packed(key);
      yield* packed(entry);
    }
  } else {
    yield head(value.length, FORMS.array);
    for (const entry of value) yield* packed(entry);
  }
}

/** The order of code points, which is not that of UTF-16. */
function inOrder(a, b) {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((character, i) => character !== right[i]);
  if (at < 0 || at >= right.length) return left.length - right.length;
  return left[at].codePointAt(0) - right[at].codePointAt(0);
}

// --- reading --------------------------------------------------------------------------------------

/** An object with these members and no others; `some` may be left out. */
function members(value, all, some = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value)) wrong("no object");
  const known = all.split(" ");
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) wrong(`unknown ${unknown}`);
  const needed = known.filter((name) => !some.split(" ").includes(name));
  const missing = needed.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) wrong(`without ${missing}`);
  return value;
}

function whole(value) {
  if (!Number.isSafeInteger(value) || value < 0) wrong("no integer");
  return value;
}

function text(value) {
  if (typeof value !== "string" || !value.isWellFormed()) wrong("no text");
  return value;
}

function list(value, read) {
  if (!Array.isArray(value)) wrong("no list");
  return value.map(read);
}

function key(value) {
  if (!/^[0-9a-f]{64}$/.test(text(value))) wrong("no key");
  return fromHex(value);
}

function duration(value) {
  if (typeof value !== "string") return whole(value);
  const found = /^(0|[1-9][0-9]{0,14}) (ms|s|min|h|d)$/.exec(value);
  return found === null ? wrong("no duration") : whole(Number(found[1]) * UNITS_MS[found[2]]);
}

function pairs(value, read, ending = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value)) wrong("no object");
  return new Map(
    Object.entries(value).map(([name, entry]) => [text(name) + ending, read(entry)]),
  );
}

function policy(value) {
  const { keys, threshold = 1 } = members(value, "keys threshold", "threshold");
  const entries = [...pairs(keys, whole)].sort(([a], [b]) => inOrder(a, b));
  return [entries.map(([name, weight]) => [key(name), weight]), whole(threshold)];
}

function member(value) {
  const made = members(value, "name policy node_key");
  return [text(made.name), policy(made.policy), key(made.node_key)];
}

function role(value) {
  const made = members(value, "role scope", "scope");
  return [text(made.role), text(made.scope ?? "")];
}

function account(value) {
  const made = members(value, "name sponsor policy roles", "roles");
  const roles = list(made.roles ?? [], role);
  return [text(made.name), policy(made.policy), text(made.sponsor), roles];
}

function asset(value) {
  const made = members(value, "symbol decimals issuer");
  return [text(made.symbol), whole(made.decimals), text(made.issuer)];
}

function consensus(value) {
  const made = members(value, CONSENSUS_FIELDS);
  return CONSENSUS_FIELDS.split(" ").map((name, i) => (i < 4 ? whole : duration)(made[name]));
}

/** The canonical bytes of a parsed genesis.json, or null if it is none. */
export function genesisOfForm(value) {
  try {
    const made = members(value, GENESIS_FIELDS, "about time_scale limits accounts assets");
    const fields = [
      whole(made.version),
      text(made.chain_id),
      whole(made.time_ms),
      whole(made.time_scale ?? 1),
      consensus(made.consensus),
      pairs(made.timers, duration, "_ms"),
      list(made.members, member),
      list(made.accounts ?? [], account),
      list(made.assets ?? [], asset),
      pairs(made.limits ?? {}, whole),
    ];
    const parts = [...packed(fields)];
    return new Uint8Array(parts.flatMap((part) => [...part]));
  } catch (error) {
    if (!(error instanceof FormInvalid)) throw error;
    return null;
  }
}
