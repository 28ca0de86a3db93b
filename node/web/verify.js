/**
 * Checks a proof bundle against a genesis: the light client of a Hushang chain in one ES module.
 *
 * Nothing but WebCrypto (SHA-256, Ed25519) is needed: a browser or Node.js runs it as it is.
 * It follows docs/protocol.md and docs/protocol-proofs.md step by step, refuses what
 * `chain.bundle_check` refuses, and names the same rule. Bytes are foreign until they are checked:
 * every list, text and depth has a cap, and nothing is read that a writer would not have written.
 *
 * 64-bit numbers are BigInt; heights, views and times lie below 2^53 and are plain numbers.
 * Hashes and keys are Uint8Array; `hex` and `fromHex` turn them into text and back.
 */

const ENCODED_SIZE_MAX = 4 * 1024 * 1024;
const CONTAINER_ITEMS_MAX = 65_536;
const NODES_MAX = 200_000;
const DEPTH_MAX = 16;
// Deeper than any structure of ours; what is free inside has its own cap.
const NESTING_MAX = 256;
const MAP_KEY_MAX = 256;
const HASH_SIZE = 32;
const NUMBER_MAX = 2 ** 53 - 1;

const UTF8 = new TextEncoder();
const FROM_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A broken rule; `rule` is its name, the same as of the refusal of `hushang verify`. */
export class Refusal extends Error {
  constructor(rule, message) {
    super(message);
    this.name = "Refusal";
    this.rule = rule;
  }
}

/** This browser cannot check anything: it says nothing about the bundle. */
export class Unsupported extends Error {
  constructor(message) {
    super(message);
    this.name = "Unsupported";
  }
}

function refuse(rule, message) {
  throw new Refusal(rule, message);
}

function malformed(message) {
  throw new Refusal("EncodingInvalid", message);
}

// --- bytes -------------------------------------------------------------------------------------

