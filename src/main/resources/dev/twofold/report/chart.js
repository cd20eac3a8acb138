/* The charts' colours, and when they are drawn: at the start, when the width or the colour scheme changes, and in light
   colours for paper. */

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/* Hues of Okabe and Ito, which readers with any colour vision can tell apart. */
const LIGHT = {
  paper: "#ffffff",
  ink: "#1b1f24",
  muted: "#59636e",
  rule: "#e3e7ec",
  band: "#f3f5f8",
  series: ["#0072b2", "#d55e00", "#00825f", "#aa4f86"],
  faint: "#a9c9e2",
  error: "#1b1f24",
};
const DARK = {
  paper: "#15181c",
  ink: "#e7eaee",
  muted: "#9ca7b3",
  rule: "#2c333b",
  band: "#1d2127",
  series: ["#56b4e9", "#f0a030", "#2fc79b", "#e29ac8"],
  faint: "#2b5470",
  error: "#e7eaee",
};
const SYMBOLS = ["circle", "diamond", "triangle", "rect"];
/* Viridis: its lightness rises evenly, so that it also reads in grey. */
const VIRIDIS = [
  "#440154",
  "#482878",
  "#3e4a89",
  "#31688e",
  "#26828e",
  "#1f9e89",
  "#35b779",
  "#6ece58",
  "#b5de2b",
  "#fde725",
];

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const charts = [];
let printing = false;

const theme = () => (dark.matches && !printing ? DARK : LIGHT);

/**
 * Puts a chart into the page.
 *
 * @param label what a reader who does not see it is told
 * @param option from theme and width in pixels to ECharts' option
 * @param paper its size on paper, in pixels
 */
function chart(id, label, option, paper = { width: 700, height: 270 }) {
  const place = byId(id);
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", label);
  const entry = { place, option, paper, made: echarts.init(place, null, { renderer: "svg" }) };
  charts.push(entry);
  draw(entry);
}

function draw({ made, option }) {
  const colours = theme();
  const base = {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { fontFamily: FONT, color: colours.ink },
    tooltip: {
      confine: true,
      backgroundColor: colours.paper,
      borderColor: colours.muted,
      textStyle: { color: colours.ink, fontFamily: FONT, fontSize: 13 },
    },
  };
  const special = option(colours, made.getWidth());
  made.setOption({ ...base, ...special, tooltip: { ...base.tooltip, ...special.tooltip } }, { notMerge: true });
}

const drawAll = () => charts.forEach(draw);

/** What a tooltip says: a title, and names with numbers. */
const tip = (title, rows) =>
  element(
    "div",
    { class: "tip" },
    element("strong", {}, title),
    element(
      "table",
      {},
      rows.map(([key, value]) => element("tr", {}, element("td", {}, key), element("td", {}, value))),
    ),
  );

const legend = (theme, more = {}) => ({
  top: 0,
  left: 0,
  itemWidth: 22,
  itemHeight: 10,
  itemGap: 18,
  textStyle: { color: theme.ink, fontSize: 12 },
  inactiveColor: theme.muted,
  ...more,
});

const lineLabel = (theme, text, position) => ({
  formatter: text,
  position,
  color: theme.muted,
  fontSize: 11,
  textBorderColor: theme.paper,
  textBorderWidth: 3,
});

/**
 * An axis of names, as many of which are written as have room, evenly.
 *
 * @param room pixels along the axis
 * @param each pixels that a name takes
 */
const categories = (theme, names, title, room, each = 26) => ({
  type: "category",
  data: names,
  name: title,
  nameLocation: "middle",
  nameGap: 30,
  nameTextStyle: { color: theme.muted },
  axisTick: { show: false },
  axisLine: { lineStyle: { color: theme.muted } },
  axisLabel: { color: theme.muted, interval: everyNth(Math.ceil((names.length * each) / Math.max(room, each))) },
});

const everyNth = (least) => {
  const step = [1, 2, 5, 10, 20].find((step) => step >= least) ?? 50;
  return (place) => place % step === 0;
};

/** The axis of effective depths, of which as many are marked as have room. */
function depthAxis(theme, least, most, narrow) {
  const isMark = everyNth((most - least + 1) / (narrow ? 9 : 18));
  const marks = Array.from({ length: most - least + 1 }, (none, place) => least + place).filter(isMark);
  return {
    type: "value",
    min: least - 0.5,
    max: most + 0.5,
    name: "effective depth, layers",
    nameLocation: "middle",
    nameGap: 28,
    axisTick: { customValues: marks },
    axisLabel: { customValues: marks, color: theme.muted },
    splitLine: { show: false },
    axisLine: { lineStyle: { color: theme.muted }, onZero: false },
    nameTextStyle: { color: theme.muted },
  };
}

/** A line across the chart at a place of the vertical axis, for a series' markLine. */
const across = (theme, place, text, type, position) => ({
  yAxis: place,
  lineStyle: { color: theme.muted, type, width: 1 },
  label: lineLabel(theme, text, position),
});

/** Error bars: a series of [x, low, high] beside the marks that they belong to. */
const errorBars = (theme, data) => ({
  type: "custom",
  name: "standard error",
  silent: true,
  data,
  clip: true,
  z: 3,
  encode: { x: 0, y: [1, 2] },
  tooltip: { show: false },
  renderItem: (params, api) => {
    const [x, low] = api.coord([api.value(0), api.value(1)]);
    const high = api.coord([api.value(0), api.value(2)])[1];
    const line = (x1, y1, x2, y2) => ({
      type: "line",
      shape: { x1, y1, x2, y2 },
      style: { stroke: theme.error, lineWidth: 1 },
    });
    return {
      type: "group",
      children: [line(x, low, x, high), line(x - 3, low, x + 3, low), line(x - 3, high, x + 3, high)],
    };
  },
});

function watch() {
  dark.addEventListener("change", drawAll);
  const sizes = new ResizeObserver((entries) => {
    if (printing) return;
    for (const { target } of entries) {
      const entry = charts.find(({ place }) => place === target);
      if (entry && target.clientWidth !== entry.made.getWidth()) {
        entry.made.resize();
        draw(entry);
      }
    }
  });
  charts.forEach(({ place }) => sizes.observe(place));
  window.addEventListener("beforeprint", () => {
    printing = true;
    charts.forEach((entry) => {
      entry.made.resize(entry.paper);
      draw(entry);
    });
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    charts.forEach((entry) => {
      entry.made.resize({ width: "auto", height: "auto" });
      draw(entry);
    });
  });
}
