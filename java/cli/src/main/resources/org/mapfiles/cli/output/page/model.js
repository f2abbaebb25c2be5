// The data of the page, and what follows from it. Addresses and sizes are in units of 4 KiB: each is exact as a number.
const UNIT = 4096;
const ADDED = 0, REMOVED = 1, CHANGED = 2;
const COLOURS = {
  java_heap: "#e8743b", code_heap: "#19a979", metaspace: "#945ecf", class_space: "#b58ae0", cds: "#6f8fa0",
  thread_stack: "#13a4b4", gc: "#ed4a7b", library: "#5899da", file: "#7fa8d8", malloc: "#d9a200",
  direct_buffer: "#bf399e", jvm_other: "#a0705f", unknown: "#97a1ad", anonymous: "#97a1ad", heap: "#d9a200",
  stack: "#13a4b4", vdso: "#6f8fa0", vvar: "#6f8fa0", vsyscall: "#6f8fa0", named_anonymous: "#b0885a",
  shared_anonymous: "#bf399e", memfd: "#945ecf", sysv: "#e8743b", anon_inode: "#19a979", hugetlb: "#ed4a7b",
};

function readData() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const names = [];
  let name = "";
  for (let i = 0; i < data.names.length; i += 2) {
    name = name.slice(0, data.names[i]) + data.names[i + 1];
    names.push(name);
  }
  const mapping = (row, at, from) => ({
    start: from + row[at], end: from + row[at] + row[at + 1], offset: row[at + 2], perms: data.perms[row[at + 3]],
    name: names[row[at + 4]], kind: data.kinds[row[at + 5]], buildId: data.buildIds[row[at + 6]],
    region: data.regions[row[at + 7]], detail: data.details[row[at + 8]], rss: row[at + 9],
    samples: 0,
  });
  const states = data.states.map(state => {
    const mappings = [];
    let end = 0;
    for (let i = 0; i < state.mappings.length; i += 10) {
      const each = mapping(state.mappings, i, end);
      mappings.push(each);
      end = each.end;
    }
    let at = 0;
    for (let i = 0; state.samples && i < state.samples.length; i += 2) {
      at += state.samples[i];
      mappings[at++].samples = state.samples[i + 1];
    }
    const changes = state.changes.map(row => ({
      time: row[0], type: row[1], start: row[2], end: row[2] + row[3], mapping: row.length > 2 ? mapping(row, 4, 0) : null,
    }));
    return { label: state.label, time: state.time, pid: state.pid, initial: mappings, mappings, changes,
      unmapped: state.samples ? state.unmapped : -1 };
  });
  return { states, sameProcess: data.sameProcess };
}

// What a mapping is for: its region in a JVM, else its kind.
const use = mapping => mapping.region || mapping.kind;
const colour = name => COLOURS[name] || "#8c6f5c";
const baseName = name => name.slice(name.lastIndexOf("/", name.length - 2) + 1) || name;
const detail = mapping => mapping.detail && mapping.detail !== mapping.name ? mapping.detail : "";
const title = mapping => detail(mapping) || mapping.name || use(mapping);
const purpose = mapping => use(mapping) + (detail(mapping) ? ": " + detail(mapping) : "");

function groupOf(mapping, by) {
  return by === "kind" ? mapping.kind : by === "file" ? mapping.name || "[" + mapping.kind + "]" : use(mapping);
}

function sizeOf(mapping, mode) {
  return mode === "samples" ? mapping.samples : mode === "rss" ? Math.max(0, mapping.rss) : mapping.end - mapping.start;
}

// Hexadecimal of an address above 2^53 is exact too: it is made of the number of the unit.
const hex = units => units === 0 ? "0" : units.toString(16) + "000";
const range = mapping => hex(mapping.start) + "-" + hex(mapping.end);

function bytes(units) {
  if (units < 0) {
    return "?";
  }
  if (units === 0) {
    return "0";
  }
  const sign = "KMGTPE"; // as Sizes.human() prints them: at most one decimal, which is not 0, and none from 100 on
  let value = units * 4;
  for (let step = 0; ; step++) {
    const tenths = value >= 99.95 ? 10 * Math.round(Math.min(value, 1024)) : Math.round(10 * value);
    if (tenths < 10 * 1024 || step === sign.length - 1) {
      return tenths / 10 + sign[step];
    }
    value /= 1024;
  }
}

// Returns a size in words.
const amount = (size, mode) => mode === "samples" ? size.toLocaleString("en") + (size === 1 ? " sample" : " samples") : bytes(size) + " " + mode;

