// Worlds, snapshots, overrides and faults: what can be changed while the mock runs.
/** What buttons do: a function that makes a handler, which says what was done, and what went wrong in the last one. */
function useWork(changed) {
  const [problem, setProblem] = useState("");
  const act = (text, work) => async () => {
    setProblem("");
    try {
      await work();
      announce(text);
      changed();
    } catch (error) {
      setProblem(error.message);
    }
  };
  return [act, problem];
}

const agoOf = (seconds) => (seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

function Shaping({ world, onWorld, turn, paths, changed }) {
  const [act, problem] = useWork(changed);
  const worlds = useLoaded(() => ask("worlds"), [turn]);
  const save = act("Snapshot saved", async () => saveFile(`world-${world || "common"}.json`, JSON.stringify(await ask("world", { world }), null, 2), "application/json"));
  const load = async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    const type = /\.ya?ml$/i.test(file.name) ? "application/yaml" : "application/json";
    await act(`${file.name} loaded`, async () => ask("world", { world, method: "PUT", body: await file.text(), type }))();
    event.target.value = "";
  };
  const [name, setName] = useState("");
  const make = (event) => {
    event.preventDefault();
    act(`World ${name} created`, async () => { await ask("world", { world: name }); onWorld(name); setName(""); })();
  };
  return html`<${Problem} text=${problem} />
    <h2>This world: ${nameOf(world)}</h2>
    <div class="row">
      <button class="danger" onClick=${act(`${world || "The common world"} was reset`, () => ask("reset", { world, method: "POST" }))}>Reset to the scenario</button>
      <button onClick=${save}>Save a snapshot</button>
      <label class="field">Load a snapshot or a scenario (JSON, YAML)<input type="file" accept=".json,.yaml,.yml" onChange=${load} /></label>
    </div>
    <h2>Worlds</h2>
    <${Problem} text=${worlds.error} />
    <table><thead><tr><th>Name</th><th>Requests</th><th>Unused for</th><th></th></tr></thead><tbody>
      ${worlds.value && worlds.value.worlds.map((one) => html`<tr key=${one.name}><td>${one.name}</td><td>${one.requests}</td><td>${agoOf(one.unused_s)}</td>
        <td><button onClick=${() => onWorld(one.name)} aria-label=${`Show ${one.name}`}>Show</button> <button class="danger" aria-label=${`Remove ${one.name}`}
          onClick=${act(`World ${one.name} removed`, async () => { await ask(`worlds/${one.name}`, { method: "DELETE" }); if (one.name === world) onWorld(""); })}>Remove</button></td></tr>`)}
      ${worlds.value && !worlds.value.worlds.length && html`<tr><td colspan="4" class="dim">Only the common world. A request that names another creates it.</td></tr>`}
    </tbody></table>
    <form class="row" onSubmit=${make}><label class="field">Name<input value=${name} onInput=${(e) => setName(e.target.value)} required pattern=${WORLD_NAME} title=${NAME_RULE} /></label><button>Create a world</button></form>
    ${paths.includes("/_mock/overrides") && html`<${OverridesPart} world=${world} turn=${turn} changed=${changed} />`}
    <${Faults} turn=${turn} changed=${changed} />`;
}

const CREATE = { operation: "create_group_handle_service" };
const EXAMPLES = {
  "Twice 503 with Retry-After, then as usual": { when: CREATE, times: 2, then: { status: 503, headers: { "Retry-After": "1" } } },
  "429 with Retry-After, once": { when: CREATE, times: 1, then: { status: 429, headers: { "Retry-After": "1" } } },
  "The connection ends without an answer, once": { when: CREATE, times: 1, then: { drop: true } },
  "The answer is cut after 20 bytes, once": { when: { method: "GET" }, times: 1, then: { cut: 20 } },
  "Every answer takes 2 seconds": { then: { wait: 2 } },
  "An answer of your own": { when: { path: "/spaces" }, then: { status: 200, body: { spaces: [] } } },
};

function OverridesPart({ world, turn, changed }) {
  const [act, problem] = useWork(changed);
  const { value, error, again } = useLoaded(() => ask("overrides", { world }), [world, turn]);
  const [text, setText] = useState(pretty(JSON.stringify(Object.values(EXAMPLES)[0])));
  const add = act("Override added", () => ask("overrides", { world, method: "POST", body: text }));
  const any = Boolean(value && value.overrides.length);
  useEffect(() => {
    const timer = any && setInterval(again, 1000);
    return () => clearInterval(timer);
  }, [any, again]);
  return html`<h2>Answers for some requests</h2><${Problem} text=${error} />
    ${any && html`<table><thead><tr><th>Used</th><th>Override</th></tr></thead><tbody>${value.overrides.map(({ used, ...rule }) => html`
      <tr><td class="nowrap">used ${used}${rule.times ? ` of ${rule.times}` : ""}</td><td class="mono">${JSON.stringify(rule)}</td></tr>`)}</tbody></table>`}
    <div class="row"><label class="field">Begin with<select onChange=${(e) => setText(pretty(JSON.stringify(EXAMPLES[e.target.value])))}>
      ${Object.keys(EXAMPLES).map((name) => html`<option value=${name}>${name}</option>`)}</select></label></div>
    <label class="field">An override<textarea class="mono" value=${text} onInput=${(e) => setText(e.target.value)}></textarea></label>
    <${Problem} text=${problem} />
    <div class="row"><button onClick=${add}>Add</button>
      <button class="danger" disabled=${!any} onClick=${act("Overrides removed", () => ask("overrides", { world, method: "DELETE" }))}>Remove all</button></div>`;
}

function Faults({ turn, changed }) {
  const [act, problem] = useWork(changed);
  const { value, error } = useLoaded(() => ask("faults"), [turn]);
  const [sought, setSought] = useState("");
  const [picked, setPicked] = useState(null);
  const on = useMemo(() => new Set(value ? value.faults.filter((one) => one.on).map((one) => one.id) : []), [value]);
  useEffect(() => setPicked(null), [value]);
  const chosen = picked || on;
  const flip = (id) => () => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setPicked(next);
  };
  const shown = value ? value.faults.filter((one) => chosen.has(one.id) || `${one.id} ${one.text}`.toLowerCase().includes(sought.toLowerCase())) : [];
  return html`<h2>Faults of the whole server</h2><${Problem} text=${error} />
    <p class="dim">Every world starts anew when faults are switched. On now: ${[...on].join(", ") || "none"}.</p>
    <div class="row"><label class="field">Search<input type="search" value=${sought} onInput=${(e) => setSought(e.target.value)} /></label>
      <button onClick=${act("Faults switched", () => ask("faults", { method: "PUT", body: [...chosen] }))} disabled=${!picked}>Switch: ${chosen.size} on</button>
      <button onClick=${act("No faults", () => ask("faults", { method: "PUT", body: [] }))} disabled=${!on.size}>All off</button></div>
    <${Problem} text=${problem} />
    <div class="faults" tabindex="0" role="group" aria-label="Faults">${shown.slice(0, 200).map((one) => html`<label key=${one.id}>
      <input type="checkbox" checked=${chosen.has(one.id)} onChange=${flip(one.id)} /> <code>${one.id}</code> ${one.text}</label>`)}
      ${shown.length > 200 && html`<p class="dim">${shown.length - 200} more: search for them.</p>`}</div>`;
}
