package dev.twofold.passes.compensate;

import dev.twofold.decoder.Branch;
import dev.twofold.decoder.LayerGroup;
import dev.twofold.decoder.Step;
import dev.twofold.decoder.StepName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The steps that the layers of a group have in the checkpoint, and where their branches are now.
 *
 * @param steps of the checkpoint, in their order
 */
record StepOrigins(LayerGroup group, List<List<Term>> steps) {

    /** A branch of a step of the group. */
    record Term(int step, int branch) {}

    /** @param stepsPerLayer that layers of the checkpoint have; in one of them attention and feed-forward read one stream */
    static StepOrigins of(LayerGroup group, int stepsPerLayer) {
        Map<StepName, List<Term>> byName = new TreeMap<>(
                Comparator.comparingInt((StepName name) -> group.layers().indexOf(name.layer()))
                        .thenComparing(StepName::part));
        for (int step = 0; step < group.steps().size(); step++) {
            List<Branch> branches = group.steps().get(step).branches();
            for (int branch = 0; branch < branches.size(); branch++) {
                StepName own = StepName.of(Step.of(branches.get(branch))).get(0);
                StepName original = stepsPerLayer == 1 ? new StepName(own.layer(), StepName.Part.ATTENTION) : own;
                byName.computeIfAbsent(original, name -> new ArrayList<>()).add(new Term(step, branch));
            }
        }
        return new StepOrigins(group, List.copyOf(byName.values()));
    }

    /** Whether a step of the group holds what were several steps of the checkpoint. */
    boolean joins(int step) {
        return steps.stream()
                        .filter(terms -> terms.stream().anyMatch(term -> term.step() == step))
                        .count()
                > 1;
    }

    /** Whether any of its steps does. */
    boolean joins() {
        for (int step = 0; step < group.steps().size(); step++) {
            if (joins(step)) {
                return true;
            }
        }
        return false;
    }

    Branch branch(Term term) {
        return group.steps().get(term.step()).branches().get(term.branch());
    }
}
