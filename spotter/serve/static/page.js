// The page of `spotter serve`: sends files to /v1/spot and shows what comes back.

const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);
const mega = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

let limits = {};
let entries = []; // of each photo or page: {result, file}
let current = 0;
let photoUrl = null;
let run = 0; // answers of an earlier run are dropped

fetch("/healthz").then((answer) => answer.json()).then((health) => { limits = health.limits ?? {}; }, () => {});

function say(text) { $("status").textContent = text; }

function complain(...lines) {
  $("error").replaceChildren(...lines.map((line) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    return paragraph;
  }));
}

// One request for each file: a large or damaged one keeps no other from being read.
async function spot(file) {
  if (limits.max_bytes && file.size > 0.99 * limits.max_bytes) {
    throw new Error(`${mega(file.size)} are more than the limit of ${mega(limits.max_bytes)}`);
  }
  const form = new FormData();
  form.append("files", file, file.name || "pasted.png");
  let answer;
  try {
    answer = await fetch("/v1/spot", { method: "POST", body: form });
  } catch {
    throw new Error("the server cannot be reached");
  }
  let content = null;
  try {
    content = await answer.json();
  } catch {
    // Such as the page of a proxy.
  }
  if (!answer.ok || !content) {
    throw new Error(content?.error ?? `the server answered with status ${answer.status}`);
  }
  return content.results;
}

async function take(files) {
  files = [...files];
  if (!files.length) return;
  const mine = ++run;
  const found = [];
  const errors = [];
  complain();
  $("result").hidden = true;
  for (const [number, file] of files.entries()) {
    const name = file.name || "pasted picture";
    say(files.length > 1 ? `Reading ${name} (${number + 1} of ${files.length})…` : `Reading ${name}…`);
    $("drop").setAttribute("aria-busy", "true");
    try {
      for (const result of await spot(file)) {
        if (result.error) errors.push(result.error);
        else found.push({ result, file });
      }
    } catch (error) {
      const line = error.message;
      errors.push(line.startsWith(name) ? line : `${name}: ${line}`);
    }
    if (mine !== run) return;
  }
  $("drop").removeAttribute("aria-busy");
  complain(...errors);
  entries = found;
  if (!entries.length) {
    say("Nothing could be read.");
    return;
  }
  listPages();
  show(0);
  const count = entries.reduce((sum, entry) => sum + entry.result.instances.length, 0);
  say(count === 1 ? "1 word was read." : `${count} words were read.`);
}

function listPages() {
  $("pages").hidden = entries.length < 2;
  $("page").replaceChildren(...entries.map(({ result }, index) => {
    const option = document.createElement("option");
    option.value = index;
    option.textContent = result.image + (result.page ? `, page ${result.page}` : "");
    return option;
  }));
}

function show(index) {
  current = index;
  const { result, file } = entries[index];
  $("result").hidden = false;
  $("page").value = index;
  $("previous").disabled = index === 0;
  $("next").disabled = index === entries.length - 1;
  const page = result.page ? `, page ${result.page}` : "";
  $("caption").textContent = `${result.image}${page}, ${result.width} × ${result.height} pixels`;
  $("notes").replaceChildren(...result.notes.map((note) => {
    const item = document.createElement("li");
    item.textContent = note;
    return item;
  }));
  if (photoUrl) URL.revokeObjectURL(photoUrl);
  photoUrl = null;
  // Browsers show no PDF pages in <img>, and few of them show HEIC and TIFF: then the words are
  // drawn on an empty page.
  const later = result.page && result.page > 1;
  $("stage").classList.toggle("blank", Boolean(later));
  if (later) {
    $("photo").removeAttribute("src");
  } else {
    photoUrl = URL.createObjectURL(file);
    $("photo").src = photoUrl;
  }
  $("photo").alt = `The photo ${result.image}; its words are listed as buttons`;
  draw();
}

$("photo").addEventListener("error", () => {
  $("stage").classList.add("blank");
  draw();
});

const least = () => Number($("score").value);
const kept = (word) => word.score >= least();

function draw() {
  const { result } = entries[current];
  const blank = $("stage").classList.contains("blank");
  const outlines = $("outlines");
  outlines.setAttribute("viewBox", `0 0 ${result.width} ${result.height}`);
  outlines.replaceChildren();
  result.instances.forEach((word, index) => {
    if (!kept(word)) return;
    const polygon = document.createElementNS(SVG, "polygon");
    polygon.setAttribute("points", word.polygon.map((point) => point.join(",")).join(" "));
    polygon.dataset.word = index;
    const title = document.createElementNS(SVG, "title");
    title.textContent = `${word.text} (${word.score.toFixed(2)})`;
    polygon.append(title);
    outlines.append(polygon);
    if (blank) outlines.append(label(word));
  });
  $("words").replaceChildren(...result.paragraphs.map((lines) => paragraph(result, lines)).filter(Boolean));
  const count = result.instances.filter(kept).length;
  $("heading").textContent = count === 1 ? "1 word" : `${count} words`;
  $("least").textContent = least().toFixed(2);
  $("copy").disabled = count === 0;
}

