package dev.twofold.source.onnx;

import dev.twofold.diag.TwofoldException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What values of the residual stream are the sums of. */
final class Addends {

    /** Published models have some hundred layers, each of which adds twice. */
    private static final int MOST = 1 << 11;

    private final ModelGraph graph;
    private final Map<Value, List<Value>> known = new HashMap<>();

    Addends(ModelGraph graph) {
        this.graph = graph;
    }

    /**
     * Those of a value, in the order in which the graph makes them; the value itself if it is no sum.
     *
     * @throws TwofoldException of kind INPUT if there are more than any decoder has, or one is added twice
     */
    List<Value> of(Value value) {
        List<Value> all = known.get(value);
        if (all == null) {
            all = flat(value);
            known.put(value, all);
        }
        return all;
    }

    private List<Value> flat(Value value) {
        List<Value> all = new ArrayList<>();
        Set<Value> once = new HashSet<>();
        Deque<Value> open = new ArrayDeque<>(List.of(value));
        while (!open.isEmpty()) {
            Value next = open.pop();
            if (next.term() instanceof Term.Sum sum) {
                open.push(sum.second());
                open.push(sum.first());
            } else if (!once.add(next)) {
                throw Unrecognised.in(graph).at(next, "something that is added to the stream once");
            } else {
                all.add(next);
            }
            if (open.size() + all.size() > MOST) {
                throw Unrecognised.in(graph).at(value, "a sum of at most " + MOST + " values");
            }
        }
        all.sort(Comparator.comparingInt(Value::order));
        return List.copyOf(all);
    }
}
