/* The first screen: what is recommended, how to build it, and what the model is. */

function copyButton(command, text = "Copy") {
  const button = element(
    "button",
    { type: "button", class: "copy", title: command, "aria-label": "Copy the command that builds this plan" },
    text,
  );
  button.addEventListener("click", async () => {
    const done = await copy(command);
    button.textContent = done ? "Copied" : "Not copied";
    byId("announcement").textContent = done ? "Command copied" : "The command could not be copied";
    setTimeout(() => (button.textContent = text), 1600);
  });
  return button;
}

/** Browsers that refuse the clipboard to a page from a file still copy a selection. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { readonly: true, class: "offscreen", "aria-hidden": "true" });
    const focused = document.activeElement;
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return done;
  }
}

/** A command that breaks between words and after commas only. */
function commandText(plan) {
  const words = String(plan.command ?? "").split(" ");
  const parts = (word) => word.split(/(?<=,)/).map((part) => element("span", {}, part));
  return element(
    "code",
    { class: "words" },
    words.flatMap((word, place) => (place ? [" ", ...parts(word)] : parts(word))),
  );
}

const tile = (title, value, note) =>
  element(
    "div",
    { class: "tile" },
    element("dt", {}, title),
    element("dd", {}, element("span", { class: "value" }, value), element("span", { class: "note" }, note)),
  );

function sideBySideText(plan) {
  const all = list(plan.pairs);
  if (all.length <= 8) return `Layers ${plan.groups} side by side.`;
  const last = all[all.length - 1];
  const kind = sameSize(all) ? (all[0].length === 2 ? "pairs" : `groups of ${all[0].length}`) : "groups of layers";
  return `${all.length} ${kind} between layers ${all[0][0]} and ${last[last.length - 1]} side by side.`;
}

/** The merged steps that save most within the limit, for models whose layers lose too much side by side. */
function mergedInstead(report, plans) {
  const saved = (plan) => finite(plan.stepsSaved) ?? 0;
  const [plan] = list(report.stepPlans)
    .filter(({ perplexityIncrease }) => finite(perplexityIncrease) !== null && perplexityIncrease <= plans.limit)
    .sort((a, b) => saved(b) - saved(a));
  if (!plan) return [];
  return [
    element(
      "p",
      { class: "lead" },
      `Merging neighbouring steps costs less: ${count(plan.stepsSaved)} steps fewer for ` +
        `${increase(plan.perplexityIncrease)} perplexity, not checked on another text. The table of merged steps has more.`,
    ),
    element("div", { class: "command" }, commandText(plan), copyButton(plan.command ?? "", "Copy")),
  ];
}

/** The recommendation for the limit that is chosen. */
function showVerdict(report, plans) {
  const plan = plans.recommended.get(plans.limit);
  const model = report.model ?? {};
  const place = byId("verdict");
  if (!plan) {
    place.replaceChildren(
      element("h2", {}, `No plan within ${limit(plans.limit)}`),
      element(
        "p",
        { class: "lead" },
        "Of the plans that were measured, none that runs layers side by side keeps the rise of the " +
          `perplexity within ${limit(plans.limit)}. ` +
          (plans.recommended.size
            ? "Choose a higher limit above, or leave the layers one after the other."
            : "Leave the layers one after the other."),
      ),
      ...mergedInstead(report, plans),
    );
    return;
  }
  const from = (now, before) => (finite(before) === null ? count(now) : `${count(before)} \u2192 ${count(now)}`);
  const text = report.measurement?.text;
  place.replaceChildren(
    element(
      "h2",
      {},
      `Effective depth ${plan.effectiveDepth} instead of ${model.layers}, for `,
      element("span", { class: "figure" }, increase(plan.measured)),
      " perplexity",
    ),
    element("p", { class: "lead" }, sideBySideText(plan)),
    element(
      "dl",
      { class: "tiles" },
      tile("Effective depth", from(plan.effectiveDepth, model.layers), change(plan.effectiveDepth, model.layers)),
      tile("All-reduces a token", from(plan.allReduces, model.allReduces), change(plan.allReduces, model.allReduces)),
      tile(
        "Perplexity, measured",
        [
          increase(plan.measured),
          plan.error === null ? null : element("span", { class: "error" }, " \u00b1 " + percent(plan.error)),
        ],
        [`${number(report.measurement?.basePerplexity, 4)} \u2192 ${number(plan.perplexity, 4)}, `, name(text)],
      ),
      plan.heldOut === null
        ? tile("Perplexity, held-out text", "not measured", "the plan was chosen on the text it was measured on")
        : tile("Perplexity, held-out text", increase(plan.heldOut), name(report.heldOut?.text)),
    ),
    element("div", { class: "command" }, commandText(plan), copyButton(plan.command ?? "", "Copy")),
  );
}

/** The choice of the limit; a change redraws what depends on it. */
function limitChoice(plans, changed) {
  const place = byId("limits");
  if (plans.limits.length < 2) return place.remove();
  for (const value of plans.limits) {
    const input = element("input", {
      type: "radio",
      name: "limit",
      value: String(value),
      checked: value === plans.limit,
    });
    input.addEventListener("change", () => {
      plans.limit = value;
      changed();
    });
    place.append(element("label", {}, input, element("span", {}, limit(value))));
  }
}

function showFacts(report) {
  const model = report.model ?? {};
  const measurement = report.measurement ?? {};
  const facts = [
    ["Layers", count(model.layers)],
    ["Parameters", abbreviated(model.parameters)],
    ["Hidden size", count(model.hiddenSize)],
    [
      "Attention heads",
      `${count(model.attentionHeads)} query, ${count(model.kvHeads)} KV, size ${count(model.headSize)}`,
    ],
    ["Feed-forward size", count(model.feedForwardSize)],
    ["Vocabulary", count(model.vocabularySize) + (model.tiedEmbeddings ? ", tied" : "")],
    ["Context", `${count(model.contextLength)} tokens`],
    ["Nodes", count(model.nodes)],
    ["KV bytes a token", count(model.kvBytesPerToken)],
    ["Perplexity", `${number(measurement.basePerplexity, 4)} (${fixed(measurement.baseLoss, 4)} nats)`],
    ["Measured on", [count(measurement.tokens), ` tokens, windows of ${count(measurement.window)}`]],
    ["Form", [name(measurement.form), `, groups up to ${count(measurement.groupLimit)}`]],
    ["Plans measured", count(measurement.plansMeasured)],
    ["Time", `${number(measurement.seconds, 3)} s` + (measurement.cached ? ", from the cache" : "")],
    ["Provider", name(measurement.provider)],
    ["Twofold", name(report.twofold)],
  ];
  byId("facts").append(
    ...facts.map(([key, value]) => element("div", {}, element("dt", {}, key), element("dd", {}, value))),
  );
  byId("model").append(name(model.name));
  byId("path").append(name(model.path));
}
