// A search field that answers while one types: the combobox pattern of the WAI-ARIA practices, list autocomplete with
// manual selection. `choose(item)` is called with what was picked; without a pick, Enter sends the form as ever.

const WAIT = 90; // milliseconds of silence before asking
const PATIENCE = 250; // before "Searching" is shown, so that quick answers do not flicker
const LENGTH = 8;

export function finder(root, choose) {
  const input = root.querySelector("input[type=search]");
  const list = root.querySelector("[role=listbox]");
  const status = root.querySelector("[data-finder-status]");
  let items = [];
  let active = -1;
  let timer = 0;
  let asking = null;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  };

  const mark = (index) => {
    active = index;
    [...list.querySelectorAll("[role=option]")].forEach((option, number) => {
      option.setAttribute("aria-selected", String(number === index));
      if (number === index) option.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `${list.id}-${index}`);
  };

  const open = (children) => {
    list.replaceChildren(...children);
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(-1);
  };

  const say = (text, kind = "") => {
    items = [];
    const line = document.createElement("li");
    line.className = `message ${kind}`;
    line.setAttribute("role", "presentation");
    line.textContent = text;
    open([line]);
    status.textContent = text;
  };

  const show = (found) => {
    items = found;
    open(found.map((item, index) => option(item, `${list.id}-${index}`)));
    status.textContent = found.length === 1 ? "1 suggestion" : `${found.length} suggestions`;
  };

  const ask = async () => {
    const text = input.value.trim();
    asking?.abort();
    if (!text) {
      status.textContent = "";
      close();
      return;
    }
    const mine = (asking = new AbortController());
    const slow = setTimeout(() => say("Searching…"), PATIENCE);
    try {
      const reply = await fetch(`/api/v1/search?${new URLSearchParams({ q: text, limit: LENGTH })}`, {
        signal: mine.signal,
        headers: { Accept: "application/json" },
      });
      if (!reply.ok) throw new Error(String(reply.status));
      const found = (await reply.json()).items.map((one) => one.item);
      clearTimeout(slow);
      if (mine.signal.aborted) return;
      if (found.length) show(found);
      else say(`Nothing for “${text}”.`);
    } catch (error) {
      clearTimeout(slow);
      if (error.name !== "AbortError") say("The search does not answer. Try again in a moment.", "bad");
    }
  };

  const pick = (index) => {
    const item = items[index];
    if (!item) return;
    asking?.abort();
    close();
    input.value = "";
    status.textContent = "";
    choose(item);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const size = items.length;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && size && !list.hidden) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place more than there are options: the field itself, with nothing marked.
      mark(((active + 1 + step + size + 1) % (size + 1)) - 1);
    } else if (event.key === "ArrowDown" && list.hidden && input.value.trim()) {
      event.preventDefault();
      ask();
    } else if (event.key === "Enter" && active >= 0 && !list.hidden) {
      event.preventDefault();
      pick(active);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      asking?.abort();
      close();
    }
  });
  input.addEventListener("focus", () => {
    if (items.length && input.value.trim()) open([...list.children]);
  });
  input.form?.addEventListener("submit", () => {
    clearTimeout(timer);
    asking?.abort();
    close();
  });
  // The field keeps the focus while an option is pressed.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const chosen = event.target.closest("[role=option]");
    if (chosen) pick([...list.children].indexOf(chosen));
  });
  root.addEventListener("focusout", (event) => {
    if (!root.contains(event.relatedTarget)) {
      clearTimeout(timer);
      asking?.abort();
      close();
    }
  });
}

function option(item, id) {
  const line = document.createElement("li");
  line.id = id;
  line.setAttribute("role", "option");
  line.setAttribute("aria-selected", "false");
  const title = document.createElement("span");
  title.className = "title";
  title.textContent = item.title ?? item.artist ?? item.id;
  line.append(title);
  if (item.title && item.artist) {
    const artist = document.createElement("span");
    artist.className = "artist";
    artist.textContent = item.artist;
    line.append(artist);
  }
  return line;
}
