package dev.twofold.source.onnx;

import dev.twofold.source.onnx.Term.Form;
import dev.twofold.source.onnx.Term.Headed;
import dev.twofold.source.onnx.Term.Keys;
import dev.twofold.source.onnx.Term.Layout;
import dev.twofold.source.onnx.Term.Mask;
import java.util.Optional;
import java.util.Set;

/**
 * MultiHeadAttention, which has as many heads of keys as of queries: graphs repeat them before it, together with those of the past, or
 * it is given these itself.
 */
final class ManyHeads {

    private static final Set<String> READ = Set.of("num_heads", "scale", "unidirectional", "mask_filter_value");

    private ManyHeads() {}

    /** Queries, keys, values, a bias of all three, which tokens there are, what is added to scores, and the past. */
    static Optional<Term> attended(Call call, Values values) {
        long heads = call.integer("num_heads", 0);
        boolean plain = call.output() == 0
                && heads > 0
                && READ.containsAll(call.attributes().keySet())
                && call.number("mask_filter_value", MaskRules.LITTLE) <= MaskRules.LITTLE
                && call.input(3).isEmpty()
                && call.inputs().stream().skip(8).allMatch(Optional::isEmpty);
        Optional<Value> query = call.input(0).filter(x -> x.width() > 0 && x.width() % Math.max(1, heads) == 0);
        if (!plain || query.isEmpty()) {
            return Optional.empty();
        }
        Headed queries = new Headed(query.get(), heads, query.get().width() / heads);
        Optional<Keys> keys = keys(call, 1, 6, queries);
        Optional<Keys> all = keys(call, 2, 7, queries);
        double scale = call.number("scale", 0);
        return keys.flatMap(first -> all.flatMap(second -> mask(call)
                        .flatMap(mask -> HeadRules.attended(
                                queries,
                                first,
                                second,
                                scale == 0 ? 1 / Math.sqrt(queries.size()) : scale,
                                Optional.empty(),
                                mask.window()))))
                .map(Term.class::cast);
    }

    private static Optional<Keys> keys(Call call, int input, int past, Headed queries) {
        Optional<Keys> joined = call.input(input, Keys.class)
                .filter(keys ->
                        keys.layout() == Layout.JOINED && call.input(past).isEmpty());
        return joined.or(() -> call.input(input)
                .filter(x -> x.width() == queries.count() * queries.size())
                .flatMap(x -> cache(call, past)
                        .map(name -> new Keys(x, queries.count(), queries.size(), 1, name, Layout.JOINED))));
    }

    /** Without one, new tokens are all. */
    private static Optional<String> cache(Call call, int past) {
        return call.input(past).isEmpty()
                ? Optional.of("")
                : call.input(past, Term.Input.class).filter(Roles::isCache).map(Term.Input::name);
    }

    /** What is added, or that none sees what is after it. */
    private static Optional<Mask> mask(Call call) {
        boolean causal = call.integer("unidirectional", 0) == 1;
        boolean told = call.input(4).isEmpty()
                || call.input(4, Term.Input.class)
                        .filter(input -> Roles.isMask(input.name()))
                        .isPresent();
        Optional<Mask> added = call.input(5, Mask.class).filter(mask -> mask.form() == Form.ADDED);
        if (!told || call.input(5).isPresent() && added.isEmpty()) {
            return Optional.empty();
        }
        return added.or(() -> Optional.of(Mask.added(causal, Optional.empty())))
                .map(mask -> Mask.added(mask.causal() || causal, mask.window()))
                .filter(Mask::causal);
    }
}
