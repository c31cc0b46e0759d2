"use strict";
const cases = [...document.querySelectorAll(".case")];
const list = document.querySelector(".cases");
const kinds = [...document.querySelectorAll("button[data-kind]")];
const pairs = [...document.querySelectorAll("button[data-pair]")];
const order = document.querySelector("#order");
const shown = document.querySelector("#shown");
const state = { kind: "errors", pair: null };

const wanted = {
  errors: (item) => item.dataset.kind !== "correct",
  all: () => true,
};

function fits(item) {
  const kind = wanted[state.kind] || ((other) => other.dataset.kind === state.kind);
  const has = state.pair === null || JSON.parse(item.dataset.pairs).includes(state.pair);
  return kind(item) && has;
}

function show() {
  let count = 0;
  for (const item of cases) {
    item.hidden = !fits(item);
    count += !item.hidden;
  }
  for (const button of kinds) {
    button.setAttribute("aria-pressed", String(button.dataset.kind === state.kind));
  }
  for (const button of pairs) {
    button.setAttribute("aria-pressed", String(button.dataset.pair === state.pair));
  }
  shown.textContent = count === 1 ? "1 shown" : `${count} shown`;
  document.querySelector(".empty-list").hidden = count > 0;
}

function number(item, key) {
  return item.dataset[key] === "" ? NaN : Number(item.dataset[key]);
}

// What has no value, such as the confidence of a missed word, comes last in either direction.
function compare(key, sign) {
  return (one, other) => {
    const [a, b] = [number(one, key), number(other, key)];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return sign * (a - b) || number(one, "place") - number(other, "place");
  };
}

function sort() {
  const [key, direction] = order.value.split(" ");
  list.append(...cases.sort(compare(key, direction === "down" ? -1 : 1)));
}

for (const button of kinds) {
  button.addEventListener("click", () => {
    state.kind = button.dataset.kind;
    show();
  });
}
for (const button of pairs) {
  button.addEventListener("click", () => {
    state.pair = state.pair === button.dataset.pair ? null : button.dataset.pair;
    show();
  });
}
order.addEventListener("change", sort);
sort();
show();
