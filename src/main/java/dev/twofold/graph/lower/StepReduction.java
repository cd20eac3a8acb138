package dev.twofold.graph.lower;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.graph.GraphBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The one all-reduce of a step. Results that are added as they are meet as their sum; those that pass through a norm
 * first need to be whole one by one, so they travel side by side.
 *
 * @param hidden width of each result
 */
record StepReduction(GraphBuilder graph, Collectives engine, long hidden) {

    /** A device's results to those of all devices together. */
    List<BranchResult> reduce(String step, List<BranchResult> results) {
        List<BranchResult> apart = new ArrayList<>();
        List<BranchResult> plain =
                results.stream().filter(result -> result.out().isEmpty()).toList();
        if (!plain.isEmpty()) {
            List<String> values = plain.stream().map(BranchResult::value).toList();
            apart.add(new BranchResult(step, Residual.sum(graph, step, values), Optional.empty()));
        }
        results.stream().filter(result -> result.out().isPresent()).forEach(apart::add);
        if (apart.size() == 1) {
            return List.of(apart.get(0)
                    .withValue(engine.sum(step + "/all_reduce", apart.get(0).value())));
        }
        String beside = graph.node(
                step + "/beside",
                "Concat",
                apart.stream().map(BranchResult::value).toList(),
                integer("axis", -1));
        String all = engine.sum(step + "/all_reduce", beside);
        long[] widths = new long[apart.size()];
        Arrays.fill(widths, hidden);
        List<String> whole = graph.node(
                step + "/whole", "", "Split", List.of(all, graph.integers(widths)), apart.size(), integer("axis", -1));
        List<BranchResult> reduced = new ArrayList<>();
        for (int i = 0; i < apart.size(); i++) {
            reduced.add(apart.get(i).withValue(whole.get(i)));
        }
        return reduced;
    }
}
