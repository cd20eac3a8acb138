/* What it costs to run neighbouring layers side by side: pairs, then larger groups. */

const layerPair = (pair) => range([pair.first, pair.second]);

/** Whether a plan runs both layers of a pair in one group. */
const contains = (plan, pair) =>
  list(plan?.pairs).some((group) => group.includes(pair.first) && group.includes(pair.second));

function pairCosts(report, plans) {
  const pairs = list(report.pairs).filter((pair) => finite(pair.deltaLoss) !== null);
  const spread = (pair) =>
    finite(pair.standardError) === null
      ? []
      : [pair.deltaLoss - pair.standardError, pair.deltaLoss + pair.standardError];
  const scale = symmetricLog(
    pairs.flatMap((pair) => [pair.deltaLoss, finite(pair.kl) ?? 0]),
    pairs.flatMap(spread),
  );
  const option = (theme, width) => {
    const selected = plans.recommended.get(plans.limit);
    const narrow = width < 560;
    return {
      legend: legend(theme, { data: ["rise of the loss", "KL divergence"] }),
      grid: { left: 58, right: 8, top: 56, bottom: 48 },
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "shadow", shadowStyle: { color: theme.muted, opacity: 0.12 } },
        formatter: ([{ dataIndex }]) => {
          const pair = pairs[dataIndex];
          return tip(`layers ${pair.first} and ${pair.second}`, [
            [
              "rise of the loss",
              nats(pair.deltaLoss) +
                (finite(pair.standardError) === null ? "" : " \u00b1 " + fixed(pair.standardError, 4)) +
                " nats",
            ],
            ["as perplexity", increase(Math.exp(pair.deltaLoss) - 1)],
            ["KL divergence", `${number(pair.kl)} nats`],
            ...(selected
              ? [["in the recommended plan", contains(selected, pair) ? "side by side" : "one after the other"]]
              : []),
          ]);
        },
      },
      xAxis: categories(theme, pairs.map(layerPair), "layers that run side by side", width - 66, 46),
      yAxis: {
        ...scaleAxis(theme, scale, "nats a token", natsTick),
        nameTextStyle: { color: theme.muted, align: "left", padding: [0, 0, 0, -50] },
      },
      series: [
        {
          name: "rise of the loss",
          type: "bar",
          color: theme.series[0],
          barCategoryGap: "30%",
          data: pairs.map((pair) => ({
            value: scale.to(pair.deltaLoss),
            itemStyle: { color: !selected || contains(selected, pair) ? theme.series[0] : theme.faint },
          })),
        },
        {
          name: "numbers",
          type: "scatter",
          symbolSize: 0,
          silent: true,
          tooltip: { show: false },
          data: pairs.map((pair) => scale.to(Math.max(0, finite(pair.kl) ?? 0, pair.deltaLoss, ...spread(pair)))),
          label: {
            show: !narrow && pairs.length <= 20,
            position: "top",
            distance: 6,
            fontSize: 11,
            color: theme.muted,
            formatter: ({ dataIndex }) => number(pairs[dataIndex].deltaLoss, 2),
          },
        },
        errorBars(
          theme,
          pairs
            .map((pair, place) => [place, pair.deltaLoss, pair.standardError])
            .filter(([, , error]) => finite(error) !== null)
            .map(([place, rise, error]) => [place, scale.to(rise - error), scale.to(rise + error)]),
        ),
        {
          name: "KL divergence",
          type: "scatter",
          symbol: "diamond",
          symbolSize: pairs.length > 40 ? 6 : 9,
          color: theme.series[1],
          z: 4,
          data: pairs.map((pair) => (finite(pair.kl) === null ? null : scale.to(pair.kl))),
          itemStyle: { borderColor: theme.paper, borderWidth: 1, opacity: 1 },
        },
      ],
    };
  };
  const dearest = pairs.reduce((a, b) => (b.deltaLoss > a.deltaLoss ? b : a), pairs[0]);
  chart(
    "chart-pairs",
    `Bar chart of ${pairs.length} neighbouring pairs: rise of the loss when one pair runs side by side, with the ` +
      "KL divergence." +
      (dearest ? ` The dearest is ${layerPair(dearest)} with ${nats(dearest.deltaLoss)} nats.` : ""),
    option,
  );
  numbers("numbers-pairs", ["Layers", "Rise of the loss", "Standard error", "KL divergence"], () =>
    pairs.map((pair) => [layerPair(pair), nats(pair.deltaLoss), fixed(pair.standardError, 4), number(pair.kl)]),
  );
}

function groupCosts(report) {
  const measured = list(report.groups).filter(
    (group) => finite(group.deltaLoss) !== null && list(group.layers).length > 1,
  );
  if (!measured.length) return byId("groups").remove();
  const pairs = list(report.pairs)
    .filter((pair) => finite(pair.deltaLoss) !== null)
    .map((pair) => ({ ...pair, layers: [pair.first, pair.second] }));
  const all = [...pairs, ...measured];
  const scale = symmetricLog(all.map((group) => group.deltaLoss));
  const sizes = [...new Set(all.map((group) => group.layers.length))].sort((a, b) => a - b);
  const starts = [...new Set(all.map((group) => group.layers[0]))].sort((a, b) => a - b);
  const find = (size, start) => all.find((group) => group.layers.length === size && group.layers[0] === start);
  const title = (size) => (size === 2 ? "pairs" : `groups of ${size}`);
  const option = (theme, width) => ({
    legend: legend(theme, { data: sizes.map(title) }),
    grid: { left: 58, right: 8, top: 56, bottom: 48 },
    tooltip: {
      trigger: "axis",
      formatter: ([{ dataIndex }]) =>
        tip(
          `from layer ${starts[dataIndex]}`,
          sizes
            .map((size) => find(size, starts[dataIndex]))
            .filter(Boolean)
            .map((group) => [range(group.layers), `${nats(group.deltaLoss)} nats, KL ${number(group.kl)}`]),
        ),
    },
    xAxis: categories(theme, starts, "first layer of the group", width - 66),
    yAxis: {
      ...scaleAxis(theme, scale, "nats a token", natsTick),
      nameTextStyle: { color: theme.muted, align: "left", padding: [0, 0, 0, -50] },
    },
    series: sizes.map((size, place) => ({
      name: title(size),
      type: "line",
      symbol: SYMBOLS[place % 4],
      symbolSize: starts.length > 40 ? 5 : 8,
      color: theme.series[place % 4],
      lineStyle: { width: 1.5, type: ["solid", "dashed", "dotted", [8, 3, 2, 3]][place % 4] },
      data: starts.map((start) => {
        const group = find(size, start);
        return group ? scale.to(group.deltaLoss) : null;
      }),
    })),
  });
  chart(
    "chart-groups",
    `Line chart: rise of the loss for ${sizes.map(title).join(", ")}, by their first layer.`,
    option,
  );
  numbers("numbers-groups", ["Layers", "Rise of the loss", "Standard error", "KL divergence"], () =>
    measured.map((group) => [
      range(group.layers),
      nats(group.deltaLoss),
      fixed(group.standardError, 4),
      number(group.kl),
    ]),
  );
}
