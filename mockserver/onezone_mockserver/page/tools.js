// What all parts of the page share: Preact, the mock's answers, and small helpers.
const { html, render, useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback } = htmPreact;
const [, BASE, PREFIXED] = location.pathname.match(/^(.*?)(?:\/_world\/([^/]+))?\/_mock\/?$/);
const WORLD_NAME = "[A-Za-z0-9][A-Za-z0-9._~\\-]{0,99}";
const NAME_RULE = "1 to 100 letters, digits and . _ ~ -, the first a letter or a digit";

/** Ask the control plane, in a world; gives the answer's JSON, or throws an Error with what it says.
 *  The query names the world, also the common one: a cookie of this host may name another. */
async function ask(path, { world, method = "GET", body, type = "application/json" } = {}) {
  const headers = body === undefined ? {} : { "Content-Type": type };
  if (world !== undefined) path += `${path.includes("?") ? "&" : "?"}world=${encodeURIComponent(world)}`;
  const payload = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(`${BASE}/_mock/${path}`, { method, headers, body: payload, cache: "no-store" });
  const text = await answer.text();
  const isJson = (answer.headers.get("content-type") || "").includes("json");
  const value = isJson && text ? JSON.parse(text) : text;
  if (!answer.ok) throw new Error((typeof value.error === "string" && value.error) || answer.headers.get("X-Mock-Reason") || `${answer.status} ${answer.statusText}`);
  return value;
}

/** What `load` gives, again whenever `inputs` change; with the error where there is one, and a way to ask again. */
function useLoaded(load, inputs) {
  const [state, setState] = useState({ value: null, error: "" });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    load().then(
      (value) => current && setState({ value, error: "" }),
      (error) => current && setState({ value: null, error: error.message }),
    );
    return () => { current = false; };
  }, [...inputs, turn]);
  return { ...state, again: useCallback(() => setTurn((n) => n + 1), []) };
}

const DOCS = `${BASE}/_mock/docs`;
const nameOf = (world) => (world === "*" ? "every world" : world || "the common world");
const urlIn = (world, path) => `${location.origin}${BASE}${world ? `/_world/${world}` : ""}${path}`;
const quoted = (text) => `'${text.replace(/'/g, "'\\''")}'`;
const counted = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
const classOf = (status) => (status >= 500 ? "bad" : status >= 400 ? "warn" : status ? "good" : "dim");
const pretty = (text) => {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
};

/** Says for a moment what has happened, to those who do not see the page, too. */
function announce(text) {
  const place = document.getElementById("said");
  place.textContent = text;
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => { place.textContent = ""; }, 4000);
}

function CopyButton({ text, what }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    setDone(true);
    announce(`Copied for ${what}`);
    setTimeout(() => setDone(false), 1500);
  };
  return html`<button class="copy" onClick=${copy} aria-label=${`Copy ${what}`}>${done ? "Copied" : what}</button>`;
}

/** What went wrong, brought in sight. */
function Problem({ text }) {
  const place = useRef(null);
  useEffect(() => { if (text) place.current.scrollIntoView({ block: "nearest" }); }, [text]);
  return text ? html`<p class="notice bad" role="alert" ref=${place}>${text}</p>` : null;
}

function saveFile(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The routes of a decision: what each needs, what is held and through which groups, and what would have to be granted. */
function Routes({ routes }) {
  return html`<ul class="routes">${routes.map((route) => html`
    <li key=${route.name}><b>${route.name}</b>
      <span class=${route.allows ? "good" : "warn"}> ${route.allows ? "allows" : "does not allow"}</span>
      <ul>${route.needs.map((need) => html`<li><${Need} need=${need} /></li>`)}</ul>
      ${route.needs.length === 0 && html`<span class="dim">needs nothing</span>`}
    </li>`)}</ul>`;
}

function Need({ need }) {
  const what = need.privilege || (need.of ? "membership" : need.scope);
  const where = need.of ? ` in the ${need.of.kind.replace(/_/g, " ")} ${need.of.name}` : need.scope === "zone" ? " in the zone" : "";
  const way = (need.through || []).map((group) => group.name).join(" → ");
  return html`<span class=${need.held ? "good" : "warn"}>${need.held ? "✓" : "✗"}</span><span class="visually-hidden">${need.held ? "held:" : "missing:"}</span>\u00a0<code>${what}</code>${where}
    ${need.held && way && html`<span class="dim">, through ${way}</span>`}
    ${need.held && need.through && !way && html`<span class="dim">, directly</span>`}
    ${!need.held && html`<br /><span class="dim">needs ${need.grant}</span>`}`;
}