const signed = units => (units > 0 ? "+" : units < 0 ? "-" : "") + bytes(Math.abs(units));

// Returns a test of a mapping. An address finds the mapping that covers it.
function matcher(text) {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") {
    return null;
  }
  const exact = /^(file|use|kind):(.*)$/.exec(text.trim());
  if (exact) {
    return mapping => groupOf(mapping, exact[1]) === exact[2];
  }
  const address = /^(0x)?([0-9a-f]{4,16})$/.exec(wanted);
  const unit = address ? Number(BigInt("0x" + address[2]) >> 12n) : -1;
  return mapping => unit >= mapping.start && unit < mapping.end
      || mapping.name.toLowerCase().includes(wanted) || mapping.detail.toLowerCase().includes(wanted)
      || mapping.region.includes(wanted) || mapping.kind.includes(wanted) || mapping.perms === wanted
      || wanted.length > 5 && mapping.buildId.startsWith(wanted) || range(mapping).startsWith(wanted);
}

// Replays the changes of a recording up to an index.
function replay(state, count) {
  const live = new Map(state.initial.map(each => [each.start, each]));
  for (let i = 0; i < count; i++) {
    const change = state.changes[i];
    if (change.type === REMOVED || change.type === CHANGED) {
      live.delete(change.start);
    }
    if (change.type === ADDED || change.type === CHANGED) {
      live.set(change.mapping.start, change.mapping);
    }
  }
  return [...live.values()].sort((a, b) => a.start - b.start);
}

// An axis of all mappings of all states and times, without the gaps between them.
function makeAxis(states, scale) {
  const edges = new Map();
  const add = mapping => {
    edges.set(mapping.start, (edges.get(mapping.start) || 0) + 1);
    edges.set(mapping.end, (edges.get(mapping.end) || 0) - 1);
  };
  states.forEach(state => {
    state.initial.forEach(add);
    state.changes.forEach(change => change.type !== REMOVED && change.mapping && add(change.mapping));
  });
  const at = Float64Array.from(edges.keys()).sort();
  const position = new Float64Array(at.length);
  const width = scale === "log" ? size => Math.log2(1 + size) : size => size;
  let depth = 0, total = 0, gaps = 0;
  for (let i = 0; i + 1 < at.length; i++) {
    depth += edges.get(at[i]);
    total += depth > 0 ? width(at[i + 1] - at[i]) : 0;
    gaps += depth > 0 ? 0 : 1;
  }
  const gap = gaps === 0 ? 0 : Math.min(total / 300, total * 0.1 / gaps);
  depth = 0;
  for (let i = 0; i + 1 < at.length; i++) {
    depth += edges.get(at[i]);
    position[i + 1] = position[i] + (depth > 0 ? width(at[i + 1] - at[i]) : gap);
  }
  const index = new Map();
  at.forEach((edge, i) => index.set(edge, i));
  return {
    total: position[at.length - 1] || 1,
    x: edge => position[index.get(edge)],
    address: x => {
      let low = 0, high = at.length - 1;
      while (low < high) {
        const middle = low + high + 1 >> 1;
        if (position[middle] <= x) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      return at[low];
    },
  };
}

// Finds what differs between two states: files with their build ID, and other memory by use.
function compare(before, now, sameProcess) {
  const groups = new Map();
  const add = (mapping, sign) => {
    // The thread IDs of another process are others: its threads are compared by their names.
    const purpose = sameProcess || mapping.region !== "thread_stack" ? mapping.detail : mapping.detail.replace(/^[0-9]+ /, "");
    const name = mapping.name || purpose || "";
    // In text of maps the kernel's mark of a deleted file may be a part of a name.
    const key = use(mapping) + "\n" + name.replace(/ \(deleted\?\)$/, " (deleted)") + "\n" + mapping.buildId;
    let group = groups.get(key);
    if (!group) {
      group = { use: use(mapping), name, buildId: mapping.buildId, count: 0, size: 0, rss: 0, samples: 0, known: true };
      groups.set(key, group);
    }
    group.count += sign;
    group.size += sign * (mapping.end - mapping.start);
    group.rss += sign * mapping.rss;
    group.samples += sign * mapping.samples;
    group.known = group.known && mapping.rss >= 0;
  };
  before.forEach(mapping => add(mapping, -1));
  now.forEach(mapping => add(mapping, 1));
  return [...groups.values()].filter(group => group.count || group.size || group.samples || group.known && group.rss)
      .sort((a, b) => Math.abs(b.rss) - Math.abs(a.rss) || Math.abs(b.size) - Math.abs(a.size));
}
