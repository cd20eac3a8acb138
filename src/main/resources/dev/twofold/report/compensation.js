/* What refitting weights wins back: plans as they are, rescaled and compensated, next to dropping as many layers. */

const KINDS = [
  ["chosen", "Chosen"],
  ["window", "Window"],
  ["dropped", "Dropped"],
];
const TREATMENTS = [
  ["heldOutIncrease", "as it is"],
  ["rescaledIncrease", "+ rescale"],
  ["compensatedIncrease", "+ compensate"],
];

/** A rise that is smaller is noise, of which there is no share to win back. */
const LEAST_RISE = 0.001;

/** The lines: hollow marks are plans as they are, full ones compensated; a place is one of series and symbols. */
const LINES = [
  { title: "chosen", kind: "chosen", key: "heldOutIncrease", place: 0, type: "dashed", hollow: true },
  { title: "chosen + rescale", kind: "chosen", key: "rescaledIncrease", place: 2, type: "dotted" },
  { title: "chosen + compensate", kind: "chosen", key: "compensatedIncrease", place: 0, type: "solid" },
  { title: "window", kind: "window", key: "heldOutIncrease", place: 1, type: "dashed", hollow: true },
  { title: "window + compensate", kind: "window", key: "compensatedIncrease", place: 1, type: "solid" },
  { title: "dropped layers", kind: "dropped", key: "heldOutIncrease", place: 3, type: "solid" },
];

/** The plans of a document, from the deepest; none if nothing was compensated. */
const compensated = (report) =>
  list(report.compensation?.plans)
    .filter((plan) => finite(plan.effectiveDepth) !== null)
    .sort((a, b) => b.effectiveDepth - a.effectiveDepth);

/** From each depth, the deepest first, to its plans in the order of their kinds. */
function byDepth(plans) {
  const depths = new Map();
  for (const plan of plans) depths.set(plan.effectiveDepth, []);
  for (const [kind, title] of KINDS) {
    for (const plan of plans.filter((plan) => plan.kind === kind)) {
      depths.get(plan.effectiveDepth).push({ ...plan, title });
    }
  }
  return depths;
}

function wonBack(plan) {
  const [rise, left] = [finite(plan.heldOutIncrease), finite(plan.compensatedIncrease)];
  if (rise === null || left === null || rise <= LEAST_RISE) return NONE;
  return signed(((1 - left / rise) * 100).toFixed(0)) + "%";
}

function compensation(report, limits) {
  const plans = compensated(report);
  if (!plans.length) return byId("compensation").remove();
  compensationTexts(report.compensation);
  compensationReach(report, limits);
  compensationTable(plans);
  const depths = byDepth(plans);
  const lines = LINES.map((line) => ({
    ...line,
    plans: plans.filter((plan) => plan.kind === line.kind && finite(plan[line.key]) !== null),
  })).filter((line) => line.plans.length);
  const layers = finite(report.model?.layers);
  const scale = symmetricLog([
    ...lines.flatMap(({ plans, key }) => plans.map((plan) => Math.min(plan[key], CAP))),
    limits.limit,
  ]);
  const marked = [...depths.keys(), ...(layers === null ? [] : [layers])];
  const [least, most] = [Math.min(...marked), Math.max(...marked)];
  const option = (theme, width) => {
    const narrow = width < 560;
    return {
      legend: legend(theme, {
        /* A row for the chosen plans, and one for what they are compared with. */
        data: lines.flatMap((line, place) =>
          !narrow && place && line.kind !== "chosen" && lines[place - 1].kind === "chosen"
            ? ["\n", line.title]
            : [line.title],
        ),
        itemWidth: 30,
        ...(narrow ? { itemGap: 9 } : {}),
      }),
      grid: { left: 66, right: 12, top: narrow ? 108 : 84, bottom: 46 },
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "line", snap: true, lineStyle: { color: theme.muted, type: "solid" } },
        formatter: ([first]) => (first?.data?.depth ? compensationTip(first.data.depth, depths) : ""),
      },
      xAxis: depthAxis(theme, least, most, narrow),
      yAxis: {
        ...scaleAxis(theme, scale, "", riseTick),
        name: "perplexity on the held-out text, rise",
        nameTextStyle: { color: theme.muted, align: "left", padding: [0, 0, 0, -58] },
      },
      series: [
        ...lines.map((line, order) => compensationLine(theme, scale, line, order)),
        {
          name: "unpaired",
          type: "scatter",
          data: layers === null ? [] : [[layers, scale.to(0)]],
          symbol: "rect",
          symbolSize: 8,
          color: theme.muted,
          itemStyle: { opacity: 1 },
          silent: true,
          tooltip: { show: false },
          markLine: {
            silent: true,
            symbol: "none",
            animation: false,
            data: [
              across(theme, scale.to(0), "unpaired", "solid", "insideStartTop"),
              across(theme, scale.to(limits.limit), `limit ${limit(limits.limit)}`, "dotted", "insideEndTop"),
            ],
          },
        },
      ],
    };
  };
  chart(
    "chart-compensation",
    "Line chart: rise of the perplexity on the held-out text against the effective depth, for " +
      `${lines.map((line) => line.title).join(", ")}. The same numbers are in the table below.`,
    option,
    { width: 700, height: 360 },
  );
}

