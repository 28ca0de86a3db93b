/**
 * The page around verify.js: takes a genesis and a proof, and says in plain words what is proven.
 *
 * All of a bundle is foreign: it only ever becomes text, never markup. Nothing is sent anywhere.
 */

import {
  Refusal,
  Unsupported,
  fromHex,
  hex,
  readGenesis,
  readText,
  readValue,
  requireSupport,
  verifyBundle,
} from "./verify.js";
import { genesisOfForm } from "./verify-genesis.js";
import { CODE_CAUTIONS, codeKey, judgeCodes } from "./verify-codes.js";
import { ACCOUNTS, EVENTS, FIELDS, RULES, STRUCTURES, TABLES, TEXTS } from "./verify-words.js";

const FILE_SIZE_MAX = 8 * 1024 * 1024;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const AGES_MS = [MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, DAY_MS, 30 * DAY_MS];
// What is below is a duration, what is above a time (from 2001 on).
const TIME_MS_MIN = 1e12;
const SHOWN_ITEMS_MAX = 200;

const state = {
  language: (navigator.language ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en",
  // {bytes, genesis, hash}
  chain: null,
  chainText: "chainMissing",
  proof: null,
  // {gtin, serial} of the code that the page's address asks about.
  asked: null,
  // A text to show instead of a verdict: [key, values].
  trouble: null,
  unsupported: false,
};

// --- words ----------------------------------------------------------------------------------------

function byId(id) {
  return document.getElementById(id);
}

function inLanguage([english, chinese]) {
  return state.language === "zh" ? chinese : english;
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

function say(key, values = {}) {
  return filled(inLanguage(TEXTS[key]), values);
}

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function timeText(timeMs) {
  const locale = state.language === "zh" ? "zh-CN" : "en-GB";
  const form = { dateStyle: "medium", timeStyle: "medium", timeZone: "Asia/Shanghai" };
  // Years beyond the calendar's are no times that any chain has.
  if (timeMs > 8.64e15) return String(timeMs);
  const zone = state.language === "zh" ? "（上海时间）" : " (Shanghai)";
  return new Intl.DateTimeFormat(locale, form).format(new Date(timeMs)) + zone;
}

function durationText(durationMs) {
  const units = [
    [DAY_MS, "day"],
    [HOUR_MS, "hour"],
    [MINUTE_MS, "minute"],
  ];
  const [size, unit] = units.find(([size]) => durationMs >= size) ?? [1000, "second"];
  const form = { style: "unit", unit, unitDisplay: "long" };
  const locale = state.language === "zh" ? "zh-CN" : "en-GB";
  return new Intl.NumberFormat(locale, form).format(Math.floor(durationMs / size));
}

function listText(names) {
  return names.join(state.language === "zh" ? "、" : ", ");
}

function fieldText(name) {
  if (state.language === "zh" && Object.hasOwn(FIELDS, name)) return FIELDS[name];
  return name.replace(/_(ms|minor)$/, "").replaceAll("_", " ");
}

// --- values ---------------------------------------------------------------------------------------

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

function checksumOf(values) {
  let checksum = 1;
  for (const value of values) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((generator, i) => (checksum ^= (top >> i) & 1 ? generator : 0));
  }
  return checksum;
}

/** An account's id as people write it: bech32m (BIP-350) under the prefix hs. */
export function address(account) {
  const bits = Array.from(account, (byte) => byte.toString(2).padStart(8, "0")).join("");
  const values = bits.match(/.{1,5}/g).map((five) => parseInt(five.padEnd(5, "0"), 2));
  const checked = checksumOf([3, 3, 0, 8, 19, ...values, 0, 0, 0, 0, 0, 0]) ^ 0x2bc830a3;
  const checksum = [25, 20, 15, 10, 5, 0].map((shift) => (checked >> shift) & 31);
  return `hs1${[...values, ...checksum].map((value) => CHARSET[value]).join("")}`;
}

function bytesText(bytes) {
  return bytes.length === 0 ? say("none") : hex(bytes);
}

/** Minor units with the decimals that the genesis gives the asset, if it is one of the genesis'. */
function amountText(minor, symbol) {
  const asset = state.chain.genesis.assets.find((entry) => entry.symbol === symbol);
  if (asset === undefined) return `${minor} (×10⁻ⁿ)`;
  const digits = String(minor).padStart(asset.decimals + 1, "0");
  const whole = digits.slice(0, digits.length - asset.decimals);
  const rest = digits.slice(digits.length - asset.decimals);
  return `${symbol} ${whole}${rest && "."}${rest}`;
}

function scalarText(name, value, symbol) {
  if (value === null) return say("none");
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) {
    return ACCOUNTS.has(name) && value.length === 32 ? address(value) : bytesText(value);
  }
  if (name.endsWith("_minor")) return amountText(value, symbol);
  if (name.endsWith("_ms")) {
    return value < TIME_MS_MIN ? durationText(Number(value)) : timeText(Number(value));
  }
  return String(value);
}

