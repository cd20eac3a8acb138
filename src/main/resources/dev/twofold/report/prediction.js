/* Whether the costs of single pairs add up: the predicted against the measured rise of the loss. */

function prediction(report, plans) {
  const base = finite(report.measurement?.baseLoss) ?? 0;
  const known = (all) =>
    all.filter((plan) => finite(plan.predictedLoss) !== null && finite(plan.measuredLoss) !== null);
  const [chosen, windows] = [known(plans.chosen), known(plans.windows)];
  const rises = [...chosen, ...windows].flatMap((plan) => [plan.predictedLoss - base, plan.measuredLoss - base]);
  const scale = symmetricLog(rises, [], false);
  const option = (theme) => {
    const points = (title, all, place) => ({
      name: title,
      type: "scatter",
      symbol: SYMBOLS[place],
      symbolSize: 10,
      color: theme.series[place],
      itemStyle: { borderColor: theme.paper, borderWidth: 1, opacity: 1 },
      data: all.map((plan) => ({
        value: [scale.to(plan.predictedLoss - base), scale.to(plan.measuredLoss - base)],
        plan,
      })),
    });
    const axis = (title) => scaleAxis(theme, scale, title, natsTick);
    const y = axis("measured, nats a token");
    return {
      legend: legend(theme, { data: ["chosen plans", "best windows"] }),
      grid: { left: 58, right: 16, top: 56, bottom: 48 },
      tooltip: {
        formatter: ({ data }) =>
          data?.plan
            ? tip(planTitle(data.plan), [
                ["side by side", data.plan.groups],
                ["predicted", `${nats(data.plan.predictedLoss - base)} nats`],
                ["measured", `${nats(data.plan.measuredLoss - base)} nats`],
              ])
            : "",
      },
      xAxis: { ...axis("predicted, nats a token"), nameLocation: "middle", nameGap: 28 },
      yAxis: { ...y, nameTextStyle: { color: theme.muted, align: "left", padding: [0, 0, 0, -50] } },
      series: [
        {
          type: "line",
          name: "equal",
          silent: true,
          symbol: "none",
          color: theme.muted,
          lineStyle: { width: 1, type: "dotted" },
          data: [
            [y.min, y.min],
            [y.max, y.max],
          ],
          tooltip: { show: false },
        },
        points("best windows", windows, 1),
        points("chosen plans", chosen, 0),
      ],
    };
  };
  const { plans: measured, pearson, spearman } = report.prediction ?? {};
  byId("correlation").textContent =
    `Pearson ${fixed(pearson, 3)}, Spearman ${fixed(spearman, 3)}, over ${count(measured)} plans.`;
  chart(
    "chart-prediction",
    `Scatter plot: predicted against measured rise of the loss of ${chosen.length + windows.length} plans; ` +
      `Pearson correlation ${fixed(pearson, 3)}, Spearman ${fixed(spearman, 3)}.`,
    option,
    { width: 400, height: 360 },
  );
}