const compensationLine = (theme, scale, { title, kind, key, place, type, hollow, plans }, order) => ({
  name: title,
  type: "line",
  symbol: SYMBOLS[place],
  symbolSize: plans.length > 24 ? 6 : 9,
  showAllSymbol: true,
  color: theme.series[place],
  lineStyle: { width: 2, type, color: theme.series[place] },
  itemStyle: hollow
    ? { color: theme.paper, borderColor: theme.series[place], borderWidth: 1.5 }
    : { color: theme.series[place] },
  /* Chosen plans above windows, and what is won back above what it is won from. */
  z: kind === "chosen" ? 10 + order : 3 + order,
  data: plans.map((plan) => ({
    value: [plan.effectiveDepth, scale.to(Math.min(plan[key], CAP))],
    depth: plan.effectiveDepth,
    ...(plan[key] > CAP
      ? {
          symbol: "arrow",
          symbolSize: 13,
          label: { show: true, position: "right", formatter: increase(plan[key]), fontSize: 11, color: theme.ink },
        }
      : {}),
  })),
});

/** All numbers of a depth. */
function compensationTip(depth, depths) {
  const row = (...texts) =>
    element(
      "tr",
      {},
      texts.map((text) => element("td", {}, text)),
    );
  return element(
    "div",
    { class: "tip wide" },
    element("strong", {}, `depth ${depth}`),
    element(
      "table",
      {},
      row("", ...TREATMENTS.map(([, title]) => title), "won back"),
      depths
        .get(depth)
        .flatMap((plan) => [
          row(plan.title, ...TREATMENTS.map(([key]) => increase(plan[key])), wonBack(plan)),
          element("tr", {}, element("td", { colspan: 5, class: "plan" }, name(plan.plan))),
        ]),
    ),
  );
}

/** Which texts were used, and for what. */
function compensationTexts({ text, tokens, heldOutText, heldOutTokens }) {
  const [fitted, measured] = [String(text ?? ""), String(heldOutText ?? "")];
  /* What follows in a file is called after the file. */
  const same = measured.includes(fitted);
  byId("compensation-texts").append(
    `Fitted to ${count(tokens)} tokens of `,
    name(text),
    `, measured on ${count(heldOutTokens)} of `,
    name(heldOutText),
    same ? ", the same work." : ", a different work.",
  );
}

/** How shallow each kind of plan can be within the limit that is chosen. */
function compensationReach(report, limits) {
  const plans = compensated(report);
  const place = byId("compensation-reach");
  if (!plans.length || !place) return;
  const reach = (kind, key) =>
    plans.findLast((plan) => plan.kind === kind && finite(plan[key]) !== null && plan[key] <= limits.limit)
      ?.effectiveDepth ?? "none";
  place.replaceChildren(
    element("b", {}, `Least depth within ${limit(limits.limit)}: `),
    `chosen plans ${reach("chosen", "heldOutIncrease")} as they are, ${reach("chosen", "rescaledIncrease")} with ` +
      `rescale, ${reach("chosen", "compensatedIncrease")} with compensate; windows ` +
      `${reach("window", "heldOutIncrease")} and ${reach("window", "compensatedIncrease")} with compensate; dropped ` +
      `layers ${reach("dropped", "heldOutIncrease")}.`,
  );
}

function compensationTable(plans) {
  const bodies = [...byDepth(plans)].map(([depth, same]) =>
    element(
      "tbody",
      {},
      same.map((plan, place) =>
        element(
          "tr",
          {},
          place ? null : element("th", { scope: "rowgroup", rowspan: same.length, class: "depth" }, count(depth)),
          element("th", { scope: "row" }, plan.title),
          element("td", { class: "groups" }, commandText({ command: plan.plan })),
          TREATMENTS.map(([key]) => cell(increase(plan[key]))),
          cell(wonBack(plan)),
        ),
      ),
    ),
  );
  byId("compensations").append(
    head(["Depth", "Kind", "Plan", "As it is", "+ rescale", "+ compensate", "Rise won back"]),
    ...bodies,
  );
}
