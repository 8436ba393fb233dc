// The drawing of users and groups: who is above is above; what is chosen is shown with everything it is connected to.
const NODE = { width: innerWidth < 760 ? 150 : 168, height: 44, gapX: 18, gapY: 62 };
const MOST_NODES = 60;

/** Nodes and edges of a world's snapshot. An edge leads from a member up to the group that it is a member of. */
function graphOf(world) {
  const nodes = new Map(), edges = [];
  for (const group of world.groups || []) nodes.set(`group ${group.id}`, { kind: "group", id: group.id, name: group.name || group.id, zone: group.zone_privileges });
  for (const user of world.users || []) nodes.set(`user ${user.id}`, { kind: "user", id: user.id, name: user.username || user.id, zone: user.zone_privileges });
  for (const group of world.groups || []) {
    const up = `group ${group.id}`;
    for (const [id, privileges] of Object.entries(group.users || {})) edges.push({ from: `user ${id}`, to: up, privileges });
    for (const [id, privileges] of Object.entries(group.children || {})) edges.push({ from: `group ${id}`, to: up, privileges });
  }
  return { nodes, edges };
}

/** Everything that is reached from a node, upwards and downwards. */
function reached(graph, start) {
  const found = new Set([start]);
  for (const [from, to] of [["from", "to"], ["to", "from"]]) {
    const todo = [start];
    for (const node of todo) for (const edge of graph.edges) {
      if (edge[from] === node && !found.has(edge[to])) { found.add(edge[to]); todo.push(edge[to]); }
    }
  }
  return found;
}

/** In which row each node stands: a group below the groups that it is in, users below all groups. Cycles end. */
function layersOf(graph, keys) {
  const parents = new Map([...keys].map((key) => [key, []]));
  for (const edge of graph.edges) if (keys.has(edge.from) && keys.has(edge.to)) parents.get(edge.from).push(edge.to);
  const depth = new Map();
  const depthOf = (key, path) => {
    if (depth.has(key)) return depth.get(key);
    if (path.has(key)) return 0;
    path.add(key);
    const value = Math.max(0, ...parents.get(key).map((up) => depthOf(up, path) + 1));
    path.delete(key);
    depth.set(key, value);
    return value;
  };
  const groups = [...keys].filter((key) => key.startsWith("group"));
  for (const key of groups) depthOf(key, new Set());
  const bottom = groups.length ? Math.max(...groups.map((key) => depth.get(key))) + 1 : 0;
  const rows = Array.from({ length: bottom + 1 }, () => []);
  for (const key of keys) rows[key.startsWith("user") ? bottom : depth.get(key)].push(key);
  return rows.filter((row) => row.length);
}

/** Places for the rows, each row in the order of its nodes' groups above. */
function placed(graph, rows) {
  const at = new Map(), wide = Math.max(...rows.map((row) => row.length), 1);
  const step = NODE.width + NODE.gapX;
  rows.forEach((row, y) => {
    const above = (key) => {
      const xs = graph.edges.filter((edge) => edge.from === key && at.has(edge.to)).map((edge) => at.get(edge.to).x);
      return xs.length ? xs.reduce((a, b) => a + b, 0) / xs.length : Infinity;
    };
    const order = new Map(row.map((key) => [key, above(key)]));
    row.sort((a, b) => order.get(a) - order.get(b) || 0);
    const start = ((wide - row.length) * step) / 2;
    row.forEach((key, x) => at.set(key, { x: 10 + start + x * step, y: 10 + y * (NODE.height + NODE.gapY) }));
  });
  return { at, width: wide * step, height: rows.length * (NODE.height + NODE.gapY) - NODE.gapY + 20 };
}

const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function Drawing({ graph, chosen, onChoose }) {
  const near = useMemo(() => (chosen ? reached(graph, chosen) : new Set()), [graph, chosen]);
  const keys = useMemo(() => {
    if (graph.nodes.size <= MOST_NODES) return new Set(graph.nodes.keys());
    return new Set([...(near.size ? near : graph.nodes.keys())].slice(0, MOST_NODES));
  }, [graph, near]);
  const plan = useMemo(() => placed(graph, layersOf(graph, keys)), [graph, keys]);
  const box = useRef(null);
  useEffect(() => { box.current.scrollLeft = (box.current.scrollWidth - box.current.clientWidth) / 2; }, [plan]); // to the top group
  const pick = (key) => (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onChoose(key);
  };
  return html`
    ${keys.size < graph.nodes.size && html`<p class="notice">${keys.size} of ${graph.nodes.size} users and groups are drawn: choose one, and those around it are.</p>`}
    <div class="scroll" ref=${box} tabindex="0" aria-label="The drawing" role="region"><svg width=${plan.width} height=${plan.height} role="group" aria-label="Users and groups; members stand below the groups that they are in">
      ${graph.edges.filter((edge) => keys.has(edge.from) && keys.has(edge.to)).map((edge) => {
        const from = plan.at.get(edge.from), to = plan.at.get(edge.to);
        const x1 = from.x + NODE.width / 2, y1 = from.y, x2 = to.x + NODE.width / 2, y2 = to.y + NODE.height, middle = (y1 + y2) / 2;
        const lit = near.has(edge.from) && near.has(edge.to);
        return html`<path class=${`edge ${lit ? "chosen" : ""}`} d=${`M${x1} ${y1} C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`}>
          <title>${graph.nodes.get(edge.from).name} in ${graph.nodes.get(edge.to).name}: ${edge.privileges.join(", ") || "no privilege"}</title></path>`;
      })}
      ${[...keys].map((key) => {
        const node = graph.nodes.get(key), { x, y } = plan.at.get(key);
        const zone = node.zone.length > 1 ? `${node.zone.length} zone privileges` : node.zone.join();
        return html`<g class=${`node ${key === chosen ? "chosen" : ""}`} tabindex="0" role="button" aria-pressed=${key === chosen ? "true" : "false"}
            aria-label=${`${node.kind} ${node.name}${zone && `, in the zone: ${zone}`}`} onClick=${pick(key)} onKeyDown=${pick(key)}>
          <title>${node.kind} ${node.name} (${node.id})</title>
          <rect class="box" x=${x} y=${y} width=${NODE.width} height=${NODE.height} rx=${node.kind === "user" ? 22 : 4} />
          <text x=${x + NODE.width / 2} y=${y + (zone ? 18 : 27)} text-anchor="middle">${shorten(node.name, 20)}</text>
          ${zone && html`<text class="zone" x=${x + NODE.width / 2} y=${y + 34} text-anchor="middle">${shorten(zone, Math.floor(NODE.width / 6.5))}</text>`}
        </g>`;
      })}
    </svg></div>`;
}
