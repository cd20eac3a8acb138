package dev.twofold.source.onnx;

import dev.twofold.graph.proto.NodeProto;
import dev.twofold.weight.WeightEvaluator;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The values of a graph, each once, and what rules make of them. */
final class Values {

    private final Map<String, List<Rule>> rules;
    private final WeightEvaluator numbers;
    private final Map<Object, Value> known = new HashMap<>();
    private int count;
    private boolean caches;

    /** @param rules those of one operator are tried in their order */
    Values(List<Rule> rules, WeightEvaluator numbers) {
        this.rules = rules.stream().collect(Collectors.groupingBy(Rule::operator));
        this.numbers = numbers;
    }

    /** Reads constants that are small. */
    WeightEvaluator numbers() {
        return numbers;
    }

    /** Whether the graph is given keys and values of the past. */
    boolean haveCaches() {
        return caches;
    }

    Value of(Term constant) {
        Value value = known.get(constant);
        return value == null ? add(constant, Optional.empty(), Optional.empty(), constant) : value;
    }

    /** What no node of the graph makes by itself, but another value is made of, whose node messages name. */
    Value of(Term term, Value from) {
        Value value = known.get(term);
        return value == null ? add(term, Optional.empty(), from.node(), term) : value;
    }

    /** @param node that the call is of */
    Value of(Call call, Optional<NodeProto> node) {
        Value value = known.get(call);
        if (value != null) {
            return value;
        }
        Term term = rules.getOrDefault(call.operator(), List.of()).stream()
                .flatMap(rule -> rule.match().make(call, this).stream())
                .findFirst()
                .orElseGet(Term.Opaque::new);
        if (term instanceof Term.Same same) {
            known.put(call, same.x());
            return same.x();
        }
        return add(call, Optional.of(call), node, term);
    }

    /** What an operator would make of values, though no node of the graph says so. */
    Value of(String operator, Value... inputs) {
        return of(
                new Call(
                        operator,
                        Map.of(),
                        Arrays.stream(inputs).map(Optional::of).toList(),
                        0),
                Optional.empty());
    }

    /** Elements of the last axis of a value. */
    Value part(Value x, long from, long to) {
        if (from == 0 && to == x.width()) {
            return x;
        }
        Term part = new Term.Part(x, from, to);
        Value value = known.get(part);
        return value == null ? add(part, Optional.empty(), x.node(), part) : value;
    }

    private Value add(Object key, Optional<Call> call, Optional<NodeProto> node, Term term) {
        caches |= term instanceof Term.Input input && Roles.isCache(input);
        Value value = new Value(count++, call, node, term, width(term));
        known.put(key, value);
        return value;
    }

    private static long width(Term term) {
        if (term instanceof Term.Numbers numbers) {
            return numbers.weight().shape().columns();
        } else if (term instanceof Term.Rows rows) {
            return rows.table().shape().columns();
        } else if (term instanceof Term.Positions positions) {
            return positions.table().shape().columns();
        } else if (term instanceof Term.Sum sum) {
            return Math.max(sum.first().width(), sum.second().width());
        } else if (term instanceof Term.Normed normed) {
            return normed.x().width();
        } else if (term instanceof Term.Unit unit) {
            return unit.x().width();
        } else if (term instanceof Term.Projected projected) {
            return projected.linear().outputs();
        } else if (term instanceof Term.Part part) {
            return part.to() - part.from();
        } else if (term instanceof Term.Joined joined) {
            boolean all = joined.parts().stream().allMatch(part -> part.width() >= 0);
            return all ? joined.parts().stream().mapToLong(Value::width).sum() : Value.UNKNOWN;
        } else if (term instanceof Term.Scaled scaled) {
            return scaled.x().width();
        } else if (term instanceof Term.Gained gained) {
            return gained.x().width();
        } else if (term instanceof Term.Tempered tempered) {
            return tempered.x().width();
        } else if (term instanceof Term.Activated activated) {
            return activated.x().width();
        } else if (term instanceof Term.Product product) {
            return product.first().width();
        } else if (term instanceof Term.Gated gated) {
            return gated.up().width();
        } else if (term instanceof Term.Biased biased) {
            return biased.sum().width();
        } else if (term instanceof Term.Shares shares) {
            return shares.router().width();
        } else if (term instanceof Term.Heads heads) {
            return heads.size();
        } else if (term instanceof Term.Headed heads) {
            return heads.size();
        } else if (term instanceof Term.HeadNormed normed) {
            return normed.x().width();
        } else if (term instanceof Term.Clipped clipped) {
            return clipped.x().width();
        } else if (term instanceof Term.Capped capped) {
            return capped.x().width();
        } else if (term instanceof Term.Rotated rotated) {
            return rotated.x().width();
        } else if (term instanceof Term.LastToken last) {
            return last.x().width();
        } else if (term instanceof Term.Attended attended) {
            return attended.query().width();
        } else if (term instanceof Term.Mixture mixture) {
            return mixture.x().width();
        } else if (term instanceof Term.Weighed weighed) {
            return weighed.x().width();
        } else if (term instanceof Term.Weighted weighted) {
            return weighted.activations().width();
        } else if (term instanceof Term.Routed routed) {
            return routed.x().width();
        } else if (term instanceof Term.Outcome outcome) {
            return outcome.made().width();
        } else if (term instanceof Term.Dispatched dispatched) {
            return dispatched.outcomes().get(0).made().width();
        }
        return Value.UNKNOWN;
    }
}
