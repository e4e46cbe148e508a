// The page's own hand: keys to deeds, deeds to the server, its answers into the page.
// A deed is called saved only after the server has answered, and it answers after the line is on the disk.
"use strict";

const base = document.body.dataset.base;
const $ = (id) => document.getElementById(id);
const selected = new Set();
let everything = 0; // how many the view shows, where all of them are chosen but those in selected
let topics = {};
let version = -1;
let chain = Promise.resolve(); // deeds wait for each other, in the order of the keys
let pending = 0;
const refused = { times: 0, words: "", behind: 0 }; // what was typed behind a deed that failed was meant for what would have come next
let cursor = -1; // the paragraph that s splits before
const usual = { search: "", topic: "", state: "all", sort: "queue", dump: "", low: "0", high: "100" }; // in the filters

const view = () => {
  const words = new URLSearchParams(location.search);
  words.delete("at");
  words.delete("whole");
  return words;
};
const currentKey = () => $("piece")?.dataset.key ?? "";

// What is said about saving

function say(words, state) {
  const saved = $("saved");
  saved.textContent = words;
  saved.dataset.state = state;
}

const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

// Answers into the page

function show(answer, { focus = true, push = true } = {}) {
  if (answer.list === undefined) return;
  const moved = answer.key !== currentKey();
  const inNote = document.activeElement?.id === "note";
  topics = answer.topics;
  $("list").innerHTML = answer.list;
  markSelected();
  if (moved || !inNote) {
    const inMain = $("main").contains(document.activeElement);
    const held = moved ? undefined : (document.activeElement.closest(".para") ?? document.querySelectorAll(".para")[cursor])?.dataset.offset;
    $("main").innerHTML = answer.piece;
    markSelected();
    const paras = [...document.querySelectorAll(".para")];
    cursor = paras.findIndex((para) => para.dataset.offset === held);
    if (moved) window.scrollTo(0, 0);
    if (cursor >= 0) {
      paras[cursor].classList.add("cursor");
      if (inMain) paras[cursor].querySelector(".handle").focus({ preventScroll: true });
    } else if (focus || inMain) document.querySelector("#main h1")?.focus({ preventScroll: true });
  }
  document.title = `${answer.heading || "Nothing to show"} · topics review`;
  const words = new URLSearchParams(answer.query);
  if (answer.key) words.set("at", answer.key);
  const address = `${base}?${words}`;
  if (push && moved) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  for (const [slug, name] of Object.entries(topics)) {
    if (![...$("topic").options].some((option) => option.value === slug)) $("topic").add(new Option(name, slug), $("topic").options[$("topic").length - 2]);
  }
  count(answer.counts);
  keepInSight(document.querySelector(".item.current"));
}

function keepInSight(item) {
  const list = document.querySelector(".items");
  if (!item || !list || list.scrollHeight <= list.clientHeight) return;
  const top = item.offsetTop - list.offsetTop;
  if (top < list.scrollTop || top + item.offsetHeight > list.scrollTop + list.clientHeight) {
    list.scrollTop = top - list.clientHeight / 3;
  }
}

function count(counts) {
  version = counts.version;
  $("progress").max = Math.max(1, counts.n_segments);
  $("progress").value = counts.n_decided;
  $("decided").textContent = `${counts.n_decided.toLocaleString("en")} of ${counts.n_segments.toLocaleString("en")} decided`;
  $("indexing").hidden = !counts.indexing;
  $("indexing").textContent = `still reading: ${counts.n_indexed.toLocaleString("en")}` + (counts.n_rows ? ` of ${counts.n_rows.toLocaleString("en")}` : "");
  $("notice").hidden = !counts.notice;
  $("notice").textContent = counts.notice;
  showTraining(counts.training);
  for (const what of ["undo", "redo"]) {
    $(what).disabled = !counts[what];
    $(what).title = counts[what] ? `${what === "undo" ? "Undo (z)" : "Redo (y)"}: ${counts[what]}` : "";
  }
}

function showTraining(training) {
  const running = training?.state === "running";
  $("training").hidden = !training || training.state === "idle";
  if (!training) return;
  $("retrain").disabled = running;
  $("training-bar").hidden = !running;
  $("training-bar").value = training.share;
  $("training-words").textContent = running ? `Training: ${training.words}` : training.words;
  clearTimeout(showTraining.timer);
  if (running) showTraining.timer = setTimeout(pulse, 700);
}

