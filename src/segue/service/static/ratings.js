// What the visitor rated, kept in this browser: item id -> 0..1, newest first.

const KEY = "segue.ratings";
const LIMIT = 1000;
const listeners = [];
let memory = null; // stands in where the browser keeps nothing (private windows, blocked storage)

function read() {
  if (memory) return new Map(memory);
  try {
    const entries = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Map(entries.filter(([id, value]) => typeof id === "string" && value >= 0 && value <= 1));
  } catch {
    return new Map();
  }
}

function write(map) {
  const entries = [...map].slice(0, LIMIT);
  try {
    localStorage.setItem(KEY, JSON.stringify(entries));
    memory = null;
  } catch {
    memory = entries;
  }
  listeners.forEach((listener) => listener());
}

addEventListener("storage", (event) => {
  if (event.key === KEY) listeners.forEach((listener) => listener());
});

export const ratings = {
  all: read,
  replace: write,
  set(id, value) {
    const map = read();
    write(map.has(id) ? map.set(id, value) : new Map([[id, value], ...map]));
  },
  onChange(listener) {
    listeners.push(listener);
  },
};

const WORDS = ["Dislike", "Not for me", "Neutral", "Like", "Love"];

// Shows a slider's value as a word, to the eye and to a screen reader.
export function nameRating(input) {
  const word = WORDS[Math.min(4, Math.floor(Number(input.value) * 4 + 0.5))];
  input.setAttribute("aria-valuetext", word);
  const output = input.parentElement.querySelector("output");
  if (output) output.textContent = word;
}
