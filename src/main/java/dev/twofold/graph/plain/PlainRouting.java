package dev.twofold.graph.plain;

import static dev.twofold.graph.Attributes.integer;

import dev.twofold.decoder.Experts;
import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Routing.Groups;
import dev.twofold.decoder.Routing.Score;
import dev.twofold.graph.proto.TensorProto.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Which experts tokens get. */
record PlainRouting(PlainBuild build) {

    /** Numbers of the chosen experts and how much each counts, {@code [batch, tokens, chosen]}. */
    record Chosen(String experts, String weights) {}

    Chosen chosen(String x, Experts experts) {
        Routing routing = experts.routing();
        Scores scores = scores(x, experts);
        if (routing.near().isPresent()) {
            List<String> top = build.topK(scores.results(), routing.chosen());
            return new Chosen(
                    top.get(1),
                    near(scores.results(), top, experts, routing.near().get()));
        }
        String numbers = best(scores, experts);
        String found = build.node("GatherElements", List.of(scores.likely(), numbers), integer("axis", -1));
        return new Chosen(
                numbers, routing.normed() ? build.node("Div", found, build.reduce("ReduceSum", found)) : found);
    }

    /**
     * Shares among experts that are near, {@code [batch, tokens, chosen]}.
     *
     * @param top the largest results, and whose they are
     */
    private String near(String results, List<String> top, Experts experts, double near) {
        String first = build.node("Slice", top.get(1), build.integers(0), build.integers(1), build.integers(-1));
        String taken = build.node(
                "Equal", first, build.integers(counting(experts.experts().size())));
        String nothing = build.number(Float.NEGATIVE_INFINITY);
        List<String> parts = new ArrayList<>();
        for (int place = 0; place < experts.routing().chosen(); place++) {
            String open = place == 0 ? results : build.node("Where", taken, nothing, results);
            String own = build.node(
                    "Slice", top.get(0), build.integers(place), build.integers(place + 1), build.integers(-1));
            String size = build.node("Max", build.node("Abs", results), own);
            String close = build.node(
                    "LessOrEqual", build.node("Sub", own, results), build.node("Mul", size, build.number(near)));
            String shares =
                    build.node("Softmax", List.of(build.node("Where", close, open, nothing)), integer("axis", -1));
            parts.add(build.reduce("ReduceMax", shares));
        }
        return build.node("Concat", parts, integer("axis", -1));
    }

    private static long[] counting(int count) {
        return LongStream.range(0, count).toArray();
    }

    /** Numbers of the chosen groups, if there are groups, and of the chosen experts, as float32. */
    List<String> choices(String x, Experts experts) {
        Scores scores = scores(x, experts);
        Stream<String> groups = experts.routing().groups().stream()
                .map(among -> bestGroups(ranked(scores, experts.routing()), experts, among));
        return Stream.concat(groups, Stream.of(best(scores, experts)))
                .map(numbers -> build.node("Cast", List.of(numbers), integer("to", DataType.FLOAT_VALUE)))
                .toList();
    }

    /** The router's results, and what becomes of them. */
    private record Scores(String results, String likely) {}

    private Scores scores(String x, Experts experts) {
        String results = build.linear(x, experts.router());
        return new Scores(
                results,
                experts.routing().score() == Score.SOFTMAX
                        ? build.node("Softmax", List.of(results), integer("axis", -1))
                        : build.node("Sigmoid", results));
    }

    /** The scores that count for the choice. */
    private String ranked(Scores scores, Routing routing) {
        return routing.correction()
                .map(values -> build.node("Add", scores.likely(), build.feed(values)))
                .orElse(routing.ranksResults() ? scores.results() : scores.likely());
    }

    private String best(Scores scores, Experts experts) {
        Routing routing = experts.routing();
        String ranked = ranked(scores, routing);
        String open =
                routing.groups().map(groups -> within(ranked, experts, groups)).orElse(ranked);
        return build.topK(open, routing.chosen()).get(1);
    }

    /** Scores {@code [batch, tokens, groups, experts of each]}. */
    private String grouped(String ranked, Experts experts, Groups groups) {
        long each = experts.experts().size() / groups.count();
        return build.node("Reshape", ranked, build.integers(0, 0, groups.count(), each));
    }

    private String bestGroups(String ranked, Experts experts, Groups groups) {
        String best =
                build.topK(grouped(ranked, experts, groups), groups.best()).get(0);
        String sums = build.node("ReduceSum", List.of(best, build.integers(-1)), integer("keepdims", 0));
        return build.topK(sums, groups.chosen()).get(1);
    }

    /** The scores with nothing of groups that are not chosen. */
    private String within(String ranked, Experts experts, Groups groups) {
        String chosen = bestGroups(ranked, experts, groups);
        String each = build.node("Unsqueeze", chosen, build.integers(-1));
        String same = build.node("Equal", each, build.integers(counting(groups.count())));
        String ones = build.node("Cast", List.of(same), integer("to", DataType.FLOAT_VALUE));
        String one = build.node("ReduceMax", List.of(ones, build.integers(2)), integer("keepdims", 0));
        String open = build.node("Greater", build.node("Unsqueeze", one, build.integers(-1)), build.number(0));
        String kept =
                build.node("Where", open, grouped(ranked, experts, groups), build.number(Float.NEGATIVE_INFINITY));
        return build.node(
                "Reshape", kept, build.integers(0, 0, experts.experts().size()));
    }
}
