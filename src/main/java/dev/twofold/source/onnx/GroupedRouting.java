package dev.twofold.source.onnx;

import dev.twofold.decoder.Routing;
import dev.twofold.decoder.Routing.Groups;
import dev.twofold.source.onnx.Pattern.Captures;
import java.util.List;
import java.util.Optional;

/** How routers are spelled that choose among the experts of the best groups, as Twofold writes them. */
final class GroupedRouting {

    /** The scores, those of each group by themselves. */
    private static final String GROUPED = "Reshape(%1$s, ?=grouped)";

    private static final String SUMS = "ReduceSum{keepdims=0}(TopK{axis=-1}(" + GROUPED + ", ?=best), =-1)";

    /** One for the best groups, and zero for others. */
    private static final String MARKED = "ScatterElements{axis=-1}(Sub(" + SUMS + ", " + SUMS + "), TopK{axis=-1}:1("
            + SUMS + ", ?=groups), Add(Sub(TopK{axis=-1}(" + SUMS + ", ?=groups), TopK{axis=-1}(" + SUMS
            + ", ?=groups)), ~1))";

    private static final String SMALLEST = "ReduceMin(%1$s, =-1)";
    private static final String BELOW = "Sub(" + SMALLEST + ", Sub(ReduceMax(%1$s, =-1), " + SMALLEST + "))";

    /** The scores, where those of other groups are below all scores there are. */
    private static final String OPEN = "Reshape(Where(Unsqueeze(Greater(" + MARKED + ", ~0.5), =-1), " + GROUPED
            + ", Unsqueeze(" + BELOW + ", =-1)), ?=ungrouped)";

    private static final String BY_SCORES = String.format(OPEN, "?p");
    private static final String BY_CORRECTED = String.format(OPEN, "Add(?p, ?c)");
    private static final String SCORES = "TopK{axis=-1}(" + BY_SCORES + ", ?=k)";
    private static final String OWN = "GatherElements{axis=-1}(?p, TopK{axis=-1}:1(" + BY_CORRECTED + ", ?=k))";

    static final List<Rule> ALL = List.of(
            shares("shares of experts of groups by their scores", BY_SCORES, SCORES, false, false),
            shares(
                    "shares of experts of groups by parts of a sum",
                    BY_SCORES,
                    MixtureSpellings.parts(SCORES),
                    false,
                    true),
            shares("shares of experts of groups chosen by corrected scores", BY_CORRECTED, OWN, true, false),
            shares(
                    "shares of experts of groups chosen by corrected scores, by parts of a sum",
                    BY_CORRECTED,
                    MixtureSpellings.parts(OWN),
                    true,
                    true));

    private GroupedRouting() {}

    private static Rule shares(String name, String open, String weights, boolean corrected, boolean normed) {
        return MixtureSpellings.shares(
                name,
                open,
                weights,
                captures -> MixtureSpellings.routing(captures, corrected, normed)
                        .flatMap(routing -> groups(captures)
                                .map(groups -> new Routing(
                                        routing.score(),
                                        routing.correction(),
                                        routing.chosen(),
                                        routing.normed(),
                                        Optional.of(groups)))));
    }

    private static Optional<Groups> groups(Captures captures) {
        List<Long> grouped = captures.whole("grouped");
        List<Long> ungrouped = captures.whole("ungrouped");
        boolean parted = grouped.size() == 4
                && grouped.subList(0, 2).equals(List.of(0L, 0L))
                && grouped.subList(2, 4).stream().allMatch(size -> size > 0 && size <= 1 << 14)
                && ungrouped.equals(List.of(0L, 0L, grouped.get(2) * grouped.get(3)));
        List<Long> best = captures.whole("best");
        List<Long> chosen = captures.whole("groups");
        boolean all = MixtureSpellings.scored(captures.value("p"))
                .filter(router -> parted && router.width() == ungrouped.get(2))
                .isPresent();
        boolean fits = all
                && best.size() == 1
                && chosen.size() == 1
                && best.get(0) > 0
                && best.get(0) <= grouped.get(3)
                && chosen.get(0) > 0
                && chosen.get(0) <= grouped.get(2);
        return fits
                ? Optional.of(new Groups(
                        grouped.get(2).intValue(),
                        chosen.get(0).intValue(),
                        best.get(0).intValue()))
                : Optional.empty();
    }
}
