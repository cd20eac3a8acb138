package dev.twofold.passes.rewrite;

import dev.twofold.decoder.StepName;
import dev.twofold.pass.Facts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Which layers share groups once steps were merged: those that have a step in common, directly or through others. */
final class MergedGroups {

    private MergedGroups() {}

    /**
     * @param before the groups before steps were merged
     * @param steps after it
     */
    static List<Facts.Group> of(List<Facts.Group> before, List<List<StepName>> steps) {
        Map<List<List<StepName>>, Facts.Group> untouched =
                before.stream().collect(Collectors.toMap(Facts.Group::steps, Function.identity()));
        List<Facts.Group> groups = new ArrayList<>();
        List<List<StepName>> own = new ArrayList<>();
        for (List<StepName> step : steps) {
            if (!own.isEmpty() && Collections.disjoint(layers(own), layers(List.of(step)))) {
                groups.add(group(own, untouched));
                own.clear();
            }
            own.add(step);
        }
        groups.add(group(own, untouched));
        return groups;
    }

    private static Facts.Group group(List<List<StepName>> steps, Map<List<List<StepName>>, Facts.Group> untouched) {
        Facts.Group known = untouched.get(steps);
        return known == null ? new Facts.Group(layers(steps), Facts.Arrangement.MERGED, steps) : known;
    }

    private static List<Integer> layers(List<List<StepName>> steps) {
        return steps.stream()
                .flatMap(List::stream)
                .map(StepName::layer)
                .distinct()
                .toList();
    }
}
