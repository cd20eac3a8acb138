package dev.twofold.graph.check;

import dev.twofold.graph.operator.OperatorName;
import dev.twofold.graph.operator.OperatorTable;
import dev.twofold.graph.proto.NodeProto;
import java.util.Optional;
import java.util.Set;

/**
 * The operators that nodes may be of: those of a domain that is imported, and either in the table of operators, with as
 * many inputs and outputs as it says, or a function of the model.
 *
 * @param domains that are imported
 */
record OperatorCheck(Set<String> domains, Set<OperatorName> functions) {

    /** What is wrong with the operator of a node, in words that follow its name; empty if nothing is. */
    Optional<String> problem(NodeProto node) {
        if (node.getOpType().isEmpty()) {
            return Optional.of("has no operator");
        } else if (!domains.contains(OperatorName.domain(node.getDomain()))) {
            return Optional.of("is of the domain '" + node.getDomain() + "', which is not imported");
        }
        return functions.contains(OperatorName.of(node)) ? Optional.empty() : OperatorTable.problem(node);
    }
}
