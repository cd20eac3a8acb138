package dev.twofold.checkpoint;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.family.Family;
import dev.twofold.tensor.DType;
import dev.twofold.tensor.Shape;
import dev.twofold.weight.Weight;
import dev.twofold.weight.Weight.Blocked;
import dev.twofold.weight.Weight.Described;
import dev.twofold.weight.Weight.OnDisk;
import dev.twofold.weight.Weight.Stored;
import dev.twofold.weight.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Hands out the tensors of a checkpoint by name and shape, and knows in the end which are missing and which were not
 * asked for.
 */
public final class TensorSource {

    /** What the names of weights end in. */
    static final String WEIGHT = ".weight";

    /** Names that a message lists before it only counts. */
    private static final int LISTED = 8;

    private final Path defaultFile;
    private final Family.Names names;
    private final String prefix;
    private final Map<String, OnDisk> unused;
    /** In the order in which they were asked for. */
    private final Map<String, Shape> missing = new LinkedHashMap<>();

    private final boolean described;
    /** What says of which shapes they are, for messages. */
    private final String config;

    private final Optional<? extends Adaptation> adapter;
    private final Optional<Quantization> quantization;
    private int quantized;

    private TensorSource(
            Path defaultFile,
            String config,
            Map<String, OnDisk> tensors,
            Family.Names names,
            boolean described,
            Optional<? extends Adaptation> adapter,
            Optional<Quantization> quantization) {
        this.quantization = quantization;
        this.defaultFile = defaultFile;
        this.config = config;
        this.names = names;
        this.unused = new TreeMap<>(Wrappers.removed(tensors, names));
        this.described = described;
        this.adapter = adapter;
        String layer = names.layersPrefix();
        this.prefix = names.prefixes().stream()
                .filter(candidate -> unused.keySet().stream().anyMatch(name -> name.startsWith(candidate + layer)))
                .findFirst()
                .orElse(names.prefixes().get(0));
    }

    /**
     * The tensors of a checkpoint.
     *
     * @param file that a missing one should be in
     * @param config what says of which shapes they are, such as {@code config.json}
     * @param adapter what changes them, if anything does
     * @param quantization how matrices are quantized, if they are
     */
    public static TensorSource of(
            Map<String, ? extends OnDisk> tensors,
            Path file,
            String config,
            Family.Names names,
            Optional<? extends Adaptation> adapter,
            Optional<Quantization> quantization) {
        return new TensorSource(file, config, new TreeMap<>(tensors), names, false, adapter, quantization);
    }

    /**
     * Tensors of any name and shape, none of which can be read: those that a config describes.
     *
     * @param config the file
     */
    public static TensorSource described(Path config, Family.Names names) {
        return new TensorSource(
                config,
                String.valueOf(config.getFileName()),
                Map.of(),
                names,
                true,
                Optional.empty(),
                Optional.empty());
    }

    /** The prefix that this checkpoint's names have. */
    String prefix() {
        return prefix;
    }

    /** A matrix {@code [outputs, inputs]} of a layer, however it is stored. */
    Weight matrix(String name, long outputs, long inputs) {
        return matrix(name, outputs, inputs, names.transposed());
    }

    /** The same of the head, whose rows are outputs in every family. */
    Weight head(long outputs, long inputs) {
        return matrix(names.head(), outputs, inputs, false);
    }

    private Weight matrix(String name, long outputs, long inputs, boolean transposed) {
        String tensor = name + WEIGHT;
        Optional<Weight> numbers =
                quantization.flatMap(found -> QuantizedMatrix.read(found, this, name, outputs, inputs));
        if (numbers.isPresent()) {
            quantized++;
            return adapted(tensor, numbers.get());
        }
        Weight plain =
                transposed ? Weights.transpose(stored(tensor, inputs, outputs)) : stored(tensor, outputs, inputs);
        return adapted(tensor, plain);
    }

    /** How many matrices were not stored as plain numbers. */
    public int quantized() {
        return quantized;
    }

    private Weight adapted(String name, Weight matrix) {
        return adapter.map(found -> found.apply(name, matrix)).orElse(matrix);
    }

    /**
     * A tensor by its whole name.
     *
     * @throws TwofoldException of kind INPUT if it has another shape, or no type of weights
     */
    Weight tensor(String name, long... dims) {
        return adapted(name, stored(name, dims));
    }

    private Weight stored(String name, long... dims) {
        Shape expected = Shape.of(dims);
        if (described) {
            return new Described(name, expected);
        }
        OnDisk own = unused.remove(name);
        Optional<OnDisk> replacement = adapter.flatMap(found -> found.replacement(name));
        OnDisk tensor = replacement.orElse(own);
        if (tensor == null) {
            missing.put(name, expected);
            return new Described(name, expected);
        }
        Origin origin = Origin.tensor(tensor.file(), name);
        if (!tensor.shape().equals(expected)) {
            throw TwofoldException.input("wrong shape")
                    .at(origin)
                    .found(tensor.shape())
                    .expected(expected + " from " + config)
                    .hint("check that " + config + " belongs to these tensors, or download the checkpoint again");
        }
        if (tensor instanceof Stored stored && !stored.dtype().isWeight()) {
            throw TwofoldException.input("unsupported element type")
                    .at(origin)
                    .found(stored.dtype())
                    .expected("F64, F32, F16 or BF16")
                    .hint("convert the original checkpoint, not a quantised one");
        }
        return tensor;
    }

