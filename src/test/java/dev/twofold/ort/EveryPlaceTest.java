package dev.twofold.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class EveryPlaceTest {

    /** The first is slow, and no line goes through these. */
    private static final double[] SLOWNESS = {1.1, 1.0, 1.02};

    @Test
    void each_is_in_every_place_once() {
        List<List<String>> orders = new ArrayList<>();
        EveryPlace.of(
                List.of("a", "b", "c"),
                order -> {
                    orders.add(order);
                    return order;
                },
                names -> String.join("", names));
        assertThat(orders).containsExactly(List.of("a", "b", "c"), List.of("b", "c", "a"), List.of("c", "a", "b"));
    }

    @Test
    void what_is_measured_stays_with_what_it_was_measured_of() {
        assertThat(EveryPlace.of(
                        List.of("a", "b", "c"),
                        order -> order.stream().map(name -> name + 1).toList(),
                        names -> String.join(" ", names)))
                .containsExactly("a1 a1 a1", "b1 b1 b1", "c1 c1 c1");
    }

    @Test
    void equal_things_come_out_equal_whatever_the_places_do() {
        List<Double> seconds = EveryPlace.of(
                List.of(3.0, 3.0, 2.0),
                order -> IntStream.range(0, order.size())
                        .mapToObj(place -> order.get(place) * SLOWNESS[place])
                        .toList(),
                times -> Medians.geometricMean(
                        times.stream().mapToDouble(Double::doubleValue).toArray()));
        assertThat(seconds.get(0)).isCloseTo(seconds.get(1), within(1e-12));
        assertThat(seconds.get(0) / seconds.get(2)).isCloseTo(1.5, within(1e-12));
    }
}
