// Rating an item on its own page: kept here, without leaving the page.

import { nameRating, ratings } from "./ratings.js";

export function rate(form) {
  const id = form.dataset.rate;
  const input = form.querySelector("[data-rating]");
  const button = form.querySelector("[data-rate-button]");
  const status = form.querySelector("[data-rate-status]");

  const show = () => {
    const known = ratings.all().has(id);
    button.textContent = known ? "See your list" : "Add to your taste";
    form.classList.toggle("is-kept", known);
  };

  const kept = ratings.all().get(id);
  if (kept !== undefined) input.value = String(kept);
  nameRating(input);
  show();

  input.addEventListener("input", () => {
    nameRating(input);
    if (ratings.all().has(id)) {
      ratings.set(id, Number(input.value));
      status.textContent = "Kept.";
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (ratings.all().has(id)) {
      location.assign("/taste");
      return;
    }
    ratings.set(id, Number(input.value));
    status.textContent = "Added to your taste.";
    show();
  });
}