/** Lower-case hex of bytes. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Bytes of hex, upper or lower case; null if the text is none. */
export function fromHex(text) {
  if (text.length % 2 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Below zero, zero or above: the order of bytes, which for UTF-8 is that of code points. */
function compare(a, b) {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

function same(a, b) {
  return compare(a, b) === 0;
}

/** Do the items' keys ascend, each once? */
function ascends(keys, order) {
  return keys.every((key, i) => i === 0 || order(keys[i - 1], key) < 0);
}

function byNumber(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function u64(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

// --- text: NFC, assigned in Unicode 14.0, no control characters (docs/protocol.md, rule 6) --------

// Assigned code points as hexadecimal pairs (gap since the last range's end, length).
export const UNICODE_14 =
  "0 378 2 6 4 7 1 1 1 14 1 18d 1 26 2 32 2 3 1 37 8 1b 4 6 b 10e 1 3c 2 65 e 3b 2 31 2 f 1 " +
  "1c 2 1 1 b 5 1f 1 2 6 ec 1 8 2 2 2 16 1 7 1 1 3 4 2 9 2 2 2 4 8 1 4 2 1 5 2 19 2 3 1 6 4 2 " +
  "2 16 1 7 1 2 1 2 1 2 2 1 1 5 4 2 2 3 3 1 7 4 1 1 7 11 a 3 1 9 1 3 1 16 1 7 1 2 1 5 2 a 1 3 " +
  "1 3 2 1 f 4 2 c 7 7 1 3 1 8 2 2 2 16 1 7 1 2 1 5 2 9 2 2 2 3 7 3 4 2 1 5 2 12 a 2 1 6 3 3 " +
  "1 4 3 2 1 1 1 2 3 2 3 3 3 c 4 5 3 3 1 4 2 1 6 1 e 15 5 d 1 3 1 17 1 10 2 9 1 3 1 4 7 2 1 3 " +
  "2 1 2 4 2 a 7 16 1 3 1 17 1 a 1 5 2 9 1 3 1 4 7 2 6 2 1 4 2 a 1 2 d d 1 3 1 33 1 3 1 6 4 " +
  "10 2 1a 1 3 1 12 3 18 1 9 1 1 2 7 3 1 4 6 1 1 1 8 6 a 2 3 c 3a 4 1d 25 2 1 1 1 5 1 18 1 1 " +
  "1 17 2 5 1 1 1 6 2 a 2 4 20 48 1 24 4 27 1 24 1 f 1 d 25 c6 1 1 5 1 2 179 1 4 2 7 1 1 1 4 " +
  "2 29 1 4 2 21 1 4 2 7 1 1 1 4 2 f 1 39 1 4 2 43 2 20 3 1a 6 56 2 6 2 29d 3 59 7 16 9 18 9 " +
  "14 c d 1 3 1 2 c 5e 2 a 6 a 6 1a 6 59 7 2b 5 46 a 1f 1 c 4 c 4 1 3 2a 2 5 b 2c 4 1a 6 b 3 " +
  "3e 2 41 1 1d 2 b 6 a 6 e 2 1f 31 4d 3 2f 1 74 8 3c 3 f 3 3c 7 2b 2 b 8 2b 5 216 2 6 2 26 2 " +
  "6 2 8 1 1 1 1 1 1 1 1f 2 35 1 f 1 e 2 6 1 13 2 3 1 9 1 65 1 c 2 1b 1 d 3 21 f 21 f 8c 4 " +
  "297 19 b 15 714 2 20 1 15d 5 2d 1 1 5 1 2 38 7 2 e 18 9 7 1 7 1 7 1 7 1 7 1 7 1 7 1 7 1 7e " +
  "22 1a 1 59 c d6 1a c 4 40 1 56 2 67 5 2b 1 5e 1 54 c 2f 1 726d 3 37 9 15c 14 b8 8 cb 5 2 1 " +
  "1 1 5 18 3b 3 a 6 38 8 46 8 c 6 74 b 1e 3 4e 1 b 4 21 1 37 9 e 2 a 2 67 18 1c a 6 2 6 2 6 " +
  "9 7 1 7 1 3c 4 7e 2 a 6 2ba4 c 17 4 31 804 1a6e 2 6a 26 7 c 5 5 1a 1 5 1 1 1 2 1 2 1 7d 10 " +
  "1bd 2 36 7 1 20 2a 6 33 1 13 1 4 4 5 1 87 2 1 1 be 3 6 2 6 2 6 2 3 3 7 1 7 a 5 2 c 1 1a 1 " +
  "13 1 2 1 f 2 e 22 7b 5 3 4 2d 3 58 1 d 3 1 2f 2e 82 1d 3 31 f 1c 4 24 9 1e 5 2b 5 1e 1 25 " +
  "4 e 2a 9e 2 a 6 24 4 24 4 28 8 34 b c 1 f 1 7 1 2 1 b 1 f 1 7 1 2 43 137 9 16 a 8 18 6 1 " +
  "2a 1 9 45 6 2 1 1 2c 1 2 3 1 2 17 1 48 8 9 30 13 1 2 5 21 3 1b 5 1 40 38 4 14 2 32 1 2 5 8 " +
  "1 3 1 1d 2 3 4 a 7 9 7 40 20 27 4 c 9 36 3 1d 2 1b 5 1a 7 4 c 7 50 49 37 33 d 33 7 2e 8 a " +
  "126 1f 1 2a 1 3 2 2 4e 28 8 2a 16 1a 26 1c 14 17 9 4e 4 24 9 44 a 1 2 19 7 a 6 35 1 12 8 " +
  "27 9 60 1 14 b 12 1 2c 41 7 1 1 1 4 1 f 1 b 6 3b 5 a 6 4 1 8 2 2 2 16 1 7 1 2 1 5 1 a 2 2 " +
  "2 3 2 1 6 1 5 7 2 7 3 5 8b 5c 1 5 1e 48 8 a a6 36 2 26 22 45 b a 6 d 13 3a 6 a 36 1b 2 f 4 " +
  "17 b9 3c 64 53 c 8 2 1 2 8 1 2 1 1e 1 2 2 c 9 a 46 8 2 2e 2 b 1b 48 8 53 d 49 107 9 1 2d 1 " +
  "e a 1d 3 20 2 16 1 e 49 7 1 2 1 2c 3 1 1 2 1 9 8 a 6 6 1 2 1 25 1 2 1 6 7 a 136 19 b7 1 f " +
  "32 d 39b 66 6f 1 5 b c4 a4c 63 d 42f 1 9 fc7 247 21b9 239 7 1f 1 a 4 51 1 a 6 1e 2 6 a 46 " +
  "a a 1 7 1 15 5 13 2b0 5b 65 4b 4 39 7 11 40 5 b 2 e 17f8 8 4d6 2a 9 22e7 4 1 7 1 2 1 123 " +
  "2d 3 11 4 8 18c 904 6b 5 d 3 9 7 a 2 8 125c 2e 2 17 9 74 3c f6 a 27 2 c2 15 46 9a 14 c 57 " +
  "9 19 87 55 1 47 1 2 2 1 2 2 2 4 1 c 1 1 1 7 1 41 1 4 2 8 1 7 1 1c 1 4 1 5 1 1 3 7 1 154 2 " +
  "124 2 2be f 5 1 f 450 1f e1 7 1 11 2 7 1 2 1 5 d5 2d 3 e 2 a 4 2 140 1f 11 3a 5 1 4e0 7 1 " +
  "4 1 2 1 f 1 c5 2 10 29 4c 4 a 4 2 311 44 4c 3d c2 4 1 1b 1 2 1 1 2 1 1 a 1 4 1 1 1 1 6 1 4 " +
  "1 1 1 1 1 1 3 1 2 1 1 2 1 1 1 1 1 1 1 1 1 1 2 1 1 2 4 1 7 1 4 1 4 1 1 1 a 1 11 5 3 1 5 1 " +
  "11 34 2 10e 2c 4 64 c f 2 f 1 f 1 25 a ae 38 1d d 2c 4 9 7 2 e 6 9a 3d8 5 10 3 d 3 74 c 59 " +
  "7 c 4 1 f c 4 38 8 a 6 28 8 1e 2 2 4e 154 c e 2 5 3 5 3 7 9 1d 3 b 5 6 a a 6 8 8 7 9 93 1 " +
  "37 25 a 406 a6e0 20 1039 7 de 2 1682 e 1d31 c1f 21e 5e2 134b aecb6 1 1e 60 80 f0 fe10 fffe " +
  "2 fffe";

const NO_TEXT = [
  [0x00, 0x09],
  [0x0b, 0x20],
  [0x7f, 0xa0],
];

/** The first code point and the one beyond of each assigned range, ascending, flat. */
const ASSIGNED = (() => {
  const edges = [];
  let at = 0;
  for (const word of UNICODE_14.split(" ")) edges.push((at += parseInt(word, 16)));
  return edges;
})();

function isAgreedCharacter(code) {
  if (NO_TEXT.some(([first, beyond]) => first <= code && code < beyond)) return false;
  let low = 0;
  let high = ASSIGNED.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ASSIGNED[middle] <= code) low = middle + 1;
    else high = middle;
  }
  // An odd number of edges at or below the code point: it is inside a range.
  return low % 2 === 1;
}

/** May the text stand in agreed bytes? */
export function isAgreedText(text) {
  if (/^[ -~]*$/.test(text)) return true;
  for (const character of text) if (!isAgreedCharacter(character.codePointAt(0))) return false;
  return text.normalize("NFC") === text;
}

function codePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

// --- canonical bytes: msgpack with one encoding for each value (docs/protocol.md) ----------------

/** Reads msgpack tokens; whatever is not the shortest form, or no value of ours, is refused. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  /** Take `size` bytes; their offset. */
  take(size) {
    const at = this.at;
    if (size > this.bytes.length - at) malformed("the bytes end too early");
    this.at = at + size;
    return at;
  }

  /** An integer of `width` bytes, big-endian, at least `least`, else a shorter form was due. */
  wide(width, least) {
    const at = this.take(width);
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + this.bytes[at + i];
    if (value < least) malformed("not the shortest encoding of its value");
    return value;
  }

  /** The next token: what it is, and its number or length. */
  token() {
    const first = this.bytes[this.take(1)];
    if (first < 0x80) return { kind: "integer", value: BigInt(first) };
    if (first < 0x90) return { kind: "map", value: first & 15 };
    if (first < 0xa0) return { kind: "array", value: first & 15 };
    if (first < 0xc0) return { kind: "text", value: first & 31 };
    if (first >= 0xe0) return { kind: "integer", value: BigInt(first - 256) };
    return this.longToken(first);
  }

  longToken(first) {
    switch (first) {
      case 0xc0:
        return { kind: "nil", value: null };
      case 0xc2:
        return { kind: "boolean", value: false };
      case 0xc3:
        return { kind: "boolean", value: true };
      case 0xc4:
        return { kind: "bytes", value: this.wide(1, 0) };
      case 0xc5:
        return { kind: "bytes", value: this.wide(2, 2 ** 8) };
      case 0xc6:
        return { kind: "bytes", value: this.wide(4, 2 ** 16) };
      case 0xcc:
        return { kind: "integer", value: BigInt(this.wide(1, 2 ** 7)) };
      case 0xcd:
        return { kind: "integer", value: BigInt(this.wide(2, 2 ** 8)) };
      case 0xce:
        return { kind: "integer", value: BigInt(this.wide(4, 2 ** 16)) };
      case 0xcf:
        return { kind: "integer", value: this.unsigned64() };
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return { kind: "integer", value: this.negative(2 ** (first - 0xd0)) };
      case 0xd9:
        return { kind: "text", value: this.wide(1, 2 ** 5) };
      case 0xda:
        return { kind: "text", value: this.wide(2, 2 ** 8) };
      case 0xdb:
        return { kind: "text", value: this.wide(4, 2 ** 16) };
      case 0xdc:
        return { kind: "array", value: this.wide(2, 16) };
      case 0xdd:
        return { kind: "array", value: this.wide(4, 2 ** 16) };
      case 0xde:
        return { kind: "map", value: this.wide(2, 16) };
      case 0xdf:
        return { kind: "map", value: this.wide(4, 2 ** 16) };
      default:
        return malformed(`no value of ours begins with 0x${first.toString(16)}`);
    }
  }

  unsigned64() {
    const value = this.view.getBigUint64(this.take(8));
    if (value < 2n ** 32n) malformed("not the shortest encoding of its value");
    return value;
  }

  /** The signed forms, only for what is below zero and doesn't fit the next shorter one. */
  negative(width) {
    const at = this.take(width);
    let value = 0n;
    for (let i = 0; i < width; i++) value = value * 256n + BigInt(this.bytes[at + i]);
    value = BigInt.asIntN(8 * width, value);
    const shorter = width === 1 ? -32n : -(2n ** BigInt(4 * width - 1));
    if (value >= shorter) malformed("not the shortest encoding of its value");
    return value;
  }

  expect(kind) {
    const token = this.token();
    if (token.kind !== kind) malformed(`expected ${kind}, not ${token.kind}`);
    return token.value;
  }

  /** Is the next value nil? Then it is taken. */
  nil() {
    if (this.bytes[this.at] !== 0xc0) return false;
    this.at += 1;
    return true;
  }

  slice(size) {
    const at = this.take(size);
    return this.bytes.subarray(at, at + size);
  }

  /** The UTF-8 bytes of a text and the text itself. */
  text(size) {
    const bytes = this.slice(size);
    try {
      return { bytes, text: FROM_UTF8.decode(bytes) };
    } catch {
      return malformed("text is not UTF-8");
    }
  }
}

/**
 * Whether bytes are one canonical value, whatever its type: each token in its shortest form, map
 * keys ascending, nothing left over, within the caps. What is read after it needs no such checks.
 */
function walk(bytes, sizeMax) {
  if (bytes.length > sizeMax) refuse("TooLarge", `${bytes.length} bytes, at most ${sizeMax}`);
  const reader = new Reader(bytes);
  const open = [];
  let nodes = 0;
  do {
    const { kind, value } = walkToken(reader, open.at(-1));
    if (kind === "array" || kind === "map") {
      if (value > CONTAINER_ITEMS_MAX) malformed(`a container of ${value} items`);
      nodes += 1 + value;
      if (nodes > NODES_MAX) refuse("TooLarge", `more than ${NODES_MAX} nodes`);
      if (open.length >= NESTING_MAX) malformed(`nested deeper than ${NESTING_MAX}`);
      open.push({ left: value * (kind === "map" ? 2 : 1), map: kind === "map", key: null });
    }
    while (open.length > 0 && open.at(-1).left === 0) open.pop();
  } while (open.length > 0);
  if (reader.at !== bytes.length) malformed("bytes are left over");
}

/** Take one token with its text or bytes; `container` is the one that it stands in, if any. */
function walkToken(reader, container) {
  const token = reader.token();
  const isKey = container !== undefined && container.map && container.left % 2 === 0;
  if (container !== undefined) container.left -= 1;
  if (isKey && token.kind !== "text") malformed("map keys are texts");
  if (token.kind === "bytes") reader.slice(token.value);
  if (token.kind !== "text") return token;
  const { bytes } = reader.text(token.value);
  if (!isKey) return token;
  if (container.key !== null && compare(container.key, bytes) >= 0) {
    malformed("map keys ascend, each once");
  }
  container.key = bytes;
  return token;
}

function agreed(text) {
  if (!isAgreedText(text)) {
    refuse("TextNotCanonical", "text is not NFC of Unicode 14.0 without control characters");
  }
  return text;
}

function mapOf(reader, count, item) {
  const map = new Map();
  for (let i = 0; i < count; i++) {
    const { text } = reader.text(reader.expect("text"));
    if (codePoints(text) > MAP_KEY_MAX) malformed(`a map key of over ${MAP_KEY_MAX} characters`);
    map.set(agreed(text), item(reader));
  }
  return map;
}

/** A value whose type is not known here (an operation's payload, an event's data). */
function freeValue(reader, depth = 0) {
  if (depth > DEPTH_MAX) refuse("TooLarge", `deeper than ${DEPTH_MAX}`);
  const { kind, value } = reader.token();
  switch (kind) {
    case "bytes":
      return reader.slice(value);
    case "text":
      return agreed(reader.text(value).text);
    case "array": {
      const items = [];
      for (let i = 0; i < value; i++) items.push(freeValue(reader, depth + 1));
      return items;
    }
    case "map":
      return mapOf(reader, value, (inner) => freeValue(inner, depth + 1));
    default:
      return value;
  }
}

// --- shapes: each reads one type of docs/protocol.md ----------------------------------------------

function integer(max, min = 0) {
  return (reader) => {
    const value = reader.expect("integer");
    if (value < BigInt(min) || value > BigInt(max)) malformed(`expected ${min} to ${max}`);
    return max <= NUMBER_MAX ? Number(value) : value;
  };
}

function bytesOf(min, max = min) {
  return (reader) => {
    const size = reader.expect("bytes");
    if (size < min || size > max) malformed(`${size} bytes, allowed ${min} to ${max}`);
    return reader.slice(size);
  };
}

function textOf(min, max) {
  return (reader) => {
    const { text } = reader.text(reader.expect("text"));
    const size = codePoints(text);
    if (size < min || size > max) malformed(`${size} characters, allowed ${min} to ${max}`);
    return agreed(text);
  };
}

function optional(shape) {
  return (reader) => (reader.nil() ? null : shape(reader));
}

function listOf(shape, max, min = 0) {
  return (reader) => {
    const count = reader.expect("array");
    if (count < min || count > max) malformed(`${count} items, allowed ${min} to ${max}`);
    const items = [];
    for (let i = 0; i < count; i++) items.push(shape(reader));
    return items;
  };
}

function dictOf(shape, max) {
  return (reader) => {
    const count = reader.expect("map");
    if (count > max) malformed(`${count} pairs, at most ${max}`);
    return mapOf(reader, count, shape);
  };
}

/** A structure is the array of its fields; `encoded` are the bytes that it was read from. */
function struct(fields) {
  const shapes = Object.entries(fields);
  return (reader) => {
    const start = reader.at;
    const count = reader.expect("array");
    if (count !== shapes.length) malformed(`${count} fields instead of ${shapes.length}`);
    const made = {};
    for (const [name, shape] of shapes) made[name] = shape(reader);
    made.encoded = reader.bytes.subarray(start, reader.at);
    return made;
  };
}

/** Read one value of a shape and nothing else. */
export function decode(shape, bytes, sizeMax = ENCODED_SIZE_MAX) {
  walk(bytes, sizeMax);
  return shape(new Reader(bytes));
}

const U8 = integer(2 ** 8 - 1);
const U16 = integer(2 ** 16 - 1);
const U32 = integer(2 ** 32 - 1);
const U64 = integer(2n ** 64n - 1n);
const SAFE = integer(NUMBER_MAX);
const AMOUNT = integer(2n ** 63n - 1n);
const DURATION = integer(2 ** 48);
const HASH = bytesOf(HASH_SIZE);
const SIGNATURE = bytesOf(64);
const NAME = textOf(1, 64);
const TEXT = textOf(0, 512);

function flag(reader) {
  return reader.expect("boolean");
}

const HEADER = struct({
  version: U8,
  genesisHash: HASH,
  height: SAFE,
  parentHash: HASH,
  view: SAFE,
  parentView: SAFE,
  timeMs: SAFE,
  proposer: U16,
  epoch: U64,
  transactionsRoot: HASH,
  transactionsCount: U32,
  stateRoot: HASH,
  receiptsRoot: HASH,
  nextCommitteeHash: HASH,
});

const MEMBER = struct({ name: NAME, account: HASH, nodeKey: HASH, suspended: flag });
const COMMITTEE_SIZE_MAX = 128;
const COMMITTEE = struct({ epoch: U64, members: listOf(MEMBER, COMMITTEE_SIZE_MAX, 1) });
const COMMITTEE_RECORD = struct({ committee: COMMITTEE, firstHeight: SAFE });

const CERTIFICATE = struct({
  height: SAFE,
  view: SAFE,
  digest: HASH,
  signatures: listOf(struct({ member: U16, signature: SIGNATURE }), COMMITTEE_SIZE_MAX),
});

const EVENT = struct({ type: NAME, data: dictOf(freeValue, 64) });
const RECEIPT = struct({
  id: HASH,
  status: NAME,
  failedOperation: optional(U16),
  events: listOf(EVENT, 4096),
});

const TRANSACTION_SIZE_MAX = 1024 * 1024;
const TRANSACTION = struct({
  version: U8,
  genesisHash: HASH,
  sender: HASH,
  nonce: U64,
  validUntilMs: SAFE,
  operations: listOf(struct({ type: NAME, payload: freeValue }), 100, 1),
  memo: optional(TEXT),
});
const SIGNED_TRANSACTION = struct({
  content: bytesOf(0, TRANSACTION_SIZE_MAX),
  signatures: listOf(struct({ account: HASH, publicKey: HASH, signature: SIGNATURE }), 128, 1),
});

const POLICY = struct({
  keys: listOf(struct({ publicKey: HASH, weight: U32 }), 16, 1),
  threshold: U32,
});
const GENESIS = struct({
  version: U8,
  chainId: NAME,
  timeMs: SAFE,
  timeScale: integer(10_000_000, 1),
  consensus: struct({
    leaderPeriod: integer(2 ** 20, 1),
    blockSizeMax: integer(3 * 2 ** 20, 2 ** 20),
    blockTransactionsMax: integer(10_000, 1),
    blockDeadlinesMax: integer(100_000, 1),
    clockDriftMaxMs: DURATION,
    requestTimeoutMs: DURATION,
    sealTimeoutMs: DURATION,
    sealDelayMs: DURATION,
    viewTimeoutMs: DURATION,
    viewTimeoutMaxMs: DURATION,
    resendMs: DURATION,
    blameMs: DURATION,
    blameForgetMs: DURATION,
    transactionLifetimeMaxMs: DURATION,
  }),
  timers: dictOf(DURATION, 64),
  members: listOf(struct({ name: NAME, policy: POLICY, nodeKey: HASH }), COMMITTEE_SIZE_MAX, 1),
  accounts: listOf(
    struct({
      name: NAME,
      policy: POLICY,
      sponsor: NAME,
      roles: listOf(struct({ role: NAME, scope: TEXT }), 64),
    }),
    10_000,
  ),
  assets: listOf(struct({ symbol: textOf(1, 12), decimals: integer(18), issuer: NAME }), 64),
  limits: dictOf(U32, 64),
});

// --- hashes and signatures ------------------------------------------------------------------------

const DOMAIN = "hushang/1/";

async function sha256(...parts) {
  const bytes = parts.length === 1 ? parts[0] : joined(...parts);
  return new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));
}

