// Users, groups and their nesting.
function People({ world, turn }) {
  const { value, error } = useLoaded(() => ask("world", { world }), [world, turn]);
  const [chosen, setChosen] = useState(null);
  const graph = useMemo(() => graphOf(value || {}), [value]);
  const key = chosen && graph.nodes.has(chosen) ? chosen : null;
  const node = key && graph.nodes.get(key);
  if (error) return html`<${Problem} text=${error} />`;
  if (!value) return html`<p class="dim">Loading…</p>`;
  const options = [...graph.nodes].map(([id, one]) => html`<option value=${id}>${one.kind} ${one.name}</option>`);
  return html`
    <div class="row"><label class="field">Show<select value=${key || ""} onChange=${(e) => setChosen(e.target.value || null)}>
      <option value="">everybody</option>${options}</select></label>
      <span class="dim">${counted((value.users || []).length, "user")}, ${counted((value.groups || []).length, "group")}. Round is a user, square a group; members stand below. In small letters: privileges in the zone.</span></div>
    <${Drawing} graph=${graph} chosen=${key} onChoose=${(next) => setChosen(next === key ? null : next)} />
    ${node && html`<h2>${node.kind} ${node.name}</h2>
      <p class="mono dim">${node.id}</p>
      <p>In the zone: ${node.zone.length ? html`<code>${node.zone.join(", ")}</code>` : "nothing of its own"}</p>`}
    <h3>${node ? "Direct memberships" : "Every direct membership"}</h3>
    <table><thead><tr><th>Member</th><th>Group</th><th>Privileges</th></tr></thead><tbody>
      ${graph.edges.filter((edge) => !key || edge.from === key || edge.to === key).slice(0, 500).map((edge) => html`<tr>
        <td>${graph.nodes.get(edge.from).name}</td><td>${graph.nodes.get(edge.to).name}</td>
        <td class="mono">${edge.privileges.length > 12 ? `${edge.privileges.length} privileges` : edge.privileges.join(", ") || "none"}</td></tr>`)}
    </tbody></table>`;
}