/** A value as text, as a list or as a table of its fields; `type` names a structure or nothing. */
function valueNode(name, value, type, symbol) {
  if (value instanceof Map) return pairsNode([...value].map(([key, entry]) => [key, entry, ""]));
  if (value instanceof Uint8Array && value.length > 32) return documentNode(value);
  if (!Array.isArray(value)) {
    const code = value instanceof Uint8Array ? "code" : "";
    return element("span", code, scalarText(name, value, symbol));
  }
  if (Object.hasOwn(STRUCTURES, type)) return fieldsNode(STRUCTURES[type], value, symbol);
  const shown = value.slice(0, SHOWN_ITEMS_MAX);
  const items = shown.map((item) => element("li", "", valueNode(name, item, many(type), symbol)));
  if (value.length > shown.length) items.push(element("li", "", "…"));
  return items.length === 0 ? element("span", "", say("none")) : element("ol", "", ...items);
}

/** Long bytes are a document if they are text, else shown as they are. */
function documentNode(bytes) {
  const text = readText(bytes);
  return text === undefined
    ? element("span", "code", hex(bytes))
    : element("span", "code text", text);
}

function many(type) {
  return type.endsWith("*") ? type.slice(0, -1) : type;
}

/** The fields of a structure, or its plain values where it has others than this page knows. */
function fieldsNode(fields, values, symbol) {
  const names = fields.split(" ");
  if (names.length !== values.length) return valueNode("", values, "", symbol);
  return pairsNode(
    names.map((field, i) => {
      const [name, type = ""] = field.split(":");
      return [name, values[i], type];
    }),
    symbol,
  );
}

function pairsNode(pairs, outerSymbol = null) {
  const own = pairs.find(([name, value]) => name === "symbol" && typeof value === "string");
  const symbol = own?.[1] ?? outerSymbol;
  const rows = pairs.map(([name, value, type]) =>
    element(
      "div",
      "",
      element("dt", "", fieldText(name)),
      element("dd", "", valueNode(name, value, type, symbol)),
    ),
  );
  return element("dl", "", ...rows);
}

// --- facts ----------------------------------------------------------------------------------------

/** A state key in words, the fields of its table if it is known, and the symbol that it names. */
function describeKey(key) {
  const slash = key.indexOf(0x2f);
  const name = String.fromCharCode(...key.subarray(0, Math.max(0, slash)));
  const rest = key.subarray(slash + 1);
  if (!Object.hasOwn(TABLES, name)) {
    const text = /^[ -~]+$/.test(name) ? `${name}/${hex(rest)}` : hex(key);
    return { fields: null, text, symbol: null };
  }
  const [title, parts, fields] = TABLES[name];
  const texts = partsOf(rest, parts.split(" "));
  const text = say("record", { table: inLanguage(title), key: texts.join(" · ") });
  return { fields, text, symbol: texts[parts.split(" ").indexOf("symbol")] ?? null };
}

function partsOf(rest, kinds) {
  const texts = [];
  let at = 0;
  for (const kind of kinds) {
    const sizes = {
      ...{ account: 32, hash: 32, number: 8, epoch: 8, gtin: 14, symbol: 12, byte: 1 },
      text: rest.length - at,
    };
    const part = rest.subarray(at, at + sizes[kind]);
    at += sizes[kind];
    if (part.length > 0) texts.push(partText(part, kind));
  }
  return texts;
}

function partText(part, kind) {
  if (kind === "account" && part.length === 32) return address(part);
  if (["text", "gtin", "symbol"].includes(kind)) return new TextDecoder().decode(part).replaceAll("\0", " ").trim();
  const number = kind === "hash" ? null : BigInt(`0x${hex(part)}`);
  if (kind === "number" || kind === "byte") return String(number);
  // The newest epoch comes first in its table.
  return kind === "epoch" ? String(2n ** 64n - 1n - number) : hex(part);
}

