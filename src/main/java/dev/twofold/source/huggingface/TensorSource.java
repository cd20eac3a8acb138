package dev.twofold.source.huggingface;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.source.huggingface.family.Family;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Described;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Hands out the tensors of a checkpoint by name and shape, and knows in the end which are missing and which were not
 * asked for.
 */
final class TensorSource {

    /** Names that a message lists before it only counts. */
    private static final int LISTED = 8;

    private final Path defaultFile;
    private final Family.Names names;
    private final String prefix;
    private final Map<String, Stored> unused;
    /** In the order in which they were asked for. */
    private final Map<String, Shape> missing = new LinkedHashMap<>();

    private final boolean described;

    private TensorSource(Path defaultFile, Map<String, Stored> tensors, Family.Names names, boolean described) {
        this.defaultFile = defaultFile;
        this.names = names;
        this.unused = new TreeMap<>(tensors);
        this.described = described;
        String layer = names.layer().substring(0, names.layer().indexOf('{'));
        this.prefix = names.prefixes().stream()
                .filter(candidate -> unused.keySet().stream().anyMatch(name -> name.startsWith(candidate + layer)))
                .findFirst()
                .orElse(names.prefixes().get(0));
    }

    /** The tensors of a checkpoint. */
    static TensorSource of(TensorIndex index, Family.Names names) {
        return new TensorSource(index.files().get(0), index.tensors(), names, false);
    }

    /**
     * Tensors of any name and shape, none of which can be read: those that a config describes.
     *
     * @param config the file
     */
    static TensorSource described(Path config, Family.Names names) {
        return new TensorSource(config, Map.of(), names, true);
    }

    /** The prefix that this checkpoint's names have. */
    String prefix() {
        return prefix;
    }

    /** A matrix {@code [outputs, inputs]} of a layer, however it is stored. */
    Weight matrix(String name, long outputs, long inputs) {
        return names.transposed()
                ? Weights.transpose(tensor(name + ".weight", inputs, outputs))
                : tensor(name + ".weight", outputs, inputs);
    }

    /**
     * A tensor by its whole name.
     *
     * @throws TwofoldException of kind INPUT if it has another shape, or no type of weights
     */
    Weight tensor(String name, long... dims) {
        Shape expected = Shape.of(dims);
        if (described) {
            return new Described(name, expected);
        }
        Stored stored = unused.remove(name);
        if (stored == null) {
            missing.put(name, expected);
            return new Described(name, expected);
        }
        Origin origin = Origin.tensor(stored.file(), name);
        if (!stored.shape().equals(expected)) {
            throw TwofoldException.input("wrong shape")
                    .at(origin)
                    .found(stored.shape())
                    .expected(expected + " from config.json")
                    .hint("check that config.json belongs to these tensors, or download the checkpoint again");
        }
        if (!stored.dtype().isWeight()) {
            throw TwofoldException.input("unsupported element type")
                    .at(origin)
                    .found(stored.dtype())
                    .expected("F32, F16 or BF16")
                    .hint("convert the original checkpoint, not a quantised one");
        }
        return stored;
    }

    /** Passes over a tensor that repeats another; one that differs from it stays one that nobody asked for. */
    void skipCopy(String name, Weight original) {
        Stored copy = unused.get(name);
        if (copy != null && original instanceof Stored stored && StoredCopy.equal(copy, stored)) {
            unused.remove(name);
        }
    }

    /** The elements of a matrix, row after row. */
    Weight flattened(String name, long rows, long columns) {
        Shape flat = Shape.of(rows * columns);
        return tensor(name, rows, columns) instanceof Stored stored
                ? new Stored(stored.file(), name, stored.offset(), stored.dtype(), flat)
                : new Described(name, flat);
    }

    /**
     * @param layers number of layers that were read
     * @throws TwofoldException of kind INPUT that lists what is missing, or else what was not asked for
     */
    void requireExact(int layers) {
        if (!missing.isEmpty()) {
            Map.Entry<String, Shape> first = missing.entrySet().iterator().next();
            throw listed(
                            TwofoldException.input("the tensor is missing" + andMore(missing.size()))
                                    .at(Origin.tensor(defaultFile, first.getKey()))
                                    .expected(first.getValue()),
                            new ArrayList<>(missing.keySet()))
                    .hint("check that config.json belongs to these tensors, or download the checkpoint again");
        }
        unused.keySet().removeIf(name -> names.ignored().stream().anyMatch(pattern -> matches(pattern, name)));
        if (!unused.isEmpty()) {
            Stored first = unused.values().iterator().next();
            throw listed(
                            TwofoldException.input("the model has no place for the tensor" + andMore(unused.size()))
                                    .at(Origin.tensor(first.file(), first.name()))
                                    .expected(layers + " layers, as config.json says"),
                            new ArrayList<>(unused.keySet()))
                    .hint(
                            first.name().equals(names.head() + ".weight")
                                    ? "set tie_word_embeddings to false to use this head, which differs from the embedding, or"
                                            + " remove the tensor"
                                    : "check that config.json belongs to these tensors");
        }
    }

    private static String andMore(int count) {
        return count == 1 ? "" : " and " + (count - 1) + " more";
    }

    private static TwofoldException listed(TwofoldException failure, List<String> tensors) {
        if (tensors.size() == 1) {
            return failure;
        }
        String shown = tensors.stream().skip(1).limit(LISTED).collect(Collectors.joining(", "));
        return failure.detail("also", tensors.size() > LISTED + 1 ? shown + ", ..." : shown);
    }

    /** In time that grows with the name, whatever the pattern is: a stranger may have written both. */
    private static boolean matches(String pattern, String name) {
        String[] parts = pattern.split("\\*", -1);
        String last = parts[parts.length - 1];
        if (parts.length == 1) {
            return name.equals(last);
        }
        if (!name.startsWith(parts[0])) {
            return false;
        }
        int end = parts[0].length();
        for (int i = 1; i < parts.length - 1; i++) {
            int found = name.indexOf(parts[i], end);
            if (found < 0) {
                return false;
            }
            end = found + parts[i].length();
        }
        return name.length() - end >= last.length() && name.endsWith(last);
    }
}
