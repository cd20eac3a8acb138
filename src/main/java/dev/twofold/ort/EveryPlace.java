package dev.twofold.ort;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Measures things that stand in a row, where the place in it changes what is measured: as often as there are things, another
 * first each time, so that each is in every place once.
 */
final class EveryPlace {

    private EveryPlace() {}

    /**
     * @param measured each of the things, in the order in which it is given them
     * @param mean of what was measured in every place
     * @return the mean of each of the things
     */
    static <T, M> List<M> of(List<T> things, Function<List<T>, List<M>> measured, Function<List<M>, M> mean) {
        List<List<M>> rows = new ArrayList<>();
        for (int first = 0; first < things.size(); first++) {
            rows.add(rotated(measured.apply(rotated(things, first)), -first));
        }
        return IntStream.range(0, things.size())
                .mapToObj(thing ->
                        mean.apply(rows.stream().map(row -> row.get(thing)).toList()))
                .toList();
    }

    private static <T> List<T> rotated(List<T> list, int first) {
        List<T> rotated = new ArrayList<>(list);
        Collections.rotate(rotated, -first);
        return rotated;
    }
}
