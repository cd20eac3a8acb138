/* What it costs to let neighbouring steps read one stream, plans of such merges, and how fast plans are predicted to be. */

const sideBySideSteps = (merge) => list(merge.steps).join("|");

/** Merges by the steps in them and by what they begin with: what a reader tells apart. */
const mergeKinds = [
  { title: "A|F, a layer's own two steps", of: (merge) => merge.steps.length === 2 && merge.steps[0].endsWith("A") },
  { title: "F|A, across two layers", of: (merge) => merge.steps.length === 2 && merge.steps[0].endsWith("F") },
  { title: "A|F|A", of: (merge) => merge.steps.length > 2 && merge.steps[0].endsWith("A") },
  { title: "F|A|F", of: (merge) => merge.steps.length > 2 && merge.steps[0].endsWith("F") },
];

function mergeCosts(report) {
  const merges = list(report.merges).filter((merge) => finite(merge.kl) !== null && list(merge.steps).length > 1);
  if (!merges.length) return byId("merges").remove();
  const scale = symmetricLog(merges.map((merge) => merge.kl));
  const starts = [...new Set(list(report.merges).map((merge) => merge.steps[0]))].sort(
    (a, b) => parseInt(a) - parseInt(b) || (a < b ? -1 : 1),
  );
  const kinds = mergeKinds
    .map((kind, place) => ({ ...kind, place, merges: merges.filter(kind.of) }))
    .filter((kind) => kind.merges.length);
  const find = (kind, start) => kind.merges.find((merge) => merge.steps[0] === start);
  const option = (theme, width) => ({
    legend: legend(theme, { data: kinds.map((kind) => kind.title) }),
    grid: { left: 58, right: 8, top: width < 560 ? 76 : 56, bottom: 48 },
    tooltip: {
      trigger: "axis",
      formatter: ([{ dataIndex }]) =>
        tip(
          `from step ${starts[dataIndex]}`,
          kinds
            .map((kind) => find(kind, starts[dataIndex]))
            .filter(Boolean)
            .map((merge) => [sideBySideSteps(merge), `${number(merge.kl)} nats`]),
        ),
    },
    xAxis: categories(theme, starts, "first step of the merge", width - 66, 34),
    yAxis: {
      ...scaleAxis(theme, scale, "KL, nats a token", natsTick),
      nameTextStyle: { color: theme.muted, align: "left", padding: [0, 0, 0, -50] },
    },
    series: kinds.map((kind) => ({
      name: kind.title,
      type: "scatter",
      symbol: SYMBOLS[kind.place % 4],
      symbolSize: starts.length > 80 ? 5 : 8,
      color: theme.series[kind.place % 4],
      itemStyle: { borderColor: theme.paper, borderWidth: 1, opacity: 1 },
      data: starts.map((start) => {
        const merge = find(kind, start);
        return merge ? scale.to(merge.kl) : null;
      }),
    })),
  });
  const cheapest = merges.reduce((a, b) => (b.kl < a.kl ? b : a), merges[0]);
  chart(
    "chart-merges",
    `Scatter chart of ${merges.length} merges: the KL divergence when one merge is made. ` +
      `The cheapest is ${sideBySideSteps(cheapest)} with ${number(cheapest.kl)} nats.`,
    option,
  );
  numbers("numbers-merges", ["Merge", "KL divergence"], () =>
    merges.map((merge) => [sideBySideSteps(merge), number(merge.kl)]),
  );
  stepPlansTable(report);
}

function stepPlansTable(report) {
  const model = report.model ?? {};
  const names = ["Steps saved", "Merges", "KL predicted", "KL", "Perplexity", "Top-1 kept", "All-reduces", "Nodes", "Command"];
  const rows = list(report.stepPlans).map((plan) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, count(plan.stepsSaved)),
      element("td", { class: "groups", title: list(plan.merges).join(", ") }, list(plan.merges).join(" ")),
      cell(number(plan.predictedKl)),
      cell(number(plan.kl)),
      cell(increase(plan.perplexityIncrease)),
      cell(percent(plan.accuracyKept)),
      cell(count(plan.allReduces), change(plan.allReduces, model.allReduces)),
      cell(count(plan.nodes), change(plan.nodes, model.nodes)),
      command(plan),
    ),
  );
  byId("step-plans").append(
    head(names),
    rows.length ? element("tbody", {}, rows) : missing(names.length, "No plan was measured."),
  );
}

/** Plans of layers and of steps on one machine: what is lost against how fast it is predicted to be. */
function speedFrontier(report, plans) {
  const machines = list(report.speed);
  if (!machines.length) return byId("speed").remove();
  const base = finite(report.measurement?.baseLoss) ?? 0;
  const title = (machine) => machine.hardware + (machine.devices > 1 ? ` \u00d7 ${machine.devices}` : "");
  const choice = byId("machine");
  choice.append(...machines.map((machine, place) => element("option", { value: place }, title(machine))));
  const rises = [...plans.chosen, ...list(report.stepPlans)].map((plan) => plan.measuredLoss - base);
  const scale = symmetricLog(rises.filter((rise) => finite(rise) !== null), [], false);
  const option = (theme) => {
    const machine = machines[Number(choice.value) || 0];
    const points = (name, place, all, speedups, label) => ({
      name,
      type: "scatter",
      symbol: SYMBOLS[place],
      symbolSize: 10,
      color: theme.series[place],
      itemStyle: { borderColor: theme.paper, borderWidth: 1, opacity: 1 },
      data: all
        .map((plan, i) => ({ value: [speedups[i], scale.to(plan.measuredLoss - base)], plan, label: label(plan) }))
        .filter((point) => finite(point.value[0]) !== null && finite(point.value[1]) !== null),
    });
    return {
      legend: legend(theme),
      grid: { left: 58, right: 16, top: 56, bottom: 48 },
      tooltip: {
        trigger: "item",
        formatter: ({ data, seriesName }) =>
          tip(`${seriesName}: ${data.label}`, [
            ["predicted", `${fixed(data.value[0], 2)} times as fast`],
            ["rise of the loss", `${nats(data.plan.measuredLoss - base)} nats`],
          ]),
      },
      xAxis: {
        type: "value",
        name: "times as fast, predicted",
        nameLocation: "middle",
        nameGap: 28,
        scale: true,
        axisLabel: { color: theme.muted, formatter: (value) => fixed(value, 2) },
        splitLine: { show: false },
        axisLine: { lineStyle: { color: theme.muted }, onZero: false },
        nameTextStyle: { color: theme.muted },
      },
      yAxis: {
        ...scaleAxis(theme, scale, "rise of the loss, nats", natsTick),
        nameTextStyle: { color: theme.muted, align: "left", padding: [0, 0, 0, -50] },
      },
      series: [
        points("layers side by side", 0, plans.chosen, list(machine.plans), (plan) => `depth ${plan.effectiveDepth}`),
        points(
          "merged steps",
          1,
          list(report.stepPlans),
          list(machine.stepPlans),
          (plan) => `${plan.stepsSaved} steps saved`,
        ),
      ],
    };
  };
  chart("chart-speed", "Scatter chart: rise of the loss of plans against their predicted speed on one machine.", option);
  choice.addEventListener("change", drawAll);
}
