package dev.twofold.passes.quantize;

import dev.twofold.layers.LayerWindow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Which places have 8 bits so that what rounding costs in all stays within a limit, for the fewest bytes more: costs of places are
 * nearly additive, so the one that saves most loss for each byte is next.
 *
 * @param raised the places with 8 bits
 * @param predicted what all rounding costs together, in nats
 */
public record BitChoice(List<BitCost> raised, double predicted) {

    /** Elements of a block with 8 bits, which need no finer scales. */
    private static final int BLOCK = 64;

    /** Errors of 8 bits are this share of those of 4, and what they cost goes with the square. */
    private static final double SHARE = 15.0 / 255;

    public BitChoice {
        raised = List.copyOf(raised);
    }

    /**
     * The one of fewest bytes within a limit; 8 bits everywhere if none is.
     *
     * @param limit in nats
     */
    public static BitChoice of(List<BitCost> costs, double limit) {
        List<BitChoice> all = frontier(costs);
        return all.stream()
                .filter(choice -> choice.predicted <= limit)
                .findFirst()
                .orElse(all.get(all.size() - 1));
    }

    /** From 8 bits nowhere to 8 bits everywhere, a place more each time: for each number of bytes the least loss. */
    public static List<BitChoice> frontier(List<BitCost> costs) {
        List<BitCost> order = costs.stream()
                .sorted(Comparator.comparingDouble(cost -> -cost.loss() / cost.elements()))
                .toList();
        double loss = costs.stream().mapToDouble(BitCost::loss).sum();
        List<BitChoice> choices = new ArrayList<>(List.of(new BitChoice(List.of(), loss)));
        for (int count = 1; count <= order.size(); count++) {
            loss -= order.get(count - 1).loss() * (1 - SHARE * SHARE);
            choices.add(new BitChoice(order.subList(0, count), loss));
        }
        return choices;
    }

    /** For a recipe: one place for matrices of one kind, with their layers. */
    public List<Place> places() {
        Map<List<MatrixName>, TreeSet<Integer>> layers = new LinkedHashMap<>();
        Map<List<MatrixName>, Boolean> everywhere = new HashMap<>();
        for (MatrixName first : MatrixName.values()) {
            raised.stream().filter(cost -> cost.matrices().get(0) == first).forEach(cost -> {
                layers.computeIfAbsent(cost.matrices(), names -> new TreeSet<>())
                        .addAll(cost.layers());
                everywhere.merge(cost.matrices(), cost.layers().isEmpty(), Boolean::logicalOr);
            });
        }
        List<Place> places = new ArrayList<>();
        layers.forEach((names, numbers) -> places.add(new Place(
                names,
                Boolean.TRUE.equals(everywhere.get(names)) ? null : new LayerChoice(null, null, windows(numbers)),
                8,
                BLOCK,
                true,
                null)));
        return places;
    }

    private static List<LayerWindow> windows(TreeSet<Integer> layers) {
        List<LayerWindow> windows = new ArrayList<>();
        int from = layers.first();
        int to = from;
        for (int layer : layers) {
            if (layer > to) {
                windows.add(new LayerWindow(from, to));
                from = layer;
            }
            to = layer + 1;
        }
        windows.add(new LayerWindow(from, to));
        return windows;
    }
}
