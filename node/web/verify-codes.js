/**
 * What a proof says of a code against counterfeits: the verdict, made anew from the proven records.
 *
 * The rules are those of commerce/codes/views.py, the words those of node/code_words.py. No verdict
 * is good: a copy of a label bears the same code, and so leads to the same proof.
 */

import { readValue, taggedHash } from "./verify.js";

export const CODE_TITLES = {
  unknown: ["Not known", "查无此码"],
  inactive: ["Not in circulation", "尚未启用"],
  withdrawn: ["Withdrawn by its brand", "品牌方已停用"],
  registered: ["Registered, not yet claimed", "已登记，尚未认领"],
  suspect: ["Suspect: there may be copies of this label", "可疑：此标签可能被仿冒"],
  claimed: ["Claimed", "已被认领"],
  partial: ["A part of what a verdict rests on", "仅含判断依据的一部分"],
};

export const CODE_TEXTS = {
  unknown: [
    "No code with this product and serial number was shown to the chain. Either nobody has looked at it before you, or the label is made up. Don't buy it unless its seller can explain this.",
    "链上没有该商品与序列号的防伪码：要么此前无人查询过，要么标签系伪造。除非卖方能作出合理解释，请勿购买。",
  ],
  inactive: [
    "Its brand has made this code and not brought it into circulation. Nobody should have goods with it.",
    "品牌方已制作此码，但尚未启用。市面上不应有带此码的商品。",
  ],
  withdrawn: [
    "Its brand has taken this code out of circulation on {withdrawn}. Goods that bear it should not be for sale.",
    "品牌方已于 {withdrawn} 停用此码，带此码的商品不应再出售。",
  ],
  registered: [
    "The brand registered this code, and nobody has claimed it. That says nothing about the thing in your hand: a label can be copied, and so can its hidden code, from a thing that was bought before or by whoever printed it. A claim shows at most that you are the first to claim this code. If the cover is broken or the claim is refused, don't buy the thing, or report it.",
    "此码由品牌方登记，尚无人认领。这并不说明您手中的商品是什么：标签可以被复制，隐藏码也可能从已售商品上抄录，或由印刷方泄露。认领最多只表明您是此码的首位认领人。如涂层已破损或认领被拒，请勿购买，或请举报。",
  ],
  suspect: [
    "What was reported of this label doesn't fit one single thing (see below). Anything that bears it may be a copy, also what you hold: nobody can tell by the label, and a claim that succeeds doesn't tell either. Don't buy it; if you have it already, claim it before somebody else does, and report it.",
    "所上报的此标签扫码记录与单独一件商品不符（见下）：任何带此标签的商品都可能是仿冒品，包括您手中的这件。仅凭标签无法分辨，认领成功也不能分辨。请勿购买；如已购买，请尽早认领并举报。",
  ],
  claimed: [
    "Somebody claimed this code on {claimed}: if that is not you, what you hold is a copy, or stolen, or resold without being passed on, or its hidden code was copied. Don't buy it. If it is you: you were the first to claim this code, which says nothing more about the thing.",
    "已有人于 {claimed} 认领此码：如果不是您本人，则您手中的是仿冒品、失窃物、未办理转让的转售品，或其隐藏码已被抄录，请勿购买。如果是您本人：这只表明您是此码的首位认领人，并不说明商品本身。",
  ],
  partial: [
    "The proof holds the record of a code without its batch: it doesn't tell whether the code is in circulation. It says nothing about the thing in your hand.",
    "凭证只含防伪码记录而不含其批次，不能说明该码是否已启用，也不能说明您手中的商品。",
  ],
};

export const CODE_NOTES = {
  claiming: [
    "Somebody has shown the hidden code; it is claimed at {until} unless somebody else committed to it before. If that is not you, don't buy this thing.",
    "有人已出示隐藏码；除非另有人更早提交密封值，将于 {until} 完成认领。如果不是您本人，请勿购买。",
  ],
  passed: ["It was last passed on to a new owner on {passed}.", "最近一次转让日期：{passed}。"],
  reported: [
    "Somebody has reported it as a copy; the brand has not answered yet.",
    "已有人举报为仿冒品，品牌方尚未答复。",
  ],
  claimingTitle: ["Being claimed", "正在认领"],
  sold: [
    "An order on the chain got it on {sold}: if neither you nor who gave it to you bought it there, don't buy it.",
    "该商品已于 {sold} 绑定链上订单：如果您本人或转给您的人并非该订单的买方，请勿购买。",
  ],
  gone: [
    "Its brand took this code out of circulation on {withdrawn}, though it is claimed: the thing may be lost, stolen or destroyed. Ask the brand.",
    "尽管此码已被认领，品牌方已于 {withdrawn} 将其停用：商品可能已遗失、失窃或销毁，请咨询品牌方。",
  ],
  unsure: [
    "The brand has withdrawn some codes of this batch; that this one is not among them doesn't follow from the proof.",
    "品牌方已停用该批次的部分防伪码；此凭证不能证明本码不在其中。",
  ],
  recalls: ["Whether the product is recalled doesn't follow from this proof.", "此凭证不涉及产品是否被召回。"],
};

