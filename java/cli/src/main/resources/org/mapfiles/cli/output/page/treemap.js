// A treemap of one state: groups, and what is in them.
const MAX_LEAVES = 50;

// Returns the groups with the largest members. The rest of a group is one leaf.
function makeTree(state, view) {
  const groups = new Map();
  for (const mapping of state.mappings) {
    const size = sizeOf(mapping, view.size);
    if (size === 0 || view.matches !== null && !view.matches(mapping)) {
      continue;
    }
    const key = groupOf(mapping, view.group);
    let group = groups.get(key);
    if (!group) {
      group = { size: 0, count: 0, leaves: new Map(), use: use(mapping) };
      groups.set(key, group);
    }
    const name = view.group === "file" ? use(mapping) + " " + mapping.perms
        : mapping.name || mapping.detail || "[" + mapping.kind + "]";
    let leaf = group.leaves.get(name);
    if (!leaf) {
      leaf = { name, size: 0, count: 0, use: use(mapping), mapping };
      group.leaves.set(name, leaf);
    }
    leaf.size += size;
    leaf.count++;
    group.size += size;
    group.count++;
  }
  const sorted = [...groups].sort((a, b) => b[1].size - a[1].size);
  const tree = sorted.slice(0, MAX_LEAVES).map(([key, group]) => node(key, group, view));
  const rest = sorted.slice(MAX_LEAVES);
  if (rest.length > 0) {
    tree.push(leafNode({ name: rest.length + " more", size: rest.reduce((sum, each) => sum + each[1].size, 0),
      count: rest.reduce((sum, each) => sum + each[1].count, 0), use: "unknown" }));
  }
  return tree;
}

// Thousands of files would be a leaf "more" with nothing in it. They are shown by directory.
function byDirectory(leaves) {
  if (leaves.length <= MAX_LEAVES) {
    return leaves;
  }
  const directories = new Map();
  for (const leaf of leaves) {
    const end = leaf.name.lastIndexOf("/");
    const key = leaf.name.startsWith("/") ? leaf.name.slice(0, end + 1) : leaf.name;
    const directory = directories.get(key);
    if (directory) {
      directory.size += leaf.size;
      directory.count += leaf.count;
      directory.search = key;
    } else {
      directories.set(key, { ...leaf, name: key });
    }
  }
  return [...directories.values()];
}

function node(key, group, view) {
  const leaves = byDirectory([...group.leaves.values()]).sort((a, b) => b.size - a.size);
  const children = leaves.slice(0, MAX_LEAVES).map(leafNode);
  const rest = leaves.slice(MAX_LEAVES);
  if (rest.length > 0) {
    children.push(leafNode({ name: rest.length + " more", size: rest.reduce((sum, leaf) => sum + leaf.size, 0),
      count: rest.reduce((sum, leaf) => sum + leaf.count, 0), use: group.use }));
  }
  return { name: key, value: group.size, count: group.count, search: view.group + ":" + key,
    itemStyle: { color: colour(group.use), borderColor: darker(colour(group.use)) }, children };
}

// A group's border colour is that of its head, and of the lines between its leaves.
const darker = text => "#" + [1, 3, 5].map(at => Math.round(parseInt(text.slice(at, at + 2), 16) * 0.78).toString(16).padStart(2, "0")).join("");

const leafNode = leaf => ({ name: leaf.name, value: leaf.size, count: leaf.count,
  search: leaf.search || (leaf.mapping && leaf.mapping.name ? "file:" + leaf.mapping.name : null),
  itemStyle: { color: colour(leaf.use) } });

function makeTreemap(element, state, view) {
  const chart = echarts.init(element, null, { renderer: "canvas" });
  const shortName = name => name.endsWith("/") && name.length > 24 ? "…" + name.slice(-24) : baseName(name);
  const short = size => view.size === "samples" ? size.toLocaleString("en") : bytes(size);
  const label = params => shortName(params.name) + "\n" + short(params.value);
  const draw = () => chart.setOption({
    animation: false,
    series: [{
      id: "treemap", type: "treemap", animation: false, animationDurationUpdate: 0, roam: false, nodeClick: false, breadcrumb: { show: false },
      left: 2, right: 2, top: 2, bottom: 2, visibleMin: 30, squareRatio: 0.9,
      label: { show: true, formatter: label, color: "#fff", fontSize: 11, lineHeight: 14, overflow: "truncate",
        textBorderColor: "#0006", textBorderWidth: 2 },
      upperLabel: { show: true, height: 20, color: "#fff", fontSize: 12, fontWeight: "bold", textBorderColor: "#0006",
        textBorderWidth: 2, formatter: params => baseName(params.name) + "  " + short(params.value) },
      itemStyle: { gapWidth: 1, borderColor: view.theme.back },
      levels: [
        { itemStyle: { borderWidth: 0, gapWidth: 3, borderColor: view.theme.back }, upperLabel: { show: false } },
        { itemStyle: { borderWidth: 2, gapWidth: 1 } },
        { itemStyle: { borderWidth: 0, gapWidth: 1 } },
      ],
      data: makeTree(state, view),
    }],
  });
  chart.on("mousemove", event => view.showTreeTip(event.event.event, event.data));
  chart.on("mouseout", () => view.hideTip());
  chart.on("globalout", () => view.hideTip());
  chart.on("click", event => event.data && event.data.search && view.search(event.data.search));
  return { draw, resize: () => chart.resize() };
}
