/* What is known of a plan, in the units that the page speaks: parts of the unpaired model's perplexity. */

/** @param report the document */
function plansOf(report) {
  const base = report.measurement?.baseLoss;
  const heldOutBase = report.heldOut?.baseLoss;
  const rise = (loss, from) =>
    finite(loss) === null || finite(from) === null ? null : finite(Math.exp(loss - from) - 1);
  const describe = (plan, kind) => {
    const measured = finite(plan.perplexityIncrease) ?? rise(plan.measuredLoss, base);
    const error = finite(plan.standardError);
    return {
      ...plan,
      kind,
      groups: groups(plan.pairs),
      predicted: rise(plan.predictedLoss, base),
      measured,
      /* The standard error is one of the rise in nats; d(e^x) = e^x dx makes it one of the perplexity. */
      error: error === null || measured === null ? null : error * (1 + measured),
      heldOut: finite(plan.heldOutIncrease) ?? rise(plan.heldOutLoss, heldOutBase),
    };
  };
  const chosen = list(report.plans).map((plan) => describe(plan, "chosen"));
  const windows = list(report.windows).map((plan) => describe(plan, "window"));
  const recommended = new Map();
  for (const { maxLoss, plan } of list(report.recommended)) {
    if (finite(maxLoss) !== null && chosen[plan]) recommended.set(maxLoss, chosen[plan]);
  }
  const limits = [...new Set([...recommended.keys(), 0.01])].sort((a, b) => a - b);
  return { chosen, windows, recommended, limits, limit: 0.01 };
}

const measuredText = (plan) => increase(plan.measured) + (plan.error === null ? "" : " \u00b1 " + percent(plan.error));

/** The rows of a tooltip on a plan. */
const planRows = (plan) => [
  ["side by side", plan.groups],
  ["measured", measuredText(plan)],
  ["perplexity", number(plan.perplexity, 4)],
  ["predicted", increase(plan.predicted)],
  ...(plan.heldOut === null ? [] : [["held-out text", increase(plan.heldOut)]]),
  ["all-reduces a token", count(plan.allReduces)],
];

const planTitle = (plan) =>
  `depth ${plan.effectiveDepth}, ` + (plan.kind === "chosen" ? "chosen plan" : `window ${plan.window ?? ""}`);