function stateNode({ key, value, height }) {
  const { fields, text, symbol } = describeKey(key);
  const card = element("article", "");
  card.append(element("h3", "", say(value === null ? "absent" : "present", { height, what: text })));
  if (value === null) return card;
  const read = readValue(value);
  if (fields !== null && Array.isArray(read)) card.append(fieldsNode(fields, read, symbol));
  else card.append(valueNode("", read ?? value, "", symbol));
  return card;
}

function transactionNode({ id, height, index, transaction, signatures }) {
  const accounts = [...new Set(signatures.map((entry) => address(entry.account)))];
  const operations = transaction.operations.map(({ type, payload }) =>
    element("li", "", element("strong", "", type), " ", valueNode("", payload, "", null)),
  );
  const rows = [
    ["id", element("span", "code", hex(id))],
    ["sender", element("span", "code", address(transaction.sender))],
    ["signedBy", element("span", "code", listText(accounts))],
    ["operations", element("ol", "", ...operations)],
  ];
  if (transaction.memo !== null) rows.push(["memo", element("span", "", transaction.memo)]);
  return element(
    "article",
    "",
    element("h3", "", say("transaction", { height, index: index + 1 })),
    rowsNode(rows),
  );
}

function rowsNode(rows) {
  return element(
    "dl",
    "",
    ...rows.map(([key, node]) =>
      element("div", "", element("dt", "", say(key)), element("dd", "", node)),
    ),
  );
}

function receiptNode({ receipt, height }) {
  const { id, status, failedOperation, events } = receipt;
  const outcome =
    status === "ok"
      ? say("succeeded")
      : say("failed", { index: (failedOperation ?? 0) + 1, rule: status });
  const card = element(
    "article",
    "",
    element("h3", "", say("outcome", { height })),
    element("p", "", outcome),
    rowsNode([["id", element("span", "code", hex(id))]]),
  );
  for (const { type, data } of events.slice(0, SHOWN_ITEMS_MAX)) {
    const words = Object.hasOwn(EVENTS, type) ? `${inLanguage(EVENTS[type])} ` : "";
    card.append(
      element("p", "", element("strong", "", words), element("span", "hint code", type)),
      valueNode("", data, "", null),
    );
  }
  return card;
}

function headerNodes(entry, committee) {
  const { header, signers } = entry;
  const names = listText(signers.map((member) => member.name));
  // How many members there were is shown for the committee that is known to be the last one.
  const certified =
    header.epoch === committee.epoch
      ? say("certified", { count: signers.length, total: committee.members.length, names })
      : say("certifiedBy", { names });
  const time = timeText(header.timeMs);
  return [
    ...entry.states.map(stateNode),
    ...entry.transactions.map(transactionNode),
    ...entry.receipts.map(receiptNode),
    element("p", "hint", `${say("block", { height: header.height, time })} · ${certified}`),
    element("p", "hint code", hex(entry.digest)),
  ];
}

function ageNodes({ asOfMs, vouched }) {
  const passedMs = Date.now() - asOfMs;
  const time = timeText(asOfMs);
  const text =
    passedMs < 0
      ? say("asOfAhead", { time })
      : say("asOf", { time, age: durationText(passedMs) });
  const names = listText(vouched.map(({ member }) => member.name));
  return [
    element("h3", "", say("age")),
    element("p", "", `${text} ${say("unvouched")}`),
    ...(vouched.length > 0 ? [element("p", "hint", say("vouched", { names }))] : []),
  ];
}

// --- the check ------------------------------------------------------------------------------------

