// The page: which part of it is shown, and of which world.
const TABS = { requests: "Requests", people: "People and groups", access: "Who may do what", personas: "Personas", shaping: "Change" };

function useHash() {
  const [hash, setHash] = useState(location.hash.slice(1));
  useEffect(() => {
    const read = () => setHash(location.hash.slice(1));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  return hash;
}

function useWorld() {
  const asked = PREFIXED ?? new URLSearchParams(location.search).get("world") ?? "";
  const valid = asked === "" || asked === "*" || new RegExp(`^${WORLD_NAME}$`).test(asked);
  const [world, setWorld] = useState(valid ? asked : "");
  const [mistake, setMistake] = useState(valid ? "" : `${asked} names no world: a name has ${NAME_RULE}.`);
  const choose = (name) => {
    setWorld(name);
    setMistake("");
    history.replaceState(null, "", `${BASE}/_mock/${name ? `?world=${encodeURIComponent(name)}` : ""}${location.hash}`);
  };
  return [world, choose, mistake];
}

function App() {
  const hash = useHash();
  const tab = hash in TABS ? hash : "requests";
  const [world, setWorld, mistake] = useWorld();
  const [turn, setTurn] = useState(0);
  const changed = useCallback(() => setTurn((n) => n + 1), []);
  const { rows, live } = useJournal(world, changed);
  const index = useLoaded(() => ask(""), [turn, live]);
  const worlds = useLoaded(() => ask("worlds"), [turn, world]);
  const names = worlds.value ? worlds.value.worlds.map((one) => one.name) : [];
  const known = world && world !== "*" && !names.includes(world) ? [world, ...names] : names;
  const single = world === "*" ? "" : world;
  useEffect(() => {
    document.querySelector("nav.tabs [aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
  }, [tab]);
  useEffect(() => {
    document.title = `${TABS[tab]} · ${world ? `${nameOf(world)} · ` : ""}Onezone mock`;
  }, [tab, world]);
  return html`
    <header>
      <h1>Onezone mock <span class="dim">${index.value && html`<span class="wide">edition </span>${index.value.edition}`}</span></h1>
      <span class=${`state ${live ? "good" : "bad"}`} role="status"><span class="words">${live ? "connected" : "not connected, trying again"}</span></span>
      <span class="grow"></span>
      <label class="row">World <select value=${world} onChange=${(e) => setWorld(e.target.value)} onFocus=${worlds.again}>
        <option value="">the common world</option><option value="*">every world (requests)</option>${known.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>
      <a href=${DOCS}>The contract</a>
    </header>
    <nav class="tabs" aria-label="Parts of the page">${Object.entries(TABS).map(([name, title]) => html`
      <a href=${`#${name}`} aria-current=${name === tab ? "page" : undefined}>${title}</a>`)}</nav>
    ${index.value && index.value.mistake && html`<div class="notice bad mistake" role="alert"><b>Not reloaded: the mock goes on with what it had.</b>
      <code>${index.value.mistake}</code></div>`}
    <main>
      <${Problem} text=${mistake} />
      ${world === "*" && tab !== "requests" && html`<p class="notice">Every world has its own; this is the common world's.</p>`}
      ${tab === "requests" && html`<${Journal} world=${world} rows=${rows} live=${live} />`}
      ${tab === "people" && html`<${People} world=${single} turn=${turn} />`}
      ${tab === "access" && html`<${Access} world=${single} turn=${turn} />`}
      ${tab === "personas" && html`<${Personas} world=${single} turn=${turn} />`}
      ${tab === "shaping" && html`<${Shaping} world=${single} onWorld=${setWorld} turn=${turn} changed=${changed}
        paths=${index.value ? Object.keys(index.value.control) : []} />`}
    </main>
    <div id="said" role="status" aria-live="polite"></div>`;
}

const place = document.getElementById("app");
place.textContent = "";
render(html`<${App} />`, place);