    /** Passes over a tensor that repeats another; one that differs from it stays one that nobody asked for. */
    void skipCopy(String name, Weight original) {
        boolean repeated = unused.get(name) instanceof Stored copy
                && original instanceof Stored stored
                && StoredCopy.equal(copy, stored);
        if (repeated) {
            unused.remove(name);
        }
    }

    /** A tensor that is there, whatever its shape is. */
    Stored take(String name, Set<DType> types) {
        OnDisk found = unused.remove(name);
        Stored stored = found instanceof Stored plain ? plain : null;
        if (stored == null || !types.contains(stored.dtype())) {
            throw TwofoldException.input(stored == null ? "the tensor is missing" : "unsupported element type")
                    .at(Origin.tensor(stored == null ? defaultFile : stored.file(), name))
                    .found(stored == null ? "nothing" : stored.dtype())
                    .expected(types.stream().sorted().map(DType::toString).collect(Collectors.joining(", ")))
                    .hint("download the checkpoint again, or convert the original one");
        }
        return stored;
    }

    /** Whether there is a tensor that nothing asked for yet. */
    boolean has(String name) {
        return unused.containsKey(name);
    }

    /** The same, of a shape. */
    boolean has(String name, Shape shape) {
        OnDisk found = unused.get(name);
        return found != null && found.shape().equals(shape);
    }

    /** A number, {@code [1]}, whether it is stored as a vector or by itself. */
    Weight number(String name) {
        OnDisk found = unused.get(name);
        boolean bare = found != null && found.shape().rank() == 0;
        if (bare && tensor(name) instanceof Stored stored) {
            return new Stored(stored.file(), name, stored.offset(), stored.dtype(), Shape.of(1));
        }
        return tensor(name, 1);
    }

    /** Whether there is a matrix of a name that nothing asked for yet. */
    boolean isMatrix(String name) {
        OnDisk tensor = unused.get(name);
        return tensor != null && tensor.shape().rank() == 2;
    }

    /** Passes over all tensors whose names begin alike. */
    void skipAll(String start) {
        unused.keySet().removeIf(name -> name.startsWith(start));
    }

    /** The same, of a tensor {@code [count, columns, rows]} where it is stored as plain numbers. */
    List<Weight> transposedMatrices(String name, int count, long rows, long columns) {
        return has(name) || described
                ? matrices(name, count, columns, rows).stream()
                        .map(Weights::transpose)
                        .toList()
                : matrices(name, count, rows, columns);
    }

    /** The matrices of a tensor {@code [count, rows, columns]}, one after the other. */
    List<Weight> matrices(String name, int count, long rows, long columns) {
        MicroscaledMatrices fourBits = new MicroscaledMatrices(this, name);
        if (quantization.isPresent() && fourBits.areThere()) {
            quantized += count;
            return fourBits.read(count, rows, columns);
        }
        Shape each = Shape.of(rows, columns);
        Weight all = tensor(name, count, rows, columns);
        return IntStream.range(0, count)
                .mapToObj(i -> slice(all, name + "[" + i + "]", i * each.elements(), each))
                .toList();
    }

    /** The vectors of a tensor {@code [count, size]}, one after the other. */
    List<Weight> vectors(String name, int count, long size) {
        Weight all = tensor(name, count, size);
        Shape each = Shape.of(size);
        return IntStream.range(0, count)
                .mapToObj(i -> slice(all, name + "[" + i + "]", i * size, each))
                .toList();
    }

    /** A part of a tensor, from an element on. */
    private static Weight slice(Weight all, String name, long first, Shape shape) {
        return all instanceof Stored stored
                ? new Stored(
                        stored.file(),
                        name,
                        stored.offset() + first * stored.dtype().bytes(),
                        stored.dtype(),
                        shape)
                : new Described(name, shape);
    }

    /** The elements of a matrix, row after row. */
    Weight flattened(String name, long rows, long columns) {
        Shape flat = Shape.of(rows * columns);
        Weight matrix = tensor(name, rows, columns);
        if (matrix instanceof Stored stored) {
            return new Stored(stored.file(), name, stored.offset(), stored.dtype(), flat);
        }
        return matrix instanceof Blocked blocked
                ? new Blocked(blocked.file(), name, blocked.offset(), blocked.format(), flat)
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
                    .hint("check that " + config + " belongs to these tensors, or download the checkpoint again");
        }
        unused.keySet().removeIf(name -> names.ignored().stream().anyMatch(pattern -> matches(pattern, name)));
        quantization.ifPresent(found -> unused.keySet()
                .removeIf(name -> Quantization.IGNORED.stream().anyMatch(pattern -> matches(pattern, name))));
        if (!unused.isEmpty()) {
            OnDisk first = unused.values().iterator().next();
            throw listed(
                            TwofoldException.input("the model has no place for the tensor" + andMore(unused.size()))
                                    .at(Origin.tensor(first.file(), first.name()))
                                    .expected(layers + " layers, as " + config + " says"),
                            new ArrayList<>(unused.keySet()))
                    .hint(
                            first.name().equals(names.head() + ".weight")
                                    ? "set tie_word_embeddings to false to use this head, which differs from the embedding, or"
                                            + " remove the tensor"
                                    : "check that " + config + " belongs to these tensors");
        }
    }

    /** @throws TwofoldException of kind INPUT if an adapter has something that was not asked for */
    void requireMerged() {
        adapter.ifPresent(Adaptation::requireUsed);
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
