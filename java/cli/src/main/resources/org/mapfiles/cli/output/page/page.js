// Connects the charts, the table, the search and the keyboard. Text from the data is set by textContent only.
(function () {
  const byId = id => document.getElementById(id);
  const data = readData();
  const states = data.states;
  const recording = states[0].changes.length > 0 ? states[0] : null;
  const hasRss = states.some(state => state.mappings.some(mapping => mapping.rss >= 0));
  const hasSamples = states[0].unmapped >= 0;
  const modes = ["reserved"].concat(hasRss ? "rss" : [], hasSamples ? "samples" : []);
  const style = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const theme = () => ({ back: style("back"), text: style("text"), soft: style("soft"), line: style("line"), mark: style("mark") });
  const view = { states, scale: "log", group: "use", size: modes[modes.length - 1], matches: null, marks: null,
    theme: theme(), showTip, showTreeTip, hideTip, select, search: text => { byId("search").value = text; find(); } };
  let selected = null, found = [], strip, treemaps;

  function element(tag, text, parent) {
    const made = document.createElement(tag);
    if (text !== undefined) {
      made.textContent = text;
    }
    if (parent) {
      parent.append(made);
    }
    return made;
  }

  function facts(mapping) {
    const list = [["", range(mapping) + " " + mapping.perms], ["size ", bytes(mapping.end - mapping.start)],
      ["RSS ", bytes(mapping.rss)], ["use ", purpose(mapping)]];
    if (hasSamples) {
      list.push(["samples ", mapping.samples.toLocaleString("en")]);
    }
    if (mapping.name) {
      list.push(["name ", mapping.name], ["offset ", "0x" + hex(mapping.offset)]);
    }
    if (mapping.buildId) {
      list.push(["build ID ", mapping.buildId]);
    }
    return list;
  }

  function place(event) {
    const tip = byId("tip");
    tip.hidden = false;
    const x = event.clientX + 16, y = event.clientY + 16;
    tip.style.left = Math.max(4, Math.min(x, innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = (y + tip.offsetHeight > innerHeight ? Math.max(4, event.clientY - tip.offsetHeight - 12) : y) + "px";
  }

  function showTip(event, mapping, count) {
    const tip = byId("tip");
    tip.textContent = "";
    if (mapping) {
      element("b", title(mapping), tip);
      facts(mapping).forEach(([label, text]) => element("div", label + text, tip));
      if (count > 1) {
        element("div", "and " + (count - 1) + " more mappings here: zoom in", tip);
      }
      place(event);
    }
  }

  function showTreeTip(event, node) {
    const tip = byId("tip");
    tip.textContent = "";
    if (node && node.name) {
      element("b", node.name, tip);
      element("div", amount(node.value, view.size) + ", " + node.count + (node.count === 1 ? " mapping" : " mappings"), tip);
      place(event);
    }
  }

  function hideTip() {
    byId("tip").hidden = true;
  }

  function select(mapping) {
    selected = mapping;
    const details = byId("details");
    details.textContent = "";
    if (mapping) {
      element("b", title(mapping), details);
      element("br", undefined, details);
      facts(mapping).forEach(([label, text]) => element("span", label + text, details));
      strip.show(mapping);
    }
    strip.select(mapping);
  }

  // Makes a table whose rows are added in steps: one of 60,000 rows would be slow.
  function table(parent, heads, items, cells, onClick) {
    parent.textContent = "";
    const made = element("table", undefined, parent);
    const head = element("tr", undefined, element("thead", undefined, made));
    heads.forEach(text => element("th", text, head));
    const body = element("tbody", undefined, made);
    const more = element("button", undefined, parent);
    more.type = "button";
    let shown = 0;
    const add = count => {
      items.slice(shown, shown + count).forEach(item => {
        const row = element("tr", undefined, body);
        cells(item).forEach(text => element("td", text, row));
        if (onClick) {
          row.addEventListener("click", () => onClick(item));
        }
      });
      shown = Math.min(items.length, shown + count);
      more.hidden = shown === items.length;
      more.textContent = "Show more of the " + (items.length - shown) + " others";
    };
    more.addEventListener("click", () => add(500));
    add(100);
  }

  function list() {
    const state = states[states.length - 1];
    found = view.matches === null ? state.mappings : state.mappings.filter(view.matches);
    table(byId("list"), ["Range", "Perms", "Size", "Resident"].concat(hasSamples ? "Samples" : [], "Use", "Name"), found,
      mapping => [range(mapping), mapping.perms, bytes(mapping.end - mapping.start), bytes(mapping.rss)].concat(
          hasSamples ? String(mapping.samples) : [], purpose(mapping), mapping.name), mapping => { select(mapping); byId("strip").scrollIntoView({ block: "center" }); });
    const sum = mode => amount(found.reduce((total, mapping) => total + sizeOf(mapping, mode), 0), mode);
    byId("count").textContent = (states.length > 1 ? "2: " : "") + [found.length + " mappings"].concat(modes.map(sum)).join(", ");
  }

  function captions() {
    states.forEach((state, i) => {
      const total = state.mappings.reduce((sum, mapping) => sum + sizeOf(mapping, view.size), 0);
      byId("maps").children[i].firstChild.textContent =
          (states.length > 1 ? (i + 1) + ": " : "") + state.label + (state.time && !recording ? ", " + state.time.slice(0, 19).replace("T", " ") + " UTC" : "") + ": "
          + amount(total, view.size)
          + (view.size === "samples" && state.unmapped > 0 ? ", " + state.unmapped.toLocaleString("en") + " more in no mapping" : "");
    });
  }

  function legend() {
    const uses = new Set();
    states.forEach(state => state.mappings.forEach(mapping => uses.add(use(mapping))));
    byId("legend").textContent = "";
    [...uses].sort().forEach(name => {
      const item = element("span", undefined, byId("legend"));
      element("i", undefined, item).style.background = colour(name);
      item.append(name);
    });
    if (view.marks) {
      element("span", "outlined: only in this state, or changed", byId("legend"));
    }
  }

  function draw() {
    strip.draw();
    treemaps.forEach(treemap => treemap.draw());
    captions();
    list();
  }

  function find() {
    view.matches = matcher(byId("search").value);
    draw();
  }

  function begin() {
    byId("app").hidden = false;
    byId("size").value = view.size;
    [...byId("size").options].filter(option => !modes.includes(option.value)).forEach(option => option.remove());
    byId("size").disabled = modes.length === 1;
    if (states.length === 2 && data.sameProcess) {
      const key = mapping => [mapping.start, mapping.end, mapping.perms, mapping.name].join("\n");
      const keys = states.map(state => new Set(state.mappings.map(key)));
      view.marks = (mapping, row) => keys[1 - row].has(key(mapping)) ? null : row === 0 ? "#e5484d" : "#30a46c";
    }
    const places = states.map(() => {
      const figure = element("figure", undefined, byId("maps"));
      element("figcaption", "", figure);
      const place = element("div", undefined, figure);
      place.className = "chart";
      return place;
    });
    treemaps = states.map((state, i) => makeTreemap(places[i], state, view)); // their widths are final

    strip = makeStrip(byId("strip"), view);
    strip.layout();
    legend();
    draw();
    if (states.length === 2) {
      byId("changes").hidden = false;
      const groups = compare(states[0].mappings, states[1].mappings, data.sameProcess);
      const more = number => (number > 0 ? "+" : "") + number.toLocaleString("en");
      table(byId("changed"), ["Use", "Mappings", "Size", "Resident"].concat(hasSamples ? "Samples" : [], "Name"), groups, group => [group.use,
        more(group.count), signed(group.size), group.known ? signed(group.rss) : "?"].concat(hasSamples ? more(group.samples) : [],
        group.name + (group.buildId ? "  build ID " + group.buildId : "")));
      if (groups.length === 0) {
        byId("changed").textContent = "Nothing.";
      }
    }
    if (recording) {
      time();
    }
  }

  function time() {
    const slider = byId("moment");
    const texts = ["added", "removed", "changed", "another program runs (execve)", "changes may be missing up to here"];
    let timer = 0;
    byId("time").hidden = false;
    slider.max = recording.changes.length;
    const move = () => {
      const index = Number(slider.value);
      recording.mappings = replay(recording, index);
      const change = recording.changes[index - 1];
      byId("change").textContent = change ? new Date(change.time).toISOString().replace("T", " ").replace("Z", " UTC, ")
          + texts[change.type] + (change.mapping ? " " + range(change.mapping) + " " + title(change.mapping) : "")
          : "start, " + (recording.time || "");
      draw();
    };
    slider.addEventListener("input", move);
    byId("play").addEventListener("click", () => {
      if (timer) {
        clearInterval(timer);
        timer = 0;
      } else {
        slider.value = Number(slider.value) >= recording.changes.length ? 0 : slider.value;
        const step = Math.max(1, Math.ceil(recording.changes.length / 200));
        timer = setInterval(() => {
          slider.value = Math.min(recording.changes.length, Number(slider.value) + step);
          move();
          if (Number(slider.value) >= recording.changes.length) {
            byId("play").click();
          }
        }, 100);
      }
      byId("play").textContent = timer ? "Stop" : "Play";
    });
    move();
  }

  function step(by) {
    if (found.length > 0) {
      const index = found.indexOf(selected);
      select(found[index < 0 ? 0 : Math.max(0, Math.min(found.length - 1, index + by))]);
    }
  }

  function cycle(id) {
    const choice = byId(id);
    if (!choice.disabled) {
      choice.selectedIndex = (choice.selectedIndex + 1) % choice.options.length;
      choice.dispatchEvent(new Event("change"));
    }
  }

  const keys = { "+": () => strip.zoomBy(0.5), "=": () => strip.zoomBy(0.5), "-": () => strip.zoomBy(2),
    "0": () => strip.showAll(), ArrowLeft: () => step(-1), ArrowRight: () => step(1), g: () => cycle("group"),
    s: () => cycle("size"), "/": () => byId("search").focus(), Escape: () => { select(null); view.search(""); } };

  begin();
  byId("search").addEventListener("input", find);
  byId("group").addEventListener("change", event => { view.group = event.target.value; draw(); });
  byId("size").addEventListener("change", event => { view.size = event.target.value; draw(); });
  byId("scale").addEventListener("change", event => { view.scale = event.target.value; strip.rescale(); });
  addEventListener("resize", () => { strip.resize(); treemaps.forEach(treemap => treemap.resize()); });
  addEventListener("keydown", event => {
    const inField = event.target.matches("input, select") && event.key !== "Escape";
    if (!inField && !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    view.theme = theme();
    strip.layout();
    treemaps.forEach(treemap => treemap.draw());
  });
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
})();
