// The taste page: ratings live in this browser, and every change fetches the list anew, rendered by the server.

import { nameRating, ratings } from "./ratings.js";

const WAIT = 160; // milliseconds after the last move of a slider
const PATIENCE = 300; // before the list is shown as busy

// Wires the page; returns what to do with an item picked in the search field.
export function taste(root) {
  const form = root.querySelector("[data-taste-form]");
  const rated = root.querySelector("[data-part=rated]");
  const list = root.querySelector("[data-part=list]");
  const status = root.querySelector("[data-taste-status]");
  const copy = (name) => root.querySelector(`template[data-${name}]`).content.cloneNode(true);
  let timer = 0;
  let asking = null;
  let again = null; // what to repeat after a failure

  const shown = () =>
    new Map(
      [...rated.querySelectorAll("[data-id]")].map((row) => [row.dataset.id, Number(row.querySelector("[data-rating]").value)]),
    );

  // Asks the server for the page's two parts; `rows` says whether the rated rows are to be drawn anew as well.
  const refresh = async ({ query = "", rows = false } = {}) => {
    clearTimeout(timer);
    asking?.abort();
    const mine = (asking = new AbortController());
    const sent = ratings.all();
    const busy = setTimeout(() => {
      list.setAttribute("aria-busy", "true");
      if (!list.querySelector(".row")) list.replaceChildren(copy("skeleton"));
    }, PATIENCE);
    try {
      const reply = await fetch("/taste/parts", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "text/html" },
        body: JSON.stringify({ ratings: [...sent].map(([id, rating]) => ({ id, rating })), query }),
        signal: mine.signal,
      });
      if (!reply.ok) throw new Error(String(reply.status));
      const parts = new DOMParser().parseFromString(await reply.text(), "text/html");
      if (mine.signal.aborted) return;
      list.replaceChildren(...parts.querySelector("[data-part=list]").childNodes);
      if (rows) {
        rated.replaceChildren(...parts.querySelector("[data-part=rated]").childNodes);
        ratings.replace(shown());
      }
      const size = list.querySelectorAll(".row").length;
      status.textContent = size ? `Your list now has ${size} entries.` : "Your list is empty.";
      again = null;
    } catch (error) {
      if (error.name === "AbortError") return;
      again = { query, rows };
      list.replaceChildren(copy("failure"));
    } finally {
      clearTimeout(busy);
      if (asking === mine) list.removeAttribute("aria-busy");
    }
  };

  const add = async (query) => {
    await refresh({ query, rows: true });
    (rated.querySelector(".notice:not(.good) button") ?? form.querySelector("input[type=search]")).focus();
  };

  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-rating]")) return;
    nameRating(event.target);
    ratings.set(event.target.closest("[data-id]").dataset.id, Number(event.target.value));
    clearTimeout(timer);
    timer = setTimeout(refresh, WAIT);
  });

  form.addEventListener("click", (event) => {
    const adds = event.target.closest("[data-add]");
    const drops = event.target.closest("[data-drop]");
    const clears = event.target.closest("[data-clear]");
    if (adds) {
      event.preventDefault();
      add(adds.dataset.add);
    } else if (drops) {
      event.preventDefault();
      const next = drops.closest("li").nextElementSibling ?? drops.closest("li").previousElementSibling;
      const map = ratings.all();
      map.delete(drops.dataset.drop);
      ratings.replace(map);
      refresh({ rows: true }).then(() => {
        const after = next && rated.querySelector(`[data-drop="${CSS.escape(next.dataset.id)}"]`);
        (after ?? form.querySelector("input[type=search]")).focus();
      });
    } else if (clears) {
      event.preventDefault();
      ratings.replace(new Map());
      refresh({ rows: true }).then(() => form.querySelector("input[type=search]").focus());
    }
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [search, artist, song] = ["q", "artist", "song"].map((name) => form.elements[name]);
    const pair = [artist?.value.trim(), song?.value.trim()].filter(Boolean).join(" - ");
    const query = search.value.trim() || pair;
    for (const field of [search, artist, song]) if (field) field.value = "";
    if (query) add(query);
  });

  root.addEventListener("click", (event) => {
    if (event.target.closest("[data-retry]")) refresh(again ?? { rows: true });
  });

  // Ratings of a link (or of a form sent before the script ran) join those kept here.
  const given = shown();
  const kept = ratings.all();
  const all = new Map([...given, ...[...kept].filter(([id]) => !given.has(id))]);
  if (given.size) ratings.replace(all);
  if (location.search) history.replaceState(null, "", location.pathname);
  if (all.size > given.size) {
    const waiting = document.createElement("ul");
    waiting.className = "rated skeleton";
    waiting.setAttribute("aria-hidden", "true");
    waiting.append(...[...all].map(() => copy("waiting")));
    rated.replaceChildren(waiting);
    list.replaceChildren(copy("skeleton"));
    refresh({ rows: true });
  }
  root.classList.add("is-ready");

  return (item) => add(item.id);
}
