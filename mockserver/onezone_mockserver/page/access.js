// Who may do what, and why: an operation and the entities of its path, asked for everybody.
function Access({ world, turn }) {
  const operations = useLoaded(() => ask("operations"), []);
  const state = useLoaded(() => ask("world", { world }), [world, turn]);
  const [id, setId] = useState("create_group_handle_service");
  const [given, setGiven] = useState({});
  const all = operations.value ? operations.value.operations : [];
  const operation = all.find((one) => one.id === id) || all[0];
  const choices = (kind) => ((state.value || {})[`${kind}s`] || []).map((one) => ({ id: one.id, name: one.name || one.username || (one.details || {}).name || one.id }));
  const params = operation ? operation.parameters.map((one) => ({ ...one, choices: choices(one.kind), value: valueOf(choices(one.kind), given[one.name]) })) : [];
  const query = new URLSearchParams({ operation: id, ...Object.fromEntries(params.map((one) => [one.name, one.value])) });
  if (operation && operation.keys.length && given["keys"]) query.set("keys", given["keys"]);
  const ready = operation && state.value;
  const { value, error } = useLoaded(() => (ready ? ask(`explain?${query}`, { world }) : Promise.resolve(null)), [String(query), world, turn, Boolean(ready)]);
  const give = (name) => (event) => setGiven({ ...given, [name]: event.target.value });
  return html`
    <div class="row">
      <label class="field">Operation<select value=${id} onChange=${(e) => { setId(e.target.value); setGiven({}); }}>
        ${all.map((one) => html`<option value=${one.id}>${one.method} ${one.path}</option>`)}</select></label>
      ${params.map((one) => html`<label class="field" key=${one.name}>${one.name}${one.kind ? ` (${one.kind.replace(/_/g, " ")})` : ""}
        ${one.choices.length ? html`<select value=${one.value} onChange=${give(one.name)}>${one.choices.map((entity) => html`<option value=${entity.id}>${entity.name}</option>`)}</select>`
          : html`<input value=${one.value} onInput=${give(one.name)} />`}</label>`)}
      ${operation && operation.keys.length > 0 && html`<label class="field">With the key<select value=${given["keys"] || ""} onChange=${give("keys")}>
        <option value="">none</option>${operation.keys.map((key) => html`<option value=${key}>${key}</option>`)}</select></label>`}
    </div>
    ${operation && html`<p>${operation.summary} <a href=${`${DOCS}#${operation.id}`}>${operation.id}</a></p>`}
    <${Problem} text=${operations.error || state.error || error} />
    ${value && html`<table><thead><tr><th>User</th><th>May</th><th>Why, or what would have to be granted</th></tr></thead><tbody>
      ${value.explained.map((one) => html`<tr key=${one.user}>
        <td>${one.user || "no credentials"}</td>
        <td class=${`nowrap ${one.allowed ? "good" : "warn"}`}>${one.allowed ? "✓ yes" : "✗ no"}</td>
        <td><details><summary>${summaryOf(one)}</summary><${Routes} routes=${one.routes} /></details></td></tr>`)}
    </tbody></table>${value.left_off > 0 && html`<p class="dim">${value.left_off} more users are left off.</p>`}`}`;
}

/** What is asked about: what was given, unless the world has others to choose from. */
function valueOf(choices, given) {
  return choices.length && !choices.some((one) => one.id === given) ? choices[0].id : given ?? "none";
}

/** In a sentence: by which route, and through which groups; or what the route that comes closest lacks. */
function summaryOf(one) {
  if (one.allowed) {
    const route = one.routes.find((other) => other.name === one.route);
    const ways = route.needs.filter((need) => (need.through || []).length).map((need) => need.through.map((group) => group.name).join(" → "));
    return `route ${one.route}${ways.length ? `, through ${[...new Set(ways)].join("; ")}` : ""}`;
  }
  const missing = one.routes.map((route) => route.needs.filter((need) => !need.held));
  const least = missing.reduce((a, b) => (b.length < a.length ? b : a));
  return `needs ${[...new Set(least.map((need) => need.grant))].join(", and ")}`;
}