function domain(tag) {
  return UTF8.encode(`${DOMAIN}${tag}\0`);
}

export function taggedHash(tag, bytes) {
  return sha256(domain(tag), bytes);
}

// The field of Ed25519, and the y of its points whose order divides 8 (RFC 8032 §5.1, the same 14
// encodings as in libsodium): WebCrypto in Chromium takes a signature of such a key, we never do.
const P = 2n ** 255n - 19n;
const LOW_ORDER = new Set([
  0n,
  1n,
  P - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7n,
]);
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function littleEndian(bytes) {
  return BigInt(`0x${hex(bytes.slice().reverse())}`);
}

/** The y-coordinate that 32 bytes encode; the top bit is the sign of x. */
function yOf(bytes) {
  return littleEndian(bytes) & (2n ** 255n - 1n);
}

/** May a signature of this key or with this R count? Canonical, and not of low order. */
function isSoundPoint(bytes) {
  const y = yOf(bytes);
  return y < P && !LOW_ORDER.has(y);
}

/**
 * Does an Ed25519 signature hold? What libsodium refuses is refused, whatever WebCrypto says: key
 * and R of low order or not canonical, S not below the group's order. The equation is WebCrypto's.
 * Chromium's has no cofactor, like libsodium's; where one has it, a member whose key has a part of
 * low order could craft what holds there and nowhere else (still only in that member's name).
 */
