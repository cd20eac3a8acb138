package dev.twofold.ort;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * Measures things that stand in a row, where the place in it changes what is measured: as often as there are things, another
 * first each time, so that each is in every place once.
 */
final class EveryPlace {

    private EveryPlace() {}

    /**
     * @param measured the rounds of each of the things, in the order in which it is given them
     * @param mean of a round in every place
     * @return the rounds of each of the things
     */
    static <T, M> List<List<M>> of(
            List<T> things, Function<List<T>, List<List<M>>> measured, Function<List<M>, M> mean) {
        List<List<List<M>>> rows = new ArrayList<>();
        for (int first = 0; first < things.size(); first++) {
            rows.add(rotated(measured.apply(rotated(things, first)), -first));
        }
        List<List<M>> means = new ArrayList<>();
        for (int thing = 0; thing < things.size(); thing++) {
            means.add(means(rows, thing, mean));
        }
        return means;
    }

    private static <M> List<M> means(List<List<List<M>>> rows, int thing, Function<List<M>, M> mean) {
        List<M> means = new ArrayList<>();
        for (int round = 0; round < rows.get(0).get(thing).size(); round++) {
            List<M> same = new ArrayList<>();
            for (List<List<M>> row : rows) {
                same.add(row.get(thing).get(round));
            }
            means.add(mean.apply(same));
        }
        return means;
    }

    private static <T> List<T> rotated(List<T> list, int first) {
        List<T> rotated = new ArrayList<>(list);
        Collections.rotate(rotated, -first);
        return rotated;
    }
}
