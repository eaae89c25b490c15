// Brings a page to life. Everything here is a convenience: each page works without it.

import { finder } from "./finder.js";
import { ratings } from "./ratings.js";
import { rate } from "./rate.js";
import { taste } from "./taste.js";

document.documentElement.classList.add("scripted");

const count = document.querySelector("[data-taste-count]");
const showCount = () => {
  const size = ratings.all().size;
  count.textContent = String(size);
  count.hidden = size === 0;
};
ratings.onChange(showCount);
showCount();

const page = document.querySelector("[data-taste]");
const choose = page ? taste(page) : null;

for (const root of document.querySelectorAll("[data-finder]")) {
  finder(root, root.dataset.finder === "rate" ? choose : (item) => location.assign(`/item?id=${encodeURIComponent(item.id)}`));
}
for (const form of document.querySelectorAll("[data-rate]")) {
  rate(form);
}
