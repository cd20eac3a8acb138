/* The frontier: effective depth against the measured rise of the perplexity. */

/** The largest rise with a place of its own; plans beyond it stand at the top as arrows with their number. */
const CAP = 10;

function frontier(report, plans) {
  const base = finite(report.measurement?.basePerplexity);
  const layers = finite(report.model?.layers);
  const known = (all) =>
    all
      .filter((plan) => plan.measured !== null && finite(plan.effectiveDepth) !== null)
      .sort((a, b) => a.effectiveDepth - b.effectiveDepth);
  const chosen = known(plans.chosen);
  const windows = known(plans.windows);
  const all = [...chosen, ...windows];
  const ends = (plan) =>
    plan.error === null ? [plan.measured] : [plan.measured - plan.error, plan.measured + plan.error];
  const scale = symmetricLog(
    [...all.map((plan) => Math.min(plan.measured, CAP)), plans.limit],
    chosen.flatMap(ends).map((end) => Math.min(end, CAP)),
  );
  const place = (rise) => scale.to(Math.min(rise, CAP));
  const depths = [...all.map((plan) => plan.effectiveDepth), layers ?? 1];
  const [least, most] = [Math.min(...depths), Math.max(...depths)];

  const point = (plan) => ({
    value: [plan.effectiveDepth, place(plan.measured)],
    plan,
    ...(plan.measured > CAP
      ? { symbol: "arrow", symbolSize: 13, label: { show: true, formatter: increase(plan.measured) } }
      : {}),
  });
  const line = (theme, title, place, points, type) => ({
    name: title,
    type: "line",
    data: points,
    symbol: SYMBOLS[place],
    symbolSize: 9,
    color: theme.series[place],
    lineStyle: { width: 2, type },
    itemStyle: { color: theme.series[place] },
    label: {
      show: false,
      position: "right",
      fontSize: 11,
      color: theme.ink,
      textBorderColor: theme.paper,
      textBorderWidth: 3,
    },
    labelLayout: { hideOverlap: true },
  });

  const option = (theme, width) => {
    const narrow = width < 560;
    const selected = plans.recommended.get(plans.limit);
    const y = scaleAxis(theme, scale, "", riseTick);
    return {
      legend: legend(theme, {
        data: ["chosen plans", "best windows", ...(report.heldOut ? ["held-out text"] : [])],
        selected: { "held-out text": false },
        ...(narrow ? { itemGap: 9, itemWidth: 16 } : {}),
      }),
      grid: { left: 66, right: narrow ? 12 : 58, top: 52, bottom: 46 },
      tooltip: {
        trigger: "item",
        formatter: ({ data }) => (data?.plan ? tip(planTitle(data.plan), planRows(data.plan)) : ""),
      },
      xAxis: depthAxis(theme, least, most, narrow),
      yAxis: [
        {
          ...y,
          name: "perplexity, rise",
          nameTextStyle: { color: theme.muted, align: "left", padding: [0, 0, 0, -58] },
        },
        {
          ...y,
          position: "right",
          show: !narrow && base !== null,
          splitLine: { show: false },
          name: "perplexity",
          nameTextStyle: { color: theme.muted, align: "right", padding: [0, -52, 0, 0] },
          axisLabel: { ...y.axisLabel, formatter: (place) => number(base * (1 + scale.from(place)), 4) },
        },
      ],
      series: [
        {
          ...line(theme, "best windows", 1, windows.map(point), "dashed"),
          markLine: {
            silent: true,
            symbol: "none",
            animation: false,
            data: [
              across(theme, scale.to(0), `unpaired, ${number(base, 4)}`, "solid", "insideStartTop"),
              across(theme, scale.to(plans.limit), `limit ${limit(plans.limit)}`, "dotted", "insideEndTop"),
            ],
          },
        },
        { ...line(theme, "chosen plans", 0, chosen.map(point), "solid"), z: 4 },
        {
          ...line(
            theme,
            "held-out text",
            2,
            chosen
              .filter((plan) => plan.heldOut !== null)
              .map((plan) => ({ value: [plan.effectiveDepth, place(plan.heldOut)], plan })),
            "dotted",
          ),
        },
        {
          name: "unpaired",
          type: "scatter",
          data: layers === null ? [] : [[layers, scale.to(0)]],
          symbol: "rect",
          symbolSize: 8,
          color: theme.muted,
          itemStyle: { opacity: 1 },
          silent: true,
        },
        errorBars(
          theme,
          chosen
            .filter((plan) => plan.error !== null)
            .map((plan) => [plan.effectiveDepth, place(plan.measured - plan.error), place(plan.measured + plan.error)]),
        ),
        {
          name: "recommended",
          type: "scatter",
          data: selected && selected.measured !== null ? [point(selected)] : [],
          symbolSize: 20,
          z: 5,
          itemStyle: { color: "transparent", borderColor: theme.series[0], borderWidth: 2.5, opacity: 1 },
          label: {
            show: true,
            formatter: "recommended",
            position: "top",
            distance: 8,
            color: theme.ink,
            fontWeight: 600,
            fontSize: 12,
            textBorderColor: theme.paper,
            textBorderWidth: 3,
          },
        },
      ],
    };
  };
  chart(
    "chart-frontier",
    `Line chart: measured rise of the perplexity against the effective depth, for ${chosen.length} chosen plans and ` +
      `${windows.length} windows. The same numbers are in the table of all plans.`,
    option,
    { width: 700, height: 340 },
  );
}
