package dev.twofold.decoder;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Branches that all read the same stream and are summed into it once: {@code x <- x + sum of branch(x)}.
 * Sharded over devices, a step costs one all-reduce.
 */
public record Step(List<Branch> branches) {

    public Step {
        branches = List.copyOf(branches);
    }

    public static Step of(Branch branch) {
        return new Step(List.of(branch));
    }

    /** Branches of one kind of operator together, kinds in the order of their first branch: each kind is cut by itself. */
    public List<List<Branch>> byKind() {
        Map<Operator.Kind, List<Branch>> kinds = new LinkedHashMap<>();
        branches.forEach(branch -> kinds.computeIfAbsent(branch.body().kind(), kind -> new ArrayList<>())
                .add(branch));
        return List.copyOf(kinds.values());
    }

    /**
     * Vectors of the hidden size that the devices of a sharded model sum for a token: one for all results that are added
     * as they are, and one for each that passes through a norm first.
     */
    public int sums() {
        long apart =
                branches.stream().filter(branch -> branch.out().isPresent()).count();
        return (int) apart + (apart < branches.size() ? 1 : 0);
    }

    /** Operators that run one after the other: 1, or the length of the longest chain. */
    public int depth() {
        return branches.stream().mapToInt(branch -> branch.body().depth()).max().orElse(0);
    }
}
