package dev.twofold.source.onnx;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.proto.NodeProto;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Says which node is not recognised, where, and what was expected there.
 *
 * @param layers those that are known to be there
 */
record Unrecognised(ModelGraph graph, List<Integer> layers) {

    static Unrecognised in(ModelGraph graph) {
        return new Unrecognised(graph, List.of());
    }

    /** A value that should be something else. */
    TwofoldException at(Value value, String expected) {
        Value cause = cause(value);
        TwofoldException wrong = TwofoldException.input("the graph is not recognised here")
                .at(new Origin(graph.file().toString(), layers, cause.describe()))
                .found(kind(cause))
                .expected(cause == value ? expected : "a part of " + expected + ", " + value.describe());
        return place(cause)
                .map(place -> wrong.detail("place", place))
                .orElse(wrong)
                .hint("convert the checkpoint that the file was exported from, or tell us who exported it");
    }

    /** By the attentions before it in the graph: those are the nodes that read caches, two of which are given for each layer. */
    private Optional<String> place(Value value) {
        Set<String> caches = new HashSet<>();
        for (NodeProto node : graph.nodes()) {
            List<String> read =
                    node.getInputList().stream().filter(this::isCache).toList();
            boolean attends = !read.isEmpty();
            caches.addAll(read);
            int attentions = (caches.size() + 1) / 2;
            if (value.node().filter(node::equals).isPresent()) {
                String which = attends ? "the attention of layer " : "after the attention of layer ";
                return Optional.of(attentions == 0 ? "before the first attention" : which + (attentions - 1));
            }
        }
        return Optional.empty();
    }

    private boolean isCache(String name) {
        return graph.inputs().contains(name) && Roles.isCache(new Term.Input(name));
    }

    /** The first value on the way that nothing was made of, for that is what stands in the way. */
    private static Value cause(Value value) {
        Value cause = value;
        Optional<Value> before = Optional.of(value);
        while (before.isPresent()) {
            cause = before.get();
            before = cause.term() instanceof Term.Opaque
                    ? cause.call().stream()
                            .flatMap(call -> call.inputs().stream())
                            .flatMap(Optional::stream)
                            .filter(input -> input.term() instanceof Term.Opaque)
                            .findFirst()
                    : Optional.empty();
        }
        return cause;
    }

    private static String kind(Value value) {
        if (value.term() instanceof Term.Opaque) {
            return value.call()
                    .map(call -> call.operator() + " of " + operands(call))
                    .orElse("a constant");
        }
        return name(value.term());
    }

    private static String operands(Call call) {
        return String.join(
                ", ",
                call.inputs().stream()
                        .limit(8)
                        .map(input -> input.map(value -> value.term() instanceof Term.Opaque
                                        ? value.call().map(Call::operator).orElse("a constant")
                                        : name(value.term()))
                                .orElse("nothing"))
                        .toList());
    }

    /** In words: {@code HeadNormed} is "head normed". */
    private static String name(Term term) {
        if (term instanceof Term.Input input) {
            return "input " + input.name();
        }
        return term.getClass()
                .getSimpleName()
                .replaceAll("(?<=.)(?=[A-Z])", " ")
                .toLowerCase(Locale.ROOT);
    }
}