function trustedHash() {
  const text = byId("trusted-hash").value.replace(/\s/g, "");
  return /^[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() : null;
}

/** The header that the reader trusts; null if none is given, undefined if it is none. */
function trustedHeader() {
  const text = byId("trusted-header").value.replace(/\s/g, "");
  if (text === "") return null;
  const found = /^([0-9]{1,15}):([0-9a-fA-F]{64})$/.exec(text);
  return found === null ? undefined : { height: Number(found[1]), digest: found[2] };
}

function note(id, kind, text) {
  const place = byId(id);
  place.className = `note ${kind}`;
  place.textContent = text;
  place.hidden = text === "";
}

function showChain() {
  const { chain } = state;
  note("chain-state", chain === null ? "warn" : "", say(state.chainText));
  byId("chain").hidden = chain === null;
  if (chain !== null) {
    byId("chain-name").textContent = chain.genesis.chainId;
    byId("chain-hash").textContent = hex(chain.hash);
  }
  const given = byId("trusted-hash").value.trim();
  const wanted = trustedHash();
  if (given === "" || chain === null) note("hash-state", "", "");
  else if (wanted === null) note("hash-state", "warn", say("hashMalformed"));
  else if (wanted === hex(chain.hash)) note("hash-state", "good", say("hashRight"));
  else note("hash-state", "bad", say("hashWrong"));
  const header = trustedHeader();
  note("header-state", "warn", header === undefined ? say("headerMalformed") : "");
}

function showVerdict(kind, title, text, nodes = []) {
  const result = byId("result");
  result.className = kind;
  result.hidden = false;
  byId("verdict").textContent = title;
  byId("verdict-text").textContent = text;
  byId("facts").replaceChildren(...nodes);
}

/** What is said of the codes in a proof: their verdict, never a mere "proven". */
function codeNodes(code, chain) {
  const times = Object.fromEntries(
    Object.entries(code.times).map(([name, timeMs]) => [name, timeMs && timeText(Number(timeMs))]),
  );
  const asked = state.asked === null ? "" : say("codeAsked", state.asked);
  const told =
    code.verdict === "unknown"
      ? say("codeAbsent", { chain, asked })
      : say("codeProven", { ...code, chain });
  const notes = code.notes.map((words) => element("li", "", filled(inLanguage(words), times)));
  return [
    element("p", "", filled(inLanguage(code.text), times)),
    element("ul", "", ...notes),
    element("p", "note warn", told),
  ];
}

/** Is the code that was asked for among those of the proof? */
async function isAsked(codes) {
  if (state.asked === null) return true;
  const wanted = hex(await codeKey(state.asked.gtin, state.asked.serial));
  return codes.length === 1 && hex(codes[0].key) === wanted;
}

async function showProven(facts, isNewest) {
  const codes = facts.headers.flatMap(({ states }) => judgeCodes(states));
  const fits = await isAsked(judgeCodes(facts.headers.at(-1).states));
  if (!isNewest()) return;
  if (!fits) {
    showVerdict("bad", say("refused"), say("codeOther", state.asked));
    return;
  }
  const kind = codes.every(({ verdict }) => CODE_CAUTIONS.includes(verdict)) ? "warn" : "bad";
  const titles = [...new Set(codes.map(({ title }) => inLanguage(title)))];
  const compared = trustedHash() !== null;
  const [shown, title, text] =
    codes.length > 0
      ? [kind, listText(titles), ""]
      : ["good", say("proven"), say("provenText", { chain: facts.chainId })];
  showVerdict(shown, title, text, [
    ...codes.flatMap((code) => codeNodes(code, facts.chainId)),
    ...(compared ? [] : [element("p", "note warn", say("provenUncompared"))]),
    ...facts.headers.flatMap((entry) => headerNodes(entry, facts.committee)),
    ...ageNodes(facts),
  ]);
}

function showRefusal(error) {
  const known = Object.hasOwn(RULES, error.rule);
  const reason = known ? inLanguage(RULES[error.rule]) : say("refusedUnknown");
  const text = say("refusedRule", { rule: error.rule, reason });
  showVerdict("bad", say("refused"), text, [element("p", "hint code", error.message)]);
}

let turn = 0;

/** Check what is there; only the newest of several checks is shown. */
async function check() {
  turn += 1;
  const mine = turn;
  showChain();
  if (state.unsupported) {
    showVerdict("bad", say("unsupported"), say("unsupportedText"));
    return;
  }
  if (state.trouble !== null) {
    showVerdict("bad", say("refused"), say(...state.trouble));
    return;
  }
  byId("result").hidden = true;
  const trusted = trustedHeader();
  if (state.proof === null || state.chain === null || trusted === undefined) return;
  const age = byId("age").value;
  const options = {
    genesis: state.chain.bytes,
    genesisHash: trustedHash(),
    trusted,
    maxAgeMs: age === "" ? null : Number(age),
  };
  try {
    const facts = await verifyBundle(state.proof, options);
    await showProven(facts, () => mine === turn);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (mine === turn) showRefusal(error);
  }
}

// --- what comes in --------------------------------------------------------------------------------

async function takeGenesis(bytes, chainText) {
  const { genesis, hash } = await readGenesis(bytes);
  Object.assign(state, { chain: { bytes, genesis, hash }, chainText });
}

/** The canonical bytes of a genesis.json or of the answer of /v1/genesis, or null. */
function genesisOfJson(text) {
  try {
    const value = JSON.parse(text);
    return typeof value?.raw === "string" ? fromHex(value.raw) : genesisOfForm(value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

/** A file is a genesis.json, the answer of /v1/genesis, canonical genesis bytes, or else taken for a proof. */
async function takeFile(file) {
  if (file.size > FILE_SIZE_MAX) {
    state.trouble = ["tooBig", { name: file.name }];
    return;
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const json = bytes[0] === 0x7b ? genesisOfJson(new TextDecoder().decode(bytes)) : null;
  // A genesis is an array of ten fields, a bundle one of seven.
  const genesis = json ?? (bytes[0] === 0x9a ? bytes : null);
  if (genesis === null && bytes[0] === 0x7b) {
    state.trouble = ["noProof", { name: file.name }];
  } else if (genesis === null) {
    Object.assign(state, { proof: bytes, asked: null });
  } else {
    try {
      await takeGenesis(genesis, "chainFromFile");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      state.trouble = ["noProof", { name: file.name }];
    }
  }
}

async function takeFiles(files) {
  if (files.length === 0) return;
  state.trouble = null;
  byId("chosen").textContent = listText(files.map((file) => file.name));
  for (const file of files) await takeFile(file);
  await check();
  if (!byId("result").hidden) byId("verdict").focus({ preventScroll: false });
}

function isServed() {
  return location.protocol === "http:" || location.protocol === "https:";
}

/** Ask the node that served this page for its genesis; what it says is compared by the reader. */
async function askNode() {
  state.chainText = "chainLoading";
  showChain();
  try {
    const answer = await fetch("v1/genesis");
    const bytes = answer.ok ? genesisOfJson(await answer.text()) : null;
    if (state.chain === null && bytes !== null) await takeGenesis(bytes, "chainFromNode");
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Refusal)) throw error;
  }
  if (state.chain === null) state.chainText = "chainMissing";
}

/** A part of a path without its escapes; as it is where they are none. */
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return part;
  }
}

/** `#/v1/proof/…`, as in a link or a code on the goods: the node that served this page is asked. */
async function askProof() {
  const path = location.hash.slice(1);
  if (!/^\/v1\/proof\/[\w\-./?=&%:]{1,2048}$/.test(path)) return;
  const named = /^\/v1\/proof\/code\/([^/?]+)\/([^/?]+)/.exec(path);
  state.asked = named === null ? null : { gtin: plain(named[1]), serial: plain(named[2]) };
  state.trouble = null;
  try {
    const answer = await fetch(path, { headers: { Accept: "application/vnd.hushang.proof" } });
    if (answer.ok) state.proof = new Uint8Array(await answer.arrayBuffer());
    else state.trouble = ["fetchFailed", { reason: String(answer.status) }];
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    state.trouble = ["fetchFailed", { reason: error.message }];
  }
}

// --- the page -------------------------------------------------------------------------------------

function translate() {
  document.documentElement.lang = state.language === "zh" ? "zh-Hans" : "en";
  document.title = say("title");
  for (const place of document.querySelectorAll("[data-text]")) {
    place.textContent = say(place.dataset.text);
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
  }
  const chosen = byId("age").value;
  const ages = AGES_MS.map((ageMs) => [String(ageMs), say("ageOf", { age: durationText(ageMs) })]);
  const options = [["", say("ageAny")], ...ages].map(([value, text]) => new Option(text, value));
  byId("age").replaceChildren(...options);
  byId("age").value = chosen;
}

function listen() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      state.language = button.dataset.language;
      translate();
      check();
    });
  }
  const drop = byId("drop");
  byId("files").addEventListener("change", (event) => {
    const files = [...event.target.files];
    // So that the same file can be chosen again after it was changed.
    event.target.value = "";
    takeFiles(files);
  });
  // A file that misses its place must not replace the page.
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => event.preventDefault());
  }
  drop.addEventListener("dragover", () => drop.classList.add("over"));
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  window.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    takeFiles([...event.dataTransfer.files]);
  });
  for (const id of ["trusted-hash", "trusted-header"]) byId(id).addEventListener("input", check);
  byId("age").addEventListener("change", check);
  window.addEventListener("hashchange", () => askProof().then(check));
}

async function main() {
  byId("silent").hidden = true;
  translate();
  listen();
  byId("save").hidden = !isServed();
  try {
    await requireSupport();
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    state.unsupported = true;
  }
  if (isServed()) await askNode();
  if (isServed()) await askProof();
  await check();
}

main();