function label(word) {
  const [[x0, y0], [x1, y1]] = word.polygon;
  const last = word.polygon[word.polygon.length - 1];
  const width = Math.hypot(x1 - x0, y1 - y0);
  const height = Math.hypot(last[0] - x0, last[1] - y0);
  const angle = (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI;
  const text = document.createElementNS(SVG, "text");
  text.textContent = word.text;
  text.setAttribute("font-size", 0.8 * height);
  text.setAttribute("y", -0.2 * height);
  text.setAttribute("transform", `translate(${last[0]} ${last[1]}) rotate(${angle})`);
  // Curved words have more corners than four, and keep their natural length.
  if (word.polygon.length === 4) {
    text.setAttribute("textLength", width);
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
  }
  return text;
}

function paragraph(result, lines) {
  const element = document.createElement("p");
  for (const line of lines) {
    const row = document.createElement("span");
    row.className = "line";
    for (const index of line) {
      const word = result.instances[index];
      if (kept(word)) row.append(button(word, index));
    }
    if (row.childElementCount) element.append(row);
  }
  return element.childElementCount ? element : null;
}

function button(word, index) {
  const element = document.createElement("button");
  element.type = "button";
  element.dataset.word = index;
  element.title = "Copy this word";
  element.append(word.text);
  const score = document.createElement("small");
  score.textContent = word.score.toFixed(2);
  element.append(score);
  element.setAttribute("aria-label", `${word.text}, score ${word.score.toFixed(2)}, copy`);
  return element;
}

// Hovering or focusing a word marks its outline, and the other way round.
function mark(index, scroll) {
  for (const element of document.querySelectorAll("[data-word]")) {
    element.classList.toggle("active", index !== null && element.dataset.word === index);
  }
  if (index !== null && scroll) {
    $("words").querySelector(`[data-word="${index}"]`)?.scrollIntoView({ block: "nearest" });
  }
}
const wordOf = (event) => event.target.closest?.("[data-word]")?.dataset.word ?? null;
for (const [id, scroll] of [["words", false], ["outlines", true]]) {
  $(id).addEventListener("pointerover", (event) => mark(wordOf(event), scroll));
  $(id).addEventListener("pointerleave", () => mark(null, false));
  $(id).addEventListener("focusin", (event) => mark(wordOf(event), false));
  $(id).addEventListener("focusout", () => mark(null, false));
  $(id).addEventListener("click", (event) => {
    const index = wordOf(event);
    if (index !== null) copy(entries[current].result.instances[index].text);
  });
}

function allText() {
  const { result } = entries[current];
  return result.paragraphs
    .map((lines) => lines
      .map((line) => line.map((index) => result.instances[index]).filter(kept).map((word) => word.text).join(" "))
      .filter(Boolean)
      .join("\n"))
    .filter(Boolean)
    .join("\n\n");
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without TLS browsers have no clipboard but this one.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden";
    document.body.append(area);
    const before = document.activeElement;
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    before?.focus();
    if (!done) {
      complain("The browser does not let this page copy.");
      return;
    }
  }
  say(`Copied: ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`);
}

function download() {
  const { result } = entries[current];
  const { paragraphs, text, ...plain } = result;
  const record = { ...plain, instances: plain.instances.filter(kept) };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(record, null, 1)}\n`], { type: "application/json" }));
  const page = result.page ? `.page${result.page}` : "";
  link.download = `${result.image.replace(/\.[^.]*$/, "")}${page}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

$("files").addEventListener("change", (event) => { take(event.target.files); event.target.value = ""; });
$("camera").addEventListener("change", (event) => { take(event.target.files); event.target.value = ""; });
$("score").addEventListener("input", draw);
$("copy").addEventListener("click", () => copy(allText()));
$("download").addEventListener("click", download);
$("page").addEventListener("change", (event) => show(Number(event.target.value)));
$("previous").addEventListener("click", () => show(current - 1));
$("next").addEventListener("click", () => show(current + 1));

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) take(files);
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  const files = [...(event.dataTransfer?.files ?? [])];
  if (files.length) take(files);
  else complain("What was dropped is no file: save the picture first, or paste it.");
});