export async function verifySignature(publicKey, message, signature) {
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  if (littleEndian(s) >= GROUP_ORDER || !isSoundPoint(publicKey) || !isSoundPoint(r)) return false;
  const { subtle } = globalThis.crypto;
  try {
    const key = await subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    return await subtle.verify({ name: "Ed25519" }, key, signature, message);
  } catch (error) {
    // An implementation may refuse a key that is no point of the curve when it is imported.
    if (error instanceof DOMException && error.name !== "NotSupportedError") return false;
    throw error;
  }
}

// RFC 8032 §7.1, test 2.
const KNOWN_KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
const KNOWN_SIGNATURE =
  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

/** Throws `Unsupported` where SHA-256 or Ed25519 of WebCrypto are missing or wrong. */
export async function requireSupport() {
  if (globalThis.crypto?.subtle === undefined) {
    throw new Unsupported("no WebCrypto: the page must come over https, from localhost or a file");
  }
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  if (hex(await sha256(new Uint8Array(0))) !== empty) throw new Unsupported("SHA-256 is wrong");
  const [key, signature] = [fromHex(KNOWN_KEY), fromHex(KNOWN_SIGNATURE)];
  let [right, wrong] = [false, true];
  try {
    right = await verifySignature(key, Uint8Array.of(0x72), signature);
    wrong = await verifySignature(key, Uint8Array.of(0x73), signature);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  if (!right || wrong) throw new Unsupported("this browser has no Ed25519 signatures");
}

// --- trees ----------------------------------------------------------------------------------------

const ENTRY_SIZE = 64;
const STEP_SIZE = 3 * HASH_SIZE;
const BUCKET_KEYS_MAX = 16;
const PROOF_SIZE_MAX = 1 + BUCKET_KEYS_MAX * ENTRY_SIZE + 128 * STEP_SIZE;
const INNER_TAG = Uint8Array.of(0x13);

/** Two bits of a path, from the left. */
function pairOfBits(path, step) {
  return (path[step >> 2] >> (6 - 2 * (step & 3))) & 3;
}

function sharesBits(a, b, pairs) {
  for (let step = 0; step < pairs; step++) {
    if (pairOfBits(a, step) !== pairOfBits(b, step)) return false;
  }
  return true;
}

/** Does the proof show that the state with `root` has `value` under `key` (null: nothing)? */
export async function verifyState(root, key, value, proof) {
  if (proof.length === 0 || proof.length > PROOF_SIZE_MAX) return false;
  const count = proof[0];
  const end = 1 + ENTRY_SIZE * count;
  if (count > BUCKET_KEYS_MAX || proof.length < end) return false;
  const siblings = proof.subarray(end);
  // Two steps to a digit: an odd number would end inside an inner node.
  if (siblings.length % (2 * STEP_SIZE)) return false;
  const steps = siblings.length / STEP_SIZE;
  const path = await sha256(Uint8Array.of(0x10), key);
  const valueHash = value === null ? null : await sha256(Uint8Array.of(0x11), value);
  const entries = proof.subarray(1, end);
  if (!bucketSays(entries, path, valueHash, steps)) return false;
  let digest =
    count === 0 ? new Uint8Array(HASH_SIZE) : await sha256(Uint8Array.of(0x12), entries);
  for (let step = 0; step < steps; step++) {
    const three = siblings.subarray(STEP_SIZE * step, STEP_SIZE * (step + 1));
    const own = HASH_SIZE * pairOfBits(path, steps - 1 - step);
    digest = await sha256(INNER_TAG, three.subarray(0, own), digest, three.subarray(own));
  }
  return same(digest, root);
}

/** Are these the entries of a bucket on the way of `path`, and do they say so about it? */
function bucketSays(entries, path, valueHash, steps) {
  const paths = [];
  let found = null;
  for (let at = 0; at < entries.length; at += ENTRY_SIZE) {
    const other = entries.subarray(at, at + HASH_SIZE);
    if (!sharesBits(other, path, steps)) return false;
    if (same(other, path)) found = entries.subarray(at + HASH_SIZE, at + ENTRY_SIZE);
    paths.push(other);
  }
  if (!ascends(paths, compare)) return false;
  if (found === null || valueHash === null) return found === valueHash;
  return same(found, valueHash);
}

function leafHash(leaf) {
  return sha256(Uint8Array.of(0), leaf);
}

function nodeHash(left, right) {
  return sha256(Uint8Array.of(1), left, right);
}

/** Does a path lead from a leaf's hash to the root of a list (RFC 9162 §2.1.3.2)? */
export async function verifyInclusion(leaf, index, size, path, root) {
  if (index >= size) return false;
  let [first, second, computed] = [index, size - 1, leaf];
  for (const sibling of path) {
    if (second === 0) return false;
    if (first % 2 === 1 || first === second) {
      computed = await nodeHash(sibling, computed);
      while (first % 2 === 0 && first > 0) {
        first = Math.floor(first / 2);
        second = Math.floor(second / 2);
      }
    } else {
      computed = await nodeHash(computed, sibling);
    }
    first = Math.floor(first / 2);
    second = Math.floor(second / 2);
  }
  return second === 0 && same(computed, root);
}

// --- bundles (docs/protocol-proofs.md) ------------------------------------------------------------

const BUNDLE_FORMAT = "hushang-proof";
const BUNDLE_VERSION = 1n;
const BUNDLE_SIZE_MAX = 2 * 1024 * 1024;
const HEADER_VERSION = 1;
const PATH_MAX = 32;

const STEP = struct({ header: HEADER, certificate: CERTIFICATE, committee: COMMITTEE });
const ANCHOR = struct({
  header: HEADER,
  committee: COMMITTEE_RECORD,
  proof: bytesOf(1, PROOF_SIZE_MAX),
});
const STATE_CLAIM = struct({
  key: bytesOf(1, 512),
  value: optional(bytesOf(0, BUNDLE_SIZE_MAX)),
  proof: bytesOf(1, PROOF_SIZE_MAX),
});
const TRANSACTION_CLAIM = struct({
  index: U32,
  raw: bytesOf(0, TRANSACTION_SIZE_MAX),
  path: listOf(HASH, PATH_MAX),
});
const RECEIPT_CLAIM = struct({
  receipt: RECEIPT,
  path: listOf(bytesOf(1 + HASH_SIZE), PATH_MAX),
});
const PROVEN = struct({
  header: HEADER,
  certificate: CERTIFICATE,
  states: listOf(STATE_CLAIM, 16),
  transactions: listOf(TRANSACTION_CLAIM, 4),
  receipts: listOf(RECEIPT_CLAIM, 4),
});
const HEAD = struct({ member: U16, timeMs: SAFE, signature: SIGNATURE });

const BUNDLE_FIELDS = {
  genesisHash: HASH,
  anchor: optional(ANCHOR),
  steps: listOf(STEP, 1024),
  proven: listOf(PROVEN, 4, 1),
  heads: listOf(HEAD, 128),
};

/** Reads the fields that follow the format's name and version. */
function bundleFields(reader) {
  const count = reader.expect("array");
  reader.expect("text");
  reader.slice(BUNDLE_FORMAT.length);
  reader.expect("integer");
  const fields = Object.entries(BUNDLE_FIELDS);
  if (count !== fields.length + 2) malformed(`${count} fields instead of ${fields.length + 2}`);
  return Object.fromEntries(fields.map(([name, shape]) => [name, shape(reader)]));
}

function requireFormat(content) {
  const reader = new Reader(content);
  const list = reader.token();
  const format = list.kind === "array" && list.value > 0 ? reader.token() : null;
  if (format?.kind !== "text" || reader.text(format.value).text !== BUNDLE_FORMAT) {
    refuse("BundleMalformed", "no proof bundle begins like this");
  }
  const version = list.value > 1 ? reader.token() : null;
  if (version?.kind !== "integer" || version.value !== BUNDLE_VERSION) {
    refuse("VersionUnknown", `this page speaks version ${BUNDLE_VERSION} of the format`);
  }
}

/** Read a bundle's file strictly; it proves nothing yet. */
async function readBundle(file) {
  if (file.length > BUNDLE_SIZE_MAX) refuse("TooLarge", `more than ${BUNDLE_SIZE_MAX} bytes`);
  const end = Math.max(0, file.length - HASH_SIZE);
  const content = file.subarray(0, end);
  if (!same(await taggedHash("proof", content), file.subarray(end))) {
    refuse("BundleDamaged", "the last 32 bytes are not the hash of those before");
  }
  walk(content, BUNDLE_SIZE_MAX);
  requireFormat(content);
  const bundle = bundleFields(new Reader(content));
  requireOrder(bundle);
  return bundle;
}

/** One form for one set of claims: nothing stands twice, nothing is empty. */
function requireOrder({ proven }) {
  requireAscending("headers", proven.map((entry) => entry.header.height), byNumber);
  for (const { header, states, transactions, receipts } of proven) {
    if (states.length + transactions.length + receipts.length === 0) {
      refuse("BundleMalformed", `nothing is claimed under the header at height ${header.height}`);
    }
    requireAscending("state keys", states.map((claim) => claim.key), compare);
    requireAscending("transaction indexes", transactions.map((claim) => claim.index), byNumber);
    requireAscending("receipt ids", receipts.map((claim) => claim.receipt.id), compare);
  }
}

function requireAscending(what, keys, order) {
  if (!ascends(keys, order)) refuse("BundleMalformed", `${what} ascend, each stands once`);
}

/** The digest of every header in a bundle; no two of one height differ, nor from the trusted one. */
async function digests(bundle, trusted) {
  const known = new Map(trusted === null ? [] : [[trusted.height, trusted.digest]]);
  const of = new Map();
  const anchors = bundle.anchor === null ? [] : [bundle.anchor];
  for (const { header } of [...anchors, ...bundle.steps, ...bundle.proven]) {
    const digest = await taggedHash("header", header.encoded);
    const other = known.get(header.height);
    if (other !== undefined && !same(other, digest)) {
      refuse("HeadersContradict", `another header at height ${header.height} is known`);
    }
    known.set(header.height, digest);
    of.set(header, digest);
  }
  return of;
}

// --- committees: chain.light_client ----------------------------------------------------------------

/** f: how many of n members may be faulty (PBFT §2). */
function faultLimit(n) {
  return Math.floor((n - 1) / 3);
}

/** The least number for which two quorums of n members share a correct one. */
function quorumOf(n) {
  return Math.floor((n + faultLimit(n) + 2) / 2);
}

/** Follows the committees; `committee` decides the heights from `firstHeight` on. */
class CommitteeChain {
  constructor(genesisHash, committee, firstHeight, height, digestOf) {
    this.genesisHash = genesisHash;
    this.committee = committee;
    this.firstHeight = firstHeight;
    this.height = height;
    this.digestOf = digestOf;
  }

  /** Refuse a header that the present committee has not decided. */
  async check(header, certificate) {
    const { committee, genesisHash } = this;
    if (header.version !== HEADER_VERSION) {
      refuse("VersionUnknown", `header version ${header.version}`);
    }
    if (!same(header.genesisHash, genesisHash)) {
      refuse("WrongChain", "the header is of another chain");
    }
    if (header.epoch !== committee.epoch) {
      refuse("EpochUnexpected", `a header of epoch ${header.epoch}, not ${committee.epoch}`);
    }
    if (header.height < this.firstHeight) {
      refuse("HeaderOutdated", `height ${header.height}, the epoch begins at ${this.firstHeight}`);
    }
    const digest = this.digestOf.get(header);
    if (certificate.height !== header.height || !same(certificate.digest, digest)) {
      refuse("CertificateInvalid", "the certificate is for another block");
    }
    await checkCertificate(certificate, committee, genesisHash);
  }

  /** Take a header that names the next committee, which then follows. */
  async advance({ header, certificate, committee }) {
    await this.check(header, certificate);
    if (header.height <= this.height) {
      refuse("HeaderOutdated", `height ${header.height}, shown before was ${this.height}`);
    }
    if (!same(await taggedHash("committee", committee.encoded), header.nextCommitteeHash)) {
      refuse("CommitteeUnproven", `the header at height ${header.height} names another committee`);
    }
    if (committee.epoch !== this.committee.epoch + 1n) {
      refuse("CommitteeUnproven", `epoch ${committee.epoch} after ${this.committee.epoch}`);
    }
    [this.committee, this.firstHeight, this.height] = [committee, header.height + 1, header.height];
  }
}

/** A quorum of the committee signed Commit on this digest, and nothing is wrong beside it. */
async function checkCertificate(certificate, committee, genesisHash) {
  const { view, height, digest, signatures } = certificate;
  const { epoch, members } = committee;
  const indexes = signatures.map((entry) => entry.member);
  if (!ascends(indexes, byNumber)) {
    refuse("CertificateInvalid", "signatures ascend by member, each member once");
  }
  const quorum = quorumOf(members.length);
  if (indexes.length < quorum) {
    refuse("CertificateInvalid", `${indexes.length} Commits, ${quorum} make a quorum`);
  }
  if (indexes.at(-1) >= members.length) {
    refuse("CertificateInvalid", `no member ${indexes.at(-1)} in the committee`);
  }
  const slot = [u64(epoch), Uint8Array.of(COMMIT), u64(view), u64(height)];
  const message = joined(domain("vote"), genesisHash, ...slot, digest);
  for (const { member, signature } of signatures) {
    if (!(await verifySignature(members[member].nodeKey, message, signature))) {
      refuse("CertificateInvalid", `the Commit of member ${member} does not verify`);
    }
  }
}

const COMMIT = 3;

/** The committee of epoch 0: the founders in their order. */
async function founders(genesis) {
  const members = [];
  for (const { name, policy, nodeKey } of genesis.members) {
    const account = await taggedHash("account", policy.encoded);
    members.push({ name, account, nodeKey, suspended: false });
  }
  return { epoch: 0n, members };
}

/** Who decides, as far as is known before the first step. */
async function start(bundle, genesis, trusted, digestOf) {
  const { anchor, genesisHash } = bundle;
  if (anchor === null) {
    return new CommitteeChain(genesisHash, await founders(genesis), 1, 0, digestOf);
  }
  const { header, committee: record } = anchor;
  const digest = digestOf.get(header);
  if (trusted === null || trusted.height !== header.height || !same(trusted.digest, digest)) {
    refuse("AnchorUntrusted", `it starts from the header ${header.height}:${hex(digest)}`);
  }
  await checkAnchor(anchor, genesisHash);
  // The header itself may be the one that names the next committee.
  const below = header.height - 1;
  return new CommitteeChain(genesisHash, record.committee, record.firstHeight, below, digestOf);
}

/** A trusted header says by its state root which committee its epoch has. */
async function checkAnchor({ header, committee: record, proof }, genesisHash) {
  if (header.version !== HEADER_VERSION) {
    refuse("VersionUnknown", `header version ${header.version}`);
  }
  if (!same(header.genesisHash, genesisHash)) {
    refuse("WrongChain", "the trusted header is of another chain");
  }
  if (header.epoch === 0n || header.epoch !== record.committee.epoch) {
    refuse("AnchorUntrusted", "the trusted header and the committee are of different epochs");
  }
  if (record.firstHeight === 0 || record.firstHeight > header.height) {
    refuse("AnchorUntrusted", `the epoch begins at ${record.firstHeight}`);
  }
  // The newest epoch comes first in the table.
  const key = joined(UTF8.encode("committee/"), u64(2n ** 64n - 1n - header.epoch));
  if (!(await verifyState(header.stateRoot, key, record.encoded, proof))) {
    refuse("ProofInvalid", "the state under the trusted header has another committee");
  }
}

/** Check each header by the committee of its epoch; for each the members that certified it. */
async function follow(bundle, follower) {
  const waiting = [...bundle.proven];
  const signers = [];
  async function certified({ header, certificate }) {
    await follower.check(header, certificate);
    const { members } = follower.committee;
    signers.push(certificate.signatures.map((entry) => members[entry.member]));
  }
  for (const step of bundle.steps) {
    while (waiting.length > 0 && waiting[0].header.epoch === follower.committee.epoch) {
      const entry = waiting.shift();
      if (entry.header.height > step.header.height) {
        const last = step.header.height;
        refuse("EpochOver", `height ${entry.header.height}, the epoch ended at ${last}`);
      }
      await certified(entry);
    }
    await follower.advance(step);
  }
  if (waiting.length === 0) {
    refuse("StepUnneeded", `no header of epoch ${follower.committee.epoch} is shown`);
  }
  for (const entry of waiting) await certified(entry);
  return signers;
}

// --- age ------------------------------------------------------------------------------------------

/** All head statements are about the last header, signed, and each of another member. */
async function checkHeads(heads, header, digest, committee) {
  const indexes = heads.map((entry) => entry.member);
  if (!ascends(indexes, byNumber)) {
    refuse("HeadInvalid", "head statements ascend by member, each member once");
  }
  if (indexes.length > 0 && indexes.at(-1) >= committee.members.length) {
    refuse("HeadInvalid", `no member ${indexes.at(-1)} in the committee`);
  }
  const about = joined(
    domain("head"),
    header.genesisHash,
    u64(header.epoch),
    u64(header.height),
    digest,
  );
  for (const { member, timeMs, signature } of heads) {
    const message = joined(about, u64(timeMs));
    if (!(await verifySignature(committee.members[member].nodeKey, message, signature))) {
      refuse("HeadInvalid", `the head statement of member ${member} does not verify`);
    }
  }
}

/** May the header's state stand for the time after it? A block's own results come one above. */
function nothingHidden(header) {
  return header.transactionsCount === 0;
}

/** The header is of the time asked for, or f+1 members say in that time that it is the newest. */
function checkAge(header, committee, vouched, firstMs, lastMs) {
  if (firstMs <= header.timeMs && header.timeMs <= lastMs) return;
  if (header.timeMs > lastMs) {
    refuse("ProofStale", "the header's time is ahead of this clock");
  }
  const needed = faultLimit(committee.members.length) + 1;
  const timely = vouched.filter(({ timeMs }) => firstMs <= timeMs && timeMs <= lastMs).length;
  if (!nothingHidden(header) || timely < needed) {
    refuse("ProofStale", `${timely} members say that the header is the newest, ${needed} are needed`);
  }
}

/** Of any f+1 members one is correct: the latest time that f+1 of them reach. */
function asOfMs(header, committee, vouched) {
  const needed = faultLimit(committee.members.length) + 1;
  const times = vouched.map(({ timeMs }) => timeMs).sort((a, b) => b - a);
  if (!nothingHidden(header) || times.length < needed) return header.timeMs;
  return Math.max(header.timeMs, times[needed - 1]);
}

// --- claims ---------------------------------------------------------------------------------------

async function stateFact({ key, value, proof }, header) {
  if (!(await verifyState(header.stateRoot, key, value, proof))) {
    refuse("ProofInvalid", "a state proof does not lead to the header's state root");
  }
  return { key, value, height: header.height - 1, timeMs: header.timeMs };
}

async function transactionFact({ index, raw, path }, header) {
  const leaf = await leafHash(await taggedHash("transaction-body", raw));
  const { transactionsCount: size, transactionsRoot: root } = header;
  if (!(await verifyInclusion(leaf, index, size, path, root))) {
    refuse("ProofInvalid", "a transaction's path does not lead to the transactions root");
  }
  const signed = decode(SIGNED_TRANSACTION, raw);
  const id = await taggedHash("transaction-id", signed.content);
  const transaction = decode(TRANSACTION, signed.content);
  const { height, timeMs } = header;
  return { id, height, index, timeMs, transaction, signatures: signed.signatures };
}

async function receiptFact({ receipt, path }, header) {
  let computed = await leafHash(receipt.encoded);
  for (const entry of path) {
    const [side, sibling] = [entry[0], entry.subarray(1)];
    if (side > 1) refuse("ProofInvalid", `side ${side} in a receipt's path`);
    computed = await (side === 0 ? nodeHash(sibling, computed) : nodeHash(computed, sibling));
  }
  if (!same(computed, header.receiptsRoot)) {
    refuse("ProofInvalid", "a receipt's path does not lead to the receipts root");
  }
  return { receipt, height: header.height - 1 };
}

async function provenFacts({ header, states, transactions, receipts }, digest, signers) {
  const facts = { header, digest, signers, states: [], transactions: [], receipts: [] };
  for (const claim of states) facts.states.push(await stateFact(claim, header));
  for (const claim of transactions) facts.transactions.push(await transactionFact(claim, header));
  for (const claim of receipts) facts.receipts.push(await receiptFact(claim, header));
  return facts;
}

// --- the check ------------------------------------------------------------------------------------

/** Read canonical genesis bytes; `GenesisInvalid` if they are none. Their content is trusted. */
export async function readGenesis(bytes) {
  try {
    const genesis = decode(GENESIS, bytes);
    if (genesis.version !== 1) refuse("GenesisInvalid", `genesis version ${genesis.version}`);
    return { genesis, hash: await taggedHash("genesis", bytes) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal("GenesisInvalid", error.message);
  }
}

/**
 * Check a bundle's file wholly and tell what it proves, or throw a `Refusal`.
 *
 * - `genesis`: the canonical genesis bytes that the caller trusts, or that `genesisHash` vouches for
 * - `genesisHash`: the trusted hash of the genesis, 64 hex digits (optional)
 * - `trusted`: `{height, digest}` of a header that the caller believes; the digest is hex (optional)
 * - `maxAgeMs`: refuse what is older (`ProofStale`); `nowMs` is the caller's clock
 *
 * Ensures for what is returned: `headers` ascend by height, each with `header`, `digest`, `signers`
 * (the members that certified it), `states`, `transactions`, `receipts`; `committee` decided the
 * last; `vouched` are head statements about the last; `asOfMs` is the latest time for which one
 * correct member at least stands for the last header being the newest.
 */
export async function verifyBundle(bytes, options) {
  const { genesisHash = null, maxAgeMs = null, nowMs = Date.now() } = options;
  const { genesis, hash } = await readGenesis(options.genesis);
  if (genesisHash !== null && !same(fromHex(genesisHash) ?? new Uint8Array(0), hash)) {
    refuse("WrongChain", "the genesis is not the one of the hash that is trusted");
  }
  const trusted = options.trusted
    ? { height: options.trusted.height, digest: fromHex(options.trusted.digest) }
    : null;
  if (trusted !== null && trusted.digest === null) throw new TypeError("a digest is hex");
  const bundle = await readBundle(bytes);
  if (!same(bundle.genesisHash, hash)) {
    refuse("WrongChain", `a proof about the chain ${hex(bundle.genesisHash)}`);
  }
  const digestOf = await digests(bundle, trusted);
  const follower = await start(bundle, genesis, trusted, digestOf);
  const signers = await follow(bundle, follower);
  const { committee } = follower;
  const newest = bundle.proven.at(-1).header;
  await checkHeads(bundle.heads, newest, digestOf.get(newest), committee);
  const vouched = bundle.heads.map(({ member, timeMs }) => ({
    member: committee.members[member],
    timeMs,
  }));
  if (maxAgeMs !== null) {
    const lastMs = nowMs + genesis.consensus.clockDriftMaxMs;
    checkAge(newest, committee, vouched, nowMs - maxAgeMs, lastMs);
  }
  const headers = [];
  for (const [i, entry] of bundle.proven.entries()) {
    headers.push(await provenFacts(entry, digestOf.get(entry.header), signers[i]));
  }
  return {
    chainId: genesis.chainId,
    genesisHash: hash,
    committee,
    headers,
    vouched,
    asOfMs: asOfMs(newest, committee, vouched),
  };
}

/** A canonical value as plain JavaScript (arrays, Maps, BigInt, …), or undefined if it is none. */
export function readValue(bytes) {
  try {
    return decode(freeValue, bytes);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

/** The text that bytes are in UTF-8, with whatever line ends, or undefined if they are none. */
export function readText(bytes) {
  try {
    const text = FROM_UTF8.decode(bytes);
    return isAgreedText(text.replaceAll("\r", "")) ? text : undefined;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}