async function retrain() {
  try {
    const counts = await ask("retrain", "", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    if (counts.error) say(counts.error, "error");
    else count(counts);
  } catch {
    say("The server does not answer. Start topics review again.", "error");
  }
}

// To the server

async function ask(path, words, options = {}) {
  const response = await fetch(`${base}${path}${words ? `?${words}` : ""}`, options);
  if (response.headers.get("content-type")?.startsWith("application/json")) return response.json();
  return { error: response.status < 500 ? await response.text() : "The server failed; its terminal says why. Reload to see what stands." };
}

async function look(words, options) {
  try {
    const answer = await ask("look", words);
    if (answer.error) return say(answer.error, "error");
    show(answer, options);
    if (answer.said) say(answer.said, "idle");
  } catch {
    say("The server does not answer. Start topics review again.", "error");
  }
}

// What stands in the address and under the hand is asked when the turn comes: what waits before may change it.
function go(at = null, extra = {}, options = {}) {
  const before = refused.times;
  chain = chain.then(() => {
    if (refused.times !== before) return;
    const words = view();
    words.set("at", at ?? currentKey());
    for (const [key, value] of Object.entries(extra)) words.set(key, value);
    return look(words, options);
  });
}

const step = (by) => go(null, { step: String(by) });

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// One deed: sent when those before it are saved, about whatever is shown then; sent again until there is an answer.
function act(action, more = {}) {
  pending += 1;
  const before = refused.times;
  chain = chain.then(async () => {
    if (refused.times !== before) {
      refused.behind += 1;
      return say(`${refused.words} Not done either: ${refused.behind} more, typed behind it.`, "error");
    }
    const many = howMany() > 0;
    const single = ["merge", "split", "note"].includes(action);
    const body = {
      action,
      view: Object.fromEntries(view()),
      at: currentKey(),
      keys: many && !single ? [...selected] : [currentKey()].filter(Boolean),
      everything: many && !single && everything > 0,
      ...more,
    };
    if (["undo", "redo"].includes(action)) body.keys = [];
    say("Saving…", "saving");
    let answer = null;
    for (let attempt = 0; answer === null; attempt += 1) {
      try {
        answer = await ask("do", "", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      } catch {
        say("Not saved: the server does not answer. Trying again…", "error");
        await pause(Math.min(5000, 500 * (attempt + 1)));
      }
    }
    if (answer.error) {
      show(answer, { push: false });
      if (action === "note") $("note").value = more.words; // still there to be saved
      Object.assign(refused, { times: refused.times + 1, words: answer.error, behind: 0 });
      say(answer.error, "error");
    } else {
      if (many && !single) letGo();
      show(answer);
      say(`${answer.said} · ${clock()}`, "saved");
      document.body.dataset.written = String(Number(document.body.dataset.written ?? 0) + answer.n_written);
    }
  }).finally(() => { pending -= 1; });
}

// Several at once

const howMany = () => (everything ? everything - selected.size : selected.size);

function letGo() {
  selected.clear();
  everything = 0;
  markSelected();
}

function markSelected() {
  for (const box of document.querySelectorAll(".pick input")) box.checked = everything > 0 !== selected.has(box.value);
  const n = howMany();
  const each = document.querySelector(".each");
  if (each) each.textContent = n ? ` each of ${n.toLocaleString("en")}` : "";
  const bulk = $("bulk");
  if (!bulk) return;
  bulk.hidden = n === 0;
  $("n-selected").textContent = n.toLocaleString("en");
}

// The paragraph under the hand

function movePara(by) {
  const paras = [...document.querySelectorAll(".para")];
  if (!paras.length) return;
  cursor = Math.min(paras.length - 1, Math.max(0, cursor + by));
  paras.forEach((para, at) => para.classList.toggle("cursor", at === cursor));
  paras[cursor].querySelector(".handle").focus({ preventScroll: true });
  paras[cursor].scrollIntoView({ block: "center" });
}

function splitHere() {
  const paras = [...document.querySelectorAll(".para")];
  const focused = paras.findIndex((para) => para.contains(document.activeElement));
  const at = focused >= 0 ? focused : cursor;
  if (at < 1) return say("Choose the paragraph that the new piece starts with: ] moves on, or click its number.", "error");
  act("split", { offset: Number(paras[at].dataset.offset) });
}

// The type-ahead

let options = [];
let picked = 0;

function openChoose() {
  $("choose-input").value = "";
  filterTopics();
  $("choose").showModal();
  $("choose-input").focus();
}

function filterTopics() {
  const typed = $("choose-input").value.trim();
  const words = typed.toLowerCase().split(/[\s-]+/).filter(Boolean);
  const fits = ([slug, name]) => words.every((word) => `${slug} ${name}`.toLowerCase().split(/[\s-]+/).some((part) => part.startsWith(word)));
  options = Object.entries(topics).filter(fits).map(([slug, name]) => ({ slug, name }));
  if (typed && !options.some((option) => option.name.toLowerCase() === typed.toLowerCase() || option.slug === typed)) {
    options.push({ slug: "", name: `Add topic “${typed}”`, words: typed });
  }
  picked = 0;
  const list = $("choose-list");
  list.replaceChildren(...options.map((option, at) => {
    const item = document.createElement("li");
    item.id = `option-${at}`;
    item.role = "option";
    item.textContent = option.name;
    item.addEventListener("click", () => choose(at, false));
    return item;
  }));
  pick(0);
}

function pick(at) {
  picked = Math.min(options.length - 1, Math.max(0, at));
  [...$("choose-list").children].forEach((item, number) => item.setAttribute("aria-selected", String(number === picked)));
  const item = $(`option-${picked}`);
  item?.scrollIntoView({ block: "nearest" });
  if (item) $("choose-input").setAttribute("aria-activedescendant", item.id);
  else $("choose-input").removeAttribute("aria-activedescendant");
}

function choose(at, secondary) {
  const option = options[at];
  if (!option) return;
  $("choose").close();
  if (!option.slug) act("add", { words: option.words });
  else act(secondary ? "also" : "assign", { topic: option.slug });
}

// Keys

const KEYS = {
  Enter: () => act("confirm"),
  c: () => act("confirm"),
  0: () => act("none"),
  x: () => act("none"),
  b: () => act("boilerplate"),
  m: () => act("merge"),
  s: splitHere,
  "]": () => movePara(1),
  ".": () => movePara(1),
  "[": () => movePara(-1),
  ",": () => movePara(-1),
  j: () => step(1),
  ArrowRight: () => step(1),
  k: () => step(-1),
  ArrowLeft: () => step(-1),
  u: () => step("undecided"),
  z: () => act("undo"),
  y: () => act("redo"),
  Z: () => act("redo"),
  t: openChoose,
  n: () => { $("note")?.focus(); $("note")?.scrollIntoView({ block: "center" }); },
  v: () => { if (currentKey()) toggle(currentKey()); },
  V: letGo,
  d: chooseTwins,
  "/": () => toFilters("search"),
  f: () => toFilters("topic"),
  "?": () => $("help").showModal(),
};
const MAY_REPEAT = new Set(["]", "[", ".", ",", "j", "k", "ArrowRight", "ArrowLeft"]);

function toggle(key) {
  if (!selected.delete(key)) selected.add(key);
  markSelected();
}

function chooseTwins() {
  const twins = $("twins");
  if (!twins) return say("It has no near-duplicates in this run", "idle");
  if (everything) letGo();
  for (const key of [currentKey(), ...twins.dataset.keys.split(" ")]) selected.add(key);
  markSelected();
}

const keysOn = () => localStorage.getItem("topics-keys") !== "off";

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (target.id === "note" && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    return target.blur();
  }
  if (target.id === "choose-input") return chooseKey(event);
  const typing = target.matches("textarea, select, input:not([type=checkbox])");
  if (target.closest("#filters") && (event.key === "Escape" || (event.key === "Enter" && target.matches("input")))) {
    event.preventDefault(); // Escape would empty a search
    return toText();
  }
  if (event.key === "Escape" && typing) return target.blur();
  if (typing || document.querySelector("dialog[open]") || event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    const undo = { z: event.shiftKey ? "redo" : "undo", y: "redo" }[event.key.toLowerCase()];
    if (undo) { event.preventDefault(); act(undo); }
    return;
  }
  if (event.altKey || event.metaKey || !keysOn()) return;
  if (event.key === "Enter" && target.closest("button, a, summary, label")) return;
  // the key counts, whatever its layout writes there: only what means something else by itself (/ is Shift+7 on many) goes first
  const deed = KEYS[event.key];
  const digit = !deed && /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (digit && (event.shiftKey || event.key.length === 1)) {
    event.preventDefault();
    const chip = document.querySelector(`.assign[data-digit="${digit}"]`);
    if (chip && !event.repeat) act(event.shiftKey ? "also" : "assign", { topic: chip.dataset.topic });
    return;
  }
  if (!deed || (event.repeat && !MAY_REPEAT.has(event.key))) return;
  event.preventDefault();
  deed();
});

