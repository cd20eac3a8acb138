package dev.twofold.graph.lower;

import dev.twofold.decoder.Norm;
import java.util.Optional;

/**
 * What a branch makes, before it is added to the stream.
 *
 * @param name of the branch in the graph
 * @param out the norm that it still has to pass through
 */
record BranchResult(String name, String value, Optional<Norm> out) {

    BranchResult withValue(String other) {
        return new BranchResult(name, other, out);
    }
}
