/* What single layers do to the stream, and how layers compare: block influence, and the matrices. */

function layerInfluence(report) {
  const layers = list(report.layers);
  const names = layers.map((layer) => String(layer.index));
  const values = layers
    .flatMap((layer) => [layer.blockInfluence, layer.angularDistance])
    .filter((value) => finite(value) !== null);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  /* The first layer often turns the stream ten times as far as the others. */
  const scale =
    low > 0 && high > 8 * low ? { type: "log", min: 10 ** Math.floor(Math.log10(low)) } : { type: "value", min: 0 };
  const option = (theme, width) => {
    const line = (title, key, place) => ({
      name: title,
      type: "line",
      symbol: SYMBOLS[place],
      symbolSize: layers.length > 40 ? 5 : 8,
      color: theme.series[place],
      lineStyle: { width: 2, type: place ? "dashed" : "solid" },
      data: layers.map((layer) => finite(layer[key])),
    });
    return {
      legend: legend(theme),
      grid: { left: 58, right: 8, top: 44, bottom: 48 },
      tooltip: {
        trigger: "axis",
        formatter: ([{ dataIndex }]) =>
          tip(`layer ${names[dataIndex]}`, [
            ["block influence", fixed(layers[dataIndex].blockInfluence, 4)],
            ["angular distance", fixed(layers[dataIndex].angularDistance, 4)],
          ]),
      },
      xAxis: categories(theme, names, "layer", width - 66),
      yAxis: { ...scale, axisLabel: { color: theme.muted }, splitLine: { lineStyle: { color: theme.rule } } },
      series: [line("block influence", "blockInfluence", 0), line("angular distance", "angularDistance", 1)],
    };
  };
  chart("chart-influence", `Line chart: block influence and angular distance of ${layers.length} layers.`, option);
  numbers("numbers-influence", ["Layer", "Block influence", "Angular distance"], () =>
    layers.map((layer) => [String(layer.index), fixed(layer.blockInfluence, 4), fixed(layer.angularDistance, 4)]),
  );
}

/** The cells of a matrix as ECharts takes them: [column, row, value], without what is null. */
const cells = (matrix) =>
  matrix.flatMap((row, b) => list(row).flatMap((value, a) => (finite(value) === null ? [] : [[a, b, value]])));

/** Where colours end: beyond it single cells would leave all others one colour. */
function brightest(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const most = sorted[sorted.length - 1];
  const usual = sorted[Math.floor(sorted.length * 0.97)];
  return most > 3 * usual && usual > 0 ? usual * 1.5 : most;
}

/**
 * A heat map of layers against layers.
 *
 * @param ends lowest and highest value with a colour of its own, from the values
 * @param say what a cell means, from its row and column
 */
function heatMap(key, title, matrix, ends, say) {
  const place = byId("matrix-" + key);
  const data = cells(list(matrix));
  if (!data.length) return place.remove();
  const [low, high] = ends(data.map((cell) => cell[2]));
  const most = Math.max(...data.map((cell) => cell[2]));
  const names = list(matrix).map((row, layer) => String(layer));
  const option = (theme, width) => {
    const axis = (title, more) => ({
      ...categories(theme, names, title, ...more.room),
      nameGap: 26,
      axisLine: { show: false },
      ...more,
    });
    return {
      grid: { left: 44, right: width < 420 ? 52 : 64, top: 8, bottom: 44 },
      tooltip: { formatter: ({ value: [a, b, number] }) => tip(say(a, b), [[title, fixed(number, 4)]]) },
      xAxis: axis("layer a", { room: [width - 108] }),
      yAxis: axis("layer b", { inverse: true, nameRotate: 90, room: [width - 108, 16] }),
      visualMap: {
        type: "continuous",
        min: low,
        max: high,
        calculable: false,
        hoverLink: false,
        orient: "vertical",
        right: 0,
        top: "middle",
        itemWidth: 12,
        itemHeight: Math.max(80, width * 0.5),
        inRange: { color: VIRIDIS },
        textStyle: { color: theme.muted, fontSize: 11 },
        text: [(most > high ? "\u2265 " : "") + fixed(high, 2), fixed(low, 2)],
        textGap: 6,
      },
      series: [
        {
          type: "heatmap",
          data,
          progressive: 0,
          itemStyle: { borderWidth: 0 },
          emphasis: { itemStyle: { borderColor: theme.ink, borderWidth: 1.5 } },
        },
      ],
    };
  };
  const farthest = data.filter(([a, b]) => a !== b).reduce((x, y) => (y[2] > x[2] ? y : x), data[0]);
  chart(
    "chart-" + key,
    `Heat map of ${title}, ${names.length} by ${names.length} layers; from ${fixed(low, 2)} to ${fixed(most, 2)}, ` +
      `highest between layers ${farthest[0]} and ${farthest[1]}.`,
    option,
    { width: 335, height: 300 },
  );
  numbers("numbers-" + key, ["b \\ a", ...names], () =>
    list(matrix).map((row, b) => [String(b), ...list(row).map((value) => fixed(value, 3))]),
  );
}

function matrices(report) {
  const similar = (values) => [Math.floor(Math.min(...values) * 20) / 20, 1];
  const distant = (values) => [0, brightest(values)];
  const between = (a, b) => `layers ${a} and ${b}`;
  heatMap("similarity", "cosine similarity", report.similarity, similar, between);
  heatMap("angular", "angular distance", report.angular, distant, between);
  heatMap("cka", "CKA", report.cka, similar, between);
  heatMap("dependency", "dependency", report.dependency, distant, (a, b) => `layer ${b} on layer ${a}`);
}
