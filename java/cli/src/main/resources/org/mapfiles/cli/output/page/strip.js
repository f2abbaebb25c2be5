// The strip of the address space: one row for each state, drawn by ECharts.
function makeStrip(element, view) {
  const chart = echarts.init(element, null, { renderer: "canvas" });
  const rows = view.states.length;
  let axis = makeAxis(view.states, view.scale);
  let zoom = [0, axis.total];
  let drawn = [];
  let selected = null;
  let planned = false;

  // Mappings that are too narrow to be seen are drawn together, so that the number of shapes has a limit.
  function visible(state, row) {
    const perPixel = (zoom[1] - zoom[0]) / Math.max(1, chart.getWidth() - 40);
    const shapes = [];
    let merged = null;
    for (const mapping of state.mappings) {
      const from = axis.x(mapping.start), to = axis.x(mapping.end);
      if (to < zoom[0] || from > zoom[1]) {
        continue;
      }
      const dim = view.matches !== null && !view.matches(mapping);
      if (to - from >= perPixel || mapping === selected) {
        merged = null;
        shapes.push({ row, from, to, mapping, count: 1, dim });
      } else if (merged && to - merged.from < 2 * perPixel) {
        merged.to = to;
        merged.count++;
        if (merged.dim && !dim || to - from > merged.width && merged.dim === dim) {
          merged.mapping = mapping;
          merged.width = to - from;
        }
        merged.dim = merged.dim && dim;
      } else {
        merged = { row, from, to, mapping, count: 1, dim, width: to - from };
        shapes.push(merged);
      }
    }
    return shapes;
  }

  function renderItem(params, api) {
    const shape = drawn[params.dataIndex];
    const area = params.coordSys;
    const left = Math.max(area.x, api.coord([shape.from, shape.row])[0]);
    const right = Math.min(area.x + area.width, api.coord([shape.to, shape.row])[0]);
    const height = area.height / rows - 6;
    const top = api.coord([shape.from, shape.row])[1] - height / 2;
    const width = Math.max(1, right - left - (right - left > 4 ? 1 : 0));
    const mapping = shape.mapping;
    const fill = colour(use(mapping));
    const size = mapping.end - mapping.start;
    const share = mapping.rss < 0 ? 1 : Math.min(1, mapping.rss / size);
    const opacity = (mapping.perms.startsWith("---") ? 0.45 : 1) * (shape.dim ? 0.18 : 1);
    const mark = view.marks && shape.count === 1 ? view.marks(mapping, shape.row) : null;
    const children = [
      { type: "rect", shape: { x: left, y: top, width, height }, style: { fill, opacity: opacity * 0.4,
        stroke: mapping === selected ? view.theme.mark : mark, lineWidth: mapping === selected || mark ? 2 : 0 } },
      { type: "rect", shape: { x: left, y: top + height * (1 - share), width, height: height * share },
        style: { fill, opacity } },
    ];
    if (width > 46 && !shape.dim) {
      children.push({ type: "text", silent: true, style: { x: left + 4, y: top + 5, text: baseName(title(mapping)),
        width: width - 8, overflow: "truncate", ellipsis: "…", font: "11px sans-serif", fill: view.theme.text } });
    }
    return { type: "group", children };
  }

  function draw() {
    planned = false;
    drawn = [];
    view.states.forEach((state, row) => drawn.push(...visible(state, row)));
    chart.setOption({ series: [{ id: "strip", data: drawn.map(shape => [shape.from, shape.row]) }] });
  }

  function plan() {
    if (!planned) {
      planned = true;
      requestAnimationFrame(draw);
    }
  }

  // A label near an end would be cut.
  function label(x) {
    const share = (x - zoom[0]) / (zoom[1] - zoom[0]);
    return share < 0.05 || share > 0.95 ? "" : hex(axis.address(x));
  }

  function layout() {
    element.style.height = (rows * 92 + 66) + "px";
    chart.resize();
    const soft = view.theme.soft;
    chart.setOption({
      animation: false,
      textStyle: { color: view.theme.text },
      grid: { left: 10, right: 10, top: 6, bottom: 58 },
      xAxis: { type: "value", min: 0, max: axis.total, splitLine: { show: false }, axisLine: { lineStyle: { color: soft } },
        splitNumber: 6,
        axisLabel: { color: soft, fontSize: 11, hideOverlap: true, showMinLabel: false, showMaxLabel: false, formatter: label } },
      yAxis: { type: "category", inverse: true, data: view.states.map((state, row) => String(row)), show: false },
      dataZoom: [
        { id: "inside", type: "inside", filterMode: "none", startValue: zoom[0], endValue: zoom[1], minSpan: 0 },
        { id: "slider", type: "slider", filterMode: "none", height: 18, bottom: 8, showDetail: false, showDataShadow: false,
          brushSelect: false, borderColor: view.theme.line, startValue: zoom[0], endValue: zoom[1] },
      ],
      series: [{ id: "strip", type: "custom", clip: true, renderItem, encode: { x: 0, y: 1 }, data: [] }],
    });
    draw();
  }

  function setZoom(from, to) {
    const width = Math.min(axis.total, Math.max(to - from, axis.total / 1e9));
    const start = Math.min(Math.max(0, from), axis.total - width);
    chart.dispatchAction({ type: "dataZoom", dataZoomId: "inside", startValue: start, endValue: start + width });
  }

  chart.on("datazoom", () => {
    const option = chart.getOption().dataZoom[0];
    zoom = [option.startValue, option.endValue];
    plan();
  });
  chart.on("mousemove", event => {
    const shape = drawn[event.dataIndex];
    view.showTip(event.event.event, shape && shape.mapping, shape && shape.count);
  });
  chart.on("globalout", () => view.hideTip());
  chart.on("mouseout", () => view.hideTip());
  chart.on("click", event => view.select(drawn[event.dataIndex].mapping));

  return {
    layout,
    draw: plan,
    resize: () => { chart.resize(); plan(); },
    rescale: () => { axis = makeAxis(view.states, view.scale); zoom = [0, axis.total]; layout(); },
    showAll: () => setZoom(0, axis.total),
    zoomBy: factor => {
      const middle = (zoom[0] + zoom[1]) / 2, half = (zoom[1] - zoom[0]) / 2 * factor;
      setZoom(middle - half, middle + half);
    },
    select: mapping => { selected = mapping; plan(); },
    // Shows a mapping, and zooms in if it is too narrow.
    show: mapping => {
      const from = axis.x(mapping.start), to = axis.x(mapping.end), span = zoom[1] - zoom[0];
      const tooNarrow = (to - from) / span < 0.004;
      if (tooNarrow || from < zoom[0] || to > zoom[1]) {
        const half = tooNarrow ? Math.max((to - from) * 20, axis.total / 1e6) : Math.max(span, to - from) / 2;
        setZoom((from + to) / 2 - half, (from + to) / 2 + half);
      }
    },
  };
}