export const CODE_SIGNS = {
  travel: ["scanned in two places between which nobody travels so fast", "在两地被扫描，间隔之短任何人都无法到达"],
  early: ["scanned before it was in circulation", "启用之前已被扫描"],
  dead: ["scanned after its brand withdrew it", "停用之后仍被扫描"],
  sold: ["in the hands of another shop after it was sold", "售出之后出现在其他经营者手中"],
  custody: ["in the hands of two at once", "同时处于两个经营者手中"],
  cells: ["scanned in more places than one thing gets to", "出现的地点过多"],
  tag: ["a chip on it was false", "其芯片验证失败"],
  brand: ["its brand has found copies", "品牌方已确认存在仿冒"],
};

/** Verdicts that only ask for caution; all others are a warning. */
export const CODE_CAUTIONS = ["registered", "claimed", "partial"];

const CODE_ROW = "code-item/";
const CODE_FIELDS =
  "gtin serial batchId index claimHash leading claimed sale tag scans seen cells signals";
const BATCH_FIELDS = "gtin lot brand count root verifier createdMs active dead";

function rowsUnder(facts, prefix) {
  const start = Array.from(prefix, (letter) => letter.charCodeAt(0));
  return facts.filter(({ key }) => start.every((byte, i) => key[i] === byte));
}

function isPrefixOf(part, whole, at) {
  return part.every((byte, i) => whole[at + i] === byte);
}

/** A record's fields by their names; null where it is absent or has another form. */
function fieldsOf(value, names) {
  const read = value === null ? null : readValue(value);
  if (!Array.isArray(read)) return null;
  return Object.fromEntries(names.split(" ").map((name, i) => [name, read[i]]));
}

/** Since when a code lies in one of the batch's proven stretches, or null. */
function sinceIn(facts, table, batchId, index) {
  for (const { key, value } of rowsUnder(facts, `${table}/`)) {
    const at = table.length + 1;
    const stretch = fieldsOf(value, "first sinceMs");
    const last = key.subarray(at + batchId.length).reduce((sum, byte) => sum * 256 + byte, 0);
    const holds = stretch !== null && Number(stretch.first) <= index && index <= last;
    if (holds && isPrefixOf(batchId, key, at)) return Number(stretch.sinceMs);
  }
  return null;
}

function batchOf(facts, batchId) {
  const prefix = "code-batch/";
  const found = rowsUnder(facts, prefix).find(({ key }) => isPrefixOf(batchId, key, prefix.length));
  return found === undefined ? null : fieldsOf(found.value, BATCH_FIELDS);
}

/** In the order of `verdict_of`. */
function verdictOfRecords(code, batch, activeMs, deadMs) {
  if (code.claimed !== null) return "claimed";
  if (deadMs !== null) return "withdrawn";
  if (code.signals.length > 0) return "suspect";
  if (activeMs !== null) return "registered";
  return batch === null ? "partial" : "inactive";
}

function judged(fact, facts) {
  const code = fieldsOf(fact.value, `${CODE_FIELDS} answeredMs reports`);
  if (code === null) {
    const [title, text] = [CODE_TITLES.unknown, CODE_TEXTS.unknown];
    return { key: fact.key, verdict: "unknown", title, text, notes: [], times: {} };
  }
  const index = Number(code.index);
  const batch = batchOf(facts, code.batchId);
  const activeMs = sinceIn(facts, "code-active", code.batchId, index);
  const deadMs = sinceIn(facts, "code-dead", code.batchId, index);
  const verdict = verdictOfRecords(code, batch, activeMs, deadMs);
  // A claim that waits is no reason to claim: it is the first thing to be said.
  const isBeingClaimed = verdict === "registered" && code.leading !== null;
  const passedMs = code.claimed === null ? null : code.claimed[2];
  const isUnsure = deadMs === null && (batch === null || Number(batch.dead) > 0);
  const notes = [
    [code.leading !== null && !isBeingClaimed, CODE_NOTES.claiming],
    [passedMs !== null, CODE_NOTES.passed],
    [code.sale !== null, CODE_NOTES.sold],
    [verdict === "claimed" && deadMs !== null, CODE_NOTES.gone],
    [Number(code.reports) > 0, CODE_NOTES.reported],
    ...code.signals.map(([kind]) => [Object.hasOwn(CODE_SIGNS, kind), CODE_SIGNS[kind]]),
    [isUnsure, CODE_NOTES.unsure],
    [true, CODE_NOTES.recalls],
  ];
  const times = {
    claimed: code.claimed?.[1],
    passed: passedMs,
    until: code.leading?.[2],
    sold: code.sale?.[3],
    withdrawn: deadMs,
  };
  return {
    key: fact.key,
    verdict,
    title: isBeingClaimed ? CODE_NOTES.claimingTitle : CODE_TITLES[verdict],
    text: isBeingClaimed ? CODE_NOTES.claiming : CODE_TEXTS[verdict],
    gtin: code.gtin,
    serial: code.serial,
    notes: notes.filter(([holds]) => holds).map(([, words]) => words),
    times,
  };
}

/** The verdict on each code whose record, or whose absence, is among the proven states. */
export function judgeCodes(facts) {
  return rowsUnder(facts, CODE_ROW).map((fact) => judged(fact, facts));
}

/** The state key of a code's record. */
export async function codeKey(gtin, serial) {
  const id = await taggedHash("code-item", new TextEncoder().encode(`${gtin}/${serial}`));
  return new Uint8Array([...new TextEncoder().encode(CODE_ROW), ...id]);
}