function chooseKey(event) {
  if (event.key === "ArrowDown") pick(picked + 1);
  else if (event.key === "ArrowUp") pick(picked - 1);
  else if (event.key === "Enter") choose(picked, event.shiftKey);
  else return;
  event.preventDefault();
}

function toFilters(field) {
  openSide(true);
  $(field).focus();
}

// Back to what is read; a field that is left applies what was typed into it.
function toText() {
  document.activeElement.blur();
  openSide(false);
  document.querySelector("#main h1")?.focus({ preventScroll: true });
}

// Once for what was written: a note that is left is saved, whatever it is left by.
function saveNote() {
  const note = $("note");
  if (note.value !== note.defaultValue) act("note", { words: note.value });
  note.defaultValue = note.value;
}

// Pointer

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do], [data-step], [data-open], [data-select], [data-at], #save-note, #reset");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (target.id === "save-note") return saveNote();
  if (target.id === "reset") { event.preventDefault(); $("filters").reset(); return clearFilters(); }
  const { do: deed, step: by, open, select, at } = target.dataset;
  if (at) { event.preventDefault(); openSide(false); return go(at); }
  if (by) return step(Number(by));
  if (open) return openChoose();
  if (select === "all") { selected.clear(); everything = Number(target.dataset.count); return markSelected(); }
  if (select === "none") return letGo();
  if (select === "twins") return chooseTwins();
  if (deed === "split-here") return splitHere();
  const more = {};
  if (target.dataset.topic) more.topic = target.dataset.topic;
  if (target.dataset.offset) more.offset = Number(target.dataset.offset);
  act(deed, more);
});

