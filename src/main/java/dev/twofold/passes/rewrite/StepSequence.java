package dev.twofold.passes.rewrite;

import dev.twofold.decoder.StepName;
import dev.twofold.layers.StepRange;
import dev.twofold.pass.NotApplicable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The steps of a stream by name, to find runs in.
 *
 * @param names of what each step holds, in the order of the stream
 */
record StepSequence(List<List<StepName>> names) {

    /** Where a run begins and ends, both included. */
    private record Stretch(int begin, int end) {
        boolean holds(int step) {
            return begin <= step && step <= end;
        }
    }

    private int find(StepName name) {
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).equals(List.of(name))) {
                return i;
            }
        }
        return -1;
    }

    private Stretch stretch(StepRange run) {
        return new Stretch(find(run.first()), find(run.last()));
    }

    /** Why a run is none here, if it is none. */
    Optional<NotApplicable> missing(StepRange run) {
        Stretch stretch = stretch(run);
        for (StepName end : List.of(run.first(), run.last())) {
            if (find(end) < 0) {
                return Optional.of(new NotApplicable(
                        "there is no step " + end + " by itself in the stream",
                        "name steps that no earlier pass has moved or joined"));
            }
        }
        return stretch.begin() < stretch.end()
                ? Optional.empty()
                : Optional.of(new NotApplicable(
                        run.first() + " comes after " + run.last() + " in the stream",
                        "name the steps in the order of the stream: " + run.last() + "-" + run.first()));
    }

    /** Two runs that have a step in common, if there are such. */
    Optional<NotApplicable> overlap(List<StepRange> runs) {
        for (int step = 0; step < names.size(); step++) {
            int place = step;
            List<StepRange> holding =
                    runs.stream().filter(run -> stretch(run).holds(place)).toList();
            if (holding.size() > 1) {
                return Optional.of(new NotApplicable(
                        "the step " + names.get(step).get(0) + " is in the runs " + holding.get(0) + " and "
                                + holding.get(1),
                        "give each step to one run only"));
            }
        }
        return Optional.empty();
    }

    /** The layers that have steps in runs. */
    Set<Integer> layers(List<StepRange> runs) {
        List<Stretch> stretches = runs.stream().map(this::stretch).toList();
        return stretches.stream()
                .flatMap(stretch -> names.subList(stretch.begin(), stretch.end() + 1).stream())
                .flatMap(List::stream)
                .map(StepName::layer)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * Elements, one a step, with those of each run as one.
     *
     * @param join makes one of several
     */
    <T> List<T> merged(List<T> steps, List<StepRange> runs, Function<List<T>, T> join) {
        List<Stretch> stretches = runs.stream().map(this::stretch).toList();
        List<T> merged = new ArrayList<>();
        for (int i = 0; i < steps.size(); i++) {
            int place = i;
            Optional<Stretch> own =
                    stretches.stream().filter(stretch -> stretch.holds(place)).findFirst();
            merged.add(own.map(stretch -> join.apply(steps.subList(place, stretch.end() + 1)))
                    .orElse(steps.get(i)));
            i = own.map(Stretch::end).orElse(i);
        }
        return merged;
    }
}
