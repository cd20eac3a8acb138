/* Fills the page from the document. A part that cannot be shown says so and leaves the others alone. */

function part(id, show) {
  try {
    show();
  } catch (error) {
    console.error(error);
    byId(id)?.append(
      element("p", { class: "failed", role: "alert" }, "This part could not be shown: " + error.message),
    );
  }
}

function fill() {
  const report = JSON.parse(byId("document").textContent);
  const plans = plansOf(report);
  const verdict = () => part("decision", () => showVerdict(report, plans));
  part("decision", () => showFacts(report));
  part("decision", () =>
    limitChoice(plans, () => {
      verdict();
      part("compensation", () => compensationReach(report, plans));
      drawAll();
    }),
  );
  verdict();
  part("decision", () => frontier(report, plans));
  part("recommendations", () => recommendedTable(report, plans));
  part("all-plans", () => plansTable(report, plans));
  part("compensation", () => compensation(report, plans));
  part("pairs", () => pairCosts(report, plans));
  part("groups", () => groupCosts(report));
  part("merges", () => mergeCosts(report));
  part("speed", () => speedFrontier(report, plans));
  part("influence", () => layerInfluence(report));
  part("matrices", () => matrices(report));
  part("prediction", () => prediction(report, plans));
  watch();
}

fill();
