/* The tables: plans, and the numbers behind the charts. */

const head = (names) =>
  element(
    "thead",
    {},
    element(
      "tr",
      {},
      names.map((text) => element("th", { scope: "col" }, text)),
    ),
  );

/** A cell of numbers; the note, mostly the change against the unpaired model, stands behind it in small print. */
const cell = (value, note = "") =>
  element("td", { class: "number" }, value, note ? element("span", { class: "note" }, " " + note) : null);

const sideBySide = (plan) =>
  element("td", { class: "groups", title: list(plan.pairs).map(range).join(", ") }, plan.groups);

const command = (plan) => element("td", { class: "action" }, plan.command ? copyButton(plan.command) : null);

const missing = (columns, text) => element("tbody", {}, element("tr", {}, element("td", { colspan: columns }, text)));

function recommendedTable(report, plans) {
  const model = report.model ?? {};
  const names = [
    "Limit",
    "Effective depth",
    "Measured \u00b1 standard error",
    "Held-out text",
    "All-reduces",
    "Nodes",
    "Command",
  ];
  const rows = [...plans.recommended]
    .sort(([a], [b]) => a - b)
    .map(([value, plan]) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, limit(value)),
        cell(count(plan.effectiveDepth), change(plan.effectiveDepth, model.layers)),
        cell(measuredText(plan)),
        cell(increase(plan.heldOut)),
        cell(count(plan.allReduces), change(plan.allReduces, model.allReduces)),
        cell(count(plan.nodes), change(plan.nodes, model.nodes)),
        element("td", { class: "line" }, commandText(plan), plan.command ? copyButton(plan.command) : null),
      ),
    );
  byId("recommended").append(
    head(names),
    rows.length
      ? element("tbody", {}, rows)
      : missing(names.length, "No plan that was measured stays within any of the limits."),
  );
}

/** For each depth the chosen plan above the best window. */
function plansTable(report, plans) {
  const model = report.model ?? {};
  const names = [
    "Depth",
    "Plan",
    "Side by side",
    "Predicted",
    "Measured \u00b1 SE",
    "Held-out",
    "KL, nats",
    "All-reduces",
    "KV bytes",
    "Nodes",
    "Command",
  ];
  const depths = [...new Set([...plans.chosen, ...plans.windows].map((plan) => plan.effectiveDepth))].sort(
    (a, b) => b - a,
  );
  const row = (plan, first) =>
    element(
      "tr",
      {},
      first,
      element(
        "th",
        { scope: "row" },
        plan.kind === "chosen" ? "Chosen" : element("span", {}, "Window ", name(plan.window)),
      ),
      sideBySide(plan),
      cell(increase(plan.predicted)),
      cell(measuredText(plan)),
      cell(increase(plan.heldOut)),
      cell(number(plan.kl)),
      cell(count(plan.allReduces), change(plan.allReduces, model.allReduces)),
      cell(count(plan.kvBytesPerToken), change(plan.kvBytesPerToken, model.kvBytesPerToken)),
      cell(count(plan.nodes), change(plan.nodes, model.nodes)),
      command(plan),
    );
  const unpaired = element(
    "tbody",
    {},
    element(
      "tr",
      {},
      element("th", { scope: "rowgroup", class: "depth" }, count(model.layers)),
      element("th", { scope: "row" }, "Unpaired"),
      element("td", { class: "groups" }, "none"),
      cell(NONE),
      cell(percent(0)),
      cell(report.heldOut ? percent(0) : NONE),
      cell("0"),
      cell(count(model.allReduces)),
      cell(count(model.kvBytesPerToken)),
      cell(count(model.nodes)),
      element("td", {}),
    ),
  );
  const bodies = depths.map((depth) => {
    const same = [...plans.chosen, ...plans.windows].filter((plan) => plan.effectiveDepth === depth);
    return element(
      "tbody",
      {},
      same.map((plan, place) =>
        row(
          plan,
          place ? null : element("th", { scope: "rowgroup", rowspan: same.length, class: "depth" }, count(depth)),
        ),
      ),
    );
  });
  byId("plans").append(
    head(names),
    unpaired,
    ...(bodies.length ? bodies : [missing(names.length, "No plan was measured.")]),
  );
}

/** The numbers behind a chart, made when a reader opens them. */
function numbers(id, names, rows) {
  const place = byId(id);
  place.addEventListener("toggle", () => {
    if (!place.open || place.querySelector("table")) return;
    const body = rows().map(([first, ...rest]) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, first),
        rest.map((value) => cell(value)),
      ),
    );
    place.append(
      element(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": names.join(", ") },
        element("table", {}, head(names), element("tbody", {}, body)),
      ),
    );
  });
}
