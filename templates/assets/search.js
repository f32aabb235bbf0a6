// The search. It reads files that `toolrisk publish` wrote under search/: tree.json names the
// parts of the index, and each word of a query needs one part. src/publish/search.rs has the format.
"use strict";

(() => {
  const form = document.getElementById("searchform");
  if (!form) return;
  const root = form.dataset.root;
  const input = document.getElementById("q");
  const list = document.getElementById("results");
  const status = document.getElementById("status");
  const filters = ["category", "severity", "signal", "trait", "transport"].map((name) => document.getElementById("f-" + name));
  const CATEGORIES = ["Unknown", "Read", "Write", "Execute", "Destructive", "Financial"];
  const SEVERITIES = ["low", "medium", "high", "critical"];
  const SHOWN = 50;
  const files = new Map();
  let active = -1;
  let asked = 0;

  const load = (path) => {
    if (!files.has(path)) {
      files.set(path, fetch(root + path).then((answer) => {
        if (!answer.ok) throw new Error(path);
        return answer.json();
      }));
    }
    return files.get(path);
  };

  // The same cut as in Rust: at every change of kind of letter, lower case.
  const words = (text) => {
    const parts = text.match(/[\p{Alphabetic}\p{N}]+/gu) || [];
    return parts.flatMap((part) => part
      .replace(/([\p{Ll}\p{N}])(?=\p{Lu})/gu, "$1 ")
      .replace(/(\p{Lu})(?=\p{Lu}\p{Ll})/gu, "$1 ")
      .split(" ")).map((word) => word.toLowerCase());
  };

  const fileName = (prefix) => {
    if (/^[a-z0-9 \t]*$/.test(prefix)) return "search/k-" + prefix.replaceAll(" ", "-").replaceAll("\t", "_") + ".json";
    const bytes = new TextEncoder().encode(prefix);
    return "search/x-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") + ".json";
  };

  let nodes = null;
  const tree = async () => {
    const data = await load("search/tree.json");
    if (!nodes) nodes = { leaves: new Set(data.leaves), inner: new Set(data.inner) };
    return nodes;
  };

  // Entries for a key or the beginning of one: { total, entries }.
  const lookUp = async (key) => {
    const { leaves, inner } = await tree();
    const letters = Array.from(key);
    let node = null;
    for (let length = letters.length; length > 0 && !node; length -= 1) {
      const prefix = letters.slice(0, length).join("");
      if (leaves.has(prefix)) node = { prefix, leaf: true };
      else if (inner.has(prefix)) {
        // A key that ends here has a file of its own; what goes on has no place below.
        if (length === letters.length) {
          const exact = leaves.has(prefix + "\t") ? await load(fileName(prefix + "\t")) : null;
          const best = await load(fileName(prefix));
          return merge(exact && read(exact, (text) => text === key), read(best, () => true));
        }
        return { total: 0, entries: [] };
      }
    }
    if (!node) return { total: 0, entries: [] };
    return read(await load(fileName(node.prefix)), (text) => text.startsWith(key), key);
  };

  const merge = (first, second) => {
    if (!first) return second;
    const seen = new Set(first.entries.map((entry) => entry.id));
    return { total: Math.max(first.total, second.total), entries: first.entries.concat(second.entries.filter((entry) => !seen.has(entry.id))) };
  };

  const read = (file, wanted, exact) => {
    const found = new Map();
    let total = 0;
    const rows = file.k.filter(([text]) => wanted(text));
    rows.sort((a, b) => (b[0] === exact) - (a[0] === exact));
    for (const [text, count, places] of rows) {
      total += count;
      for (const place of places) {
        const [at, name, slug, bits, low, high] = file.t[place];
        const [server, serverName] = file.s[at];
        const id = server + "/" + name + "/" + slug;
        if (!found.has(id)) {
          found.set(id, { id, server, serverName, name, slug, bits, low, high, exact: text === exact });
        }
      }
    }
    return { total, entries: Array.from(found.values()) };
  };

  const passes = (entry, want) => {
    const [category, severity, signal, trait, transport] = want;
    if ((category || severity || signal || trait) && !entry.name) return false;
    if (category && (entry.bits & 7) !== Number(category)) return false;
    if (severity && ((entry.bits >> 3) & 3) !== Number(severity)) return false;
    if (trait && !((entry.bits >> 5) & Number(trait))) return false;
    if (transport && ((entry.bits >> 8) & 3) !== Number(transport)) return false;
    if (signal) {
      const bit = Number(signal);
      if (!(bit < 30 ? (entry.low >> bit) & 1 : (entry.high >> (bit - 30)) & 1)) return false;
    }
    return true;
  };

  const find = async (query, want) => {
    const parts = words(query);
    if (!parts.length) return null;
    const whole = parts.join(" ").slice(0, 80);
    let result = await lookUp(whole);
    if (parts.length > 1) {
      const each = await Promise.all(parts.map(lookUp));
      const ids = each.map((part) => new Set(part.entries.map((entry) => entry.id)));
      const both = each[0].entries.filter((entry) => ids.every((set) => set.has(entry.id)));
      result = merge(result, { total: both.length, entries: both });
      result.total = result.entries.length;
    }
    // The name as it was typed, then the same words written in another way.
    const same = (entry) => {
      const name = entry.name || entry.serverName;
      return name === query ? 2 : Number(words(name).join(" ") === whole);
    };
    const entries = result.entries.filter((entry) => passes(entry, want));
    entries.sort((a, b) => same(b) - same(a));
    const filtered = want.some((value) => value);
    return { total: filtered ? entries.length : Math.max(result.total, entries.length), entries };
  };

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const row = (entry, at) => {
    const item = element("li", "result");
    item.id = "r" + at;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const to = entry.name ? (entry.slug ? entry.slug + ".html" : "index.html#tools") : "index.html";
    item.dataset.href = root + "tools/" + entry.server + "/" + to;
    const name = element("bdi", entry.name ? "rname" : "rserver", entry.name || entry.serverName);
    item.append(name);
    if (entry.name) {
      const level = SEVERITIES[(entry.bits >> 3) & 3];
      const badge = element("span", "sev " + level);
      badge.append(element("i"), level[0].toUpperCase() + level.slice(1));
      item.append(" ", badge, " ", element("span", "quiet", CATEGORIES[entry.bits & 7] + " · "), element("bdi", "quiet", entry.serverName));
    } else {
      item.append(" ", element("span", "quiet", "server"));
    }
    item.addEventListener("click", () => { location.href = item.dataset.href; });
    return item;
  };

  const select = (at) => {
    const rows = list.children;
    if (rows[active]) rows[active].setAttribute("aria-selected", "false");
    active = rows.length ? (at + rows.length) % rows.length : -1;
    if (active < 0) { input.removeAttribute("aria-activedescendant"); return; }
    rows[active].setAttribute("aria-selected", "true");
    rows[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", rows[active].id);
  };

  const show = async () => {
    const turn = ++asked;
    const want = filters.map((filter) => filter.value);
    const query = input.value.trim();
    const address = new URL(location.href);
    address.search = "";
    if (query) address.searchParams.set("q", query);
    for (const filter of filters) if (filter.value) address.searchParams.set(filter.name, filter.value);
    try { history.replaceState(null, "", address); } catch { /* a file:// page may not */ }
    let found = null;
    try {
      found = await find(query, want);
    } catch {
      if (turn !== asked) return;
      list.replaceChildren();
      status.textContent = location.protocol === "file:"
        ? "A browser does not let a page from the disk read other files. Open the site with: toolrisk serve"
        : "The search index could not be read.";
      return;
    }
    if (turn !== asked) return;
    active = -1;
    input.removeAttribute("aria-activedescendant");
    const entries = found ? found.entries.slice(0, SHOWN) : [];
    list.replaceChildren(...entries.map(row));
    input.setAttribute("aria-expanded", String(entries.length > 0));
    if (!found) status.textContent = query ? "Letters or digits are needed." : "";
    else if (!entries.length) status.textContent = "Nothing found.";
    else if (found.total > entries.length) status.textContent = `${found.total.toLocaleString("en")} found, the first ${entries.length} shown.`;
    else status.textContent = found.total === 1 ? "1 found." : `${found.total} found.`;
  };

  let timer = 0;
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 120); });
  for (const filter of filters) filter.addEventListener("change", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { select(active + 1); event.preventDefault(); }
    else if (event.key === "ArrowUp") { select(active < 0 ? -1 : active - 1); event.preventDefault(); }
    else if (event.key === "Escape") { input.value = ""; show(); }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = list.children[active < 0 ? 0 : active];
    if (chosen && (active >= 0 || list.children.length === 1)) location.href = chosen.dataset.href;
    else show();
  });

  const given = new URL(location.href).searchParams;
  if (given.has("q")) input.value = given.get("q");
  for (const filter of filters) if (given.has(filter.name)) filter.value = given.get(filter.name);
  if (input.value) show();
  input.focus();
})();