document.addEventListener("change", (event) => {
  const target = event.target;
  if (target.id === "note") saveNote();
  else if (target.closest(".pick")) toggle(target.value);
  else if (target.closest("#filters")) applyFilters();
  else if (target.id === "keys-on") localStorage.setItem("topics-keys", target.checked ? "on" : "off");
});

function clearFilters() {
  for (const field of $("filters").elements) {
    if (field.name) field.value = usual[field.name];
  }
  applyFilters();
}

function applyFilters() {
  const words = new URLSearchParams();
  for (const [key, value] of new FormData($("filters"))) if (value !== usual[key]) words.set(key, value);
  letGo();
  chain = chain.then(() => look(words, { focus: false }));
}

$("filters").addEventListener("submit", (event) => { event.preventDefault(); applyFilters(); });
$("choose-input").addEventListener("input", filterTopics);
$("retrain")?.addEventListener("click", retrain);
$("help-button").addEventListener("click", () => $("help").showModal());
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
window.addEventListener("popstate", () => {
  const words = new URLSearchParams(location.search);
  for (const field of $("filters").elements) if (field.name) field.value = words.get(field.name) ?? usual[field.name];
  chain = chain.then(() => look(new URLSearchParams(location.search), { push: false }));
});
window.addEventListener("beforeunload", (event) => { if (pending) event.preventDefault(); });

// Light or dark

function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
applyTheme(localStorage.getItem("topics-theme"));
$("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  localStorage.setItem("topics-theme", dark ? "light" : "dark");
  applyTheme(localStorage.getItem("topics-theme"));
});

// The list, where there is no room for it beside the text

function openSide(open) {
  document.documentElement.classList.toggle("side-open", open);
  $("side-button").setAttribute("aria-expanded", String(open));
  $("side-button").textContent = open ? "Text" : "List";
  if (open) keepInSight(document.querySelector(".item.current"));
}
$("side-button").addEventListener("click", () => openSide(!document.documentElement.classList.contains("side-open")));

// What other tabs and processes do

async function pulse() {
  if (document.hidden || pending) return;
  try {
    const counts = await ask("pulse", "");
    if (counts.error) {
      $("saved").dataset.lost = "1";
      return say(counts.error, "error");
    }
    if ($("saved").dataset.lost) { delete $("saved").dataset.lost; say("The server answers again", "idle"); }
    if (counts.version === version) return count(counts);
    if (pending) return;
    go(null, {}, { focus: false, push: false });
  } catch {
    $("saved").dataset.lost = "1";
    say("The server does not answer. Start topics review again.", "error");
  }
}

$("keys-on").checked = keysOn();
document.documentElement.classList.add("js");
for (const option of $("topic").options) {
  if (option.value && !["unknown", "boilerplate"].includes(option.value)) topics[option.value] = option.textContent;
}
if (!new URLSearchParams(location.search).has("at") && currentKey()) {
  const words = view();
  words.set("at", currentKey());
  history.replaceState(null, "", `${base}?${words}`);
}
keepInSight(document.querySelector(".item.current"));
pulse();
setInterval(pulse, 4000);
