package dev.twofold.graph.cut;

import dev.twofold.graph.Graph;
import dev.twofold.graph.operator.OperatorTable;
import dev.twofold.graph.proto.NodeProto;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where the tensors of a node have to be for the devices to run it together, by where its operands are: the rules that
 * the table of operators names. A node whose operands are all whole needs none: devices that have them run it each by
 * itself.
 */
final class ShardingRules {

    /** Activations are {@code [batch, sequence, features]}. */
    private static final int ACTIVATION = 3;

    private static final int MATRIX = 2;
    /** Codes are {@code [out, blocks, bytes]}. */
    private static final int PACKED = 3;
    /** Caches are {@code [batch, KV heads, tokens, head size]}. */
    private static final int CACHE = 4;

    private final List<Integer> everyone;
    private final CutNode.Shapes shapes;

    ShardingRules(Graph graph, List<Integer> everyone) {
        this.everyone = everyone;
        this.shapes = CutNode.Shapes.of(graph);
    }

    /**
     * The sharding of every input and output of a node, by name.
     *
     * @param operands of its inputs, as they were made
     */
    Map<String, TensorSharding> apply(NodeProto node, Map<String, TensorSharding> operands) {
        Map<String, TensorSharding> decided = new LinkedHashMap<>();
        List<Integer> devices;
        if (operands.values().stream().anyMatch(TensorSharding::isCut)) {
            devices = cut(new CutNode(node, operands, decided, shapes));
        } else {
            devices = common(operands.values());
        }
        Map<String, TensorSharding> tensors = new LinkedHashMap<>();
        Stream.concat(node.getInputList().stream(), node.getOutputList().stream())
                .filter(name -> !name.isEmpty())
                .forEach(name -> tensors.put(name, decided.getOrDefault(name, TensorSharding.whole(devices))));
        return tensors;
    }

    /** Says where the tensors of a node are, of which an operand is cut, and returns the devices that run it. */
    private static List<Integer> cut(CutNode node) {
        return switch (OperatorTable.of(node.proto()).cutting()) {
            case NONE ->
                throw new IllegalStateException("no rule for " + node.proto().getOpType() + " of cut operands");
            case PRODUCT -> product(node, ACTIVATION);
            case MATRIX_PRODUCT -> product(node, MATRIX);
            case BLOCK_PRODUCT -> blockProduct(node);
            case BLOCKS -> blocks(node);
            case BLOCK_ROWS -> blockRows(node);
            case ELEMENTWISE -> elementwise(node);
            case NORM -> normalized(node);
            case SIDE_BY_SIDE -> sideBySide(node);
            case LIKE_FIRST -> likeFirst(node);
            case ATTENTION -> attention(node, 4);
            case GROUP_QUERY_ATTENTION -> attention(node, 3);
            case ROWS -> rows(node);
            case TRANSPOSED -> transposed(node);
            case RESHAPED -> reshaped(node);
        };
    }

    /** Where whole operands meet: on the only devices that have one of them, or on all devices. */
    private List<Integer> common(Collection<TensorSharding> operands) {
        List<List<Integer>> some = operands.stream()
                .map(TensorSharding::devices)
                .filter(devices -> !devices.equals(everyone))
                .distinct()
                .toList();
        return some.size() == 1 ? some.get(0) : everyone;
    }

    /**
     * A product with a weight {@code [in, out]}, or {@code [out, in]} with {@code transB}. Cut by its outputs, it takes
     * its operand whole and yields its share of features. Cut by its inputs, it takes its share of features, and the
     * products are summed over the devices.
     */
    private static List<Integer> product(CutNode node, int rank) {
        TensorSharding weight = node.operand(1);
        node.require(weight.isCut());
        node.input(1, weight);
        boolean byOutputs = weight.isCutFromEnd(node.attribute("transB") == 1 ? 2 : 1);
        TensorSharding features =
                weight.moved(rank - 1, rank, weight.cut().orElseThrow().extent());
        multiply(node, features, byOutputs);
        return weight.devices();
    }

    /** The same with codes {@code [out, blocks, bytes]}, and scales and zeros {@code [out, blocks]}. */
    private static List<Integer> blockProduct(CutNode node) {
        TensorSharding codes = node.operand(1);
        node.require(codes.isCut());
        for (int i = 1; i < node.proto().getInputCount(); i++) {
            node.input(i, node.operand(i));
        }
        boolean byOutputs = codes.isCutFromEnd(PACKED);
        multiply(node, codes.moved(ACTIVATION - 1, ACTIVATION, node.attribute(byOutputs ? "N" : "K")), byOutputs);
        return codes.devices();
    }

    private static void multiply(CutNode node, TensorSharding features, boolean byOutputs) {
        TensorSharding x = node.operand(0);
        if (byOutputs) {
            node.require(!x.isCut());
            node.output(0, features);
        } else {
            node.require(x.equals(features));
            node.input(0, x);
        }
    }

    private static List<Integer> blocks(CutNode node) {
        for (int i = 0; i < node.proto().getInputCount(); i++) {
            node.input(i, node.operand(i));
        }
        node.output(0, node.operand(0));
        return node.operand(0).devices();
    }

    /** Operands are cut alike, or are the same for all elements of the axis that is cut; a single part is not cut at all. */
    private static List<Integer> elementwise(CutNode node) {
        TensorSharding first = node.operand(0);
        for (int i = 0; i < node.proto().getInputCount(); i++) {
            TensorSharding operand = node.operand(i);
            if (operand.isCut()) {
                node.require(first.matches(operand));
                node.input(i, operand);
            } else {
                node.require(first.isOnePart() || node.isNumber(i) || first.isCutFromEnd(1) && node.isColumn(i));
            }
        }
        node.output(0, first);
        return first.devices();
    }

    /** Over the last axis, which one device has to have whole. */
    private static List<Integer> normalized(CutNode node) {
        TensorSharding x = node.operand(0);
        if (x.isCutFromEnd(1)) {
            node.require(x.holders().size() == 1);
        }
        return likeFirst(node);
    }

    private static List<Integer> likeFirst(CutNode node) {
        node.input(0, node.operand(0));
        node.output(0, node.operand(0));
        return node.operand(0).devices();
    }

    /** Features of several layers: of devices that have a share of each, or of each layer's own. */
    private static List<Integer> sideBySide(CutNode node) {
        List<TensorSharding> parts =
                node.proto().getInputList().stream().map(node.operands()::get).toList();
        TensorSharding first = parts.get(0);
        long extent = 0;
        for (int i = 0; i < parts.size(); i++) {
            node.require(parts.get(i).isCutFromEnd(1));
            node.input(i, parts.get(i));
            extent += parts.get(i).cut().orElseThrow().extent();
        }
        boolean shared = parts.stream().allMatch(first::equals);
        List<List<Integer>> holders = shared
                ? first.holders()
                : parts.stream().flatMap(part -> part.holders().stream()).toList();
        TensorSharding all =
                TensorSharding.along(ACTIVATION - 1, ACTIVATION, extent, shared ? parts.size() : 1, holders);
        node.require(all.devices().stream().distinct().count() == all.devices().size());
        node.output(0, all);
        return all.devices();
    }

    /**
     * Every device has query heads, the KV heads they read, and the caches of those. Where every device has all KV heads,
     * one a layer, queries that are cut layer by layer read those of their layers.
     */
    private static List<Integer> attention(CutNode node, int pastKey) {
        TensorSharding query = node.operand(0);
        TensorSharding key = node.operand(1);
        node.require(query.isCutFromEnd(1)
                && key.isCutFromEnd(1)
                && key.equals(node.operand(2))
                && (key.isOnePart()
                        || query.cut().orElseThrow().layers()
                                == key.cut().orElseThrow().layers())
                && query.devices().equals(key.devices()));
        TensorSharding cache = key.moved(1, CACHE, node.attribute("kv_num_heads"));
        node.input(0, query);
        node.input(1, key);
        node.input(2, key);
        node.input(pastKey, cache);
        node.input(pastKey + 1, cache);
        node.output(0, query);
        node.output(1, cache);
        node.output(2, cache);
        return query.devices();
    }

    /** Rows of a table of which each device has some: whoever has a row gives it to all. */
    private static List<Integer> rows(CutNode node) {
        TensorSharding table = node.operand(0);
        node.require(table.isCutFromEnd(MATRIX));
        node.input(0, table);
        return table.devices();
    }

    /** The same with the scales and zeros of those rows. */
    private static List<Integer> blockRows(CutNode node) {
        for (int i = 2; i < node.proto().getInputCount(); i++) {
            node.input(i, node.operand(i));
        }
        return rows(node);
    }

    private static List<Integer> transposed(CutNode node) {
        TensorSharding matrix = node.operand(0);
        TensorSharding.Cut cut = matrix.cut().orElseThrow();
        node.require(cut.rank() == MATRIX);
        node.input(0, matrix);
        node.output(0, matrix.moved(1 - cut.axis(), MATRIX, cut.extent()));
        return matrix.devices();
    }

    /** Features parted in two axes, or two axes joined to features; rows of a matrix as sequences again. */
    private static List<Integer> reshaped(CutNode node) {
        TensorSharding x = node.operand(0);
        TensorSharding.Cut cut = x.cut().orElseThrow();
        List<Long> target = node.numbers(1);
        node.input(0, x);
        if (cut.axis() == 0 && target.size() == MATRIX) {
            node.output(0, x.moved(0, MATRIX, cut.extent()));
        } else if (cut.rank() == MATRIX) {
            node.require(x.isCutFromEnd(1));
            node.output(0, x.moved(ACTIVATION - 1, ACTIVATION, cut.extent()));
        } else if (target.size() == ACTIVATION + 1) {
            node.require(x.isCutFromEnd(1));
            node.output(0, parted(node, x, target.get(ACTIVATION - 1), target.get(ACTIVATION)));
        } else {
            node.require(target.size() == ACTIVATION && cut.rank() == ACTIVATION + 1);
            long extent = target.get(ACTIVATION - 1);
            int layers = x.isCutFromEnd(1) ? (int) (extent / cut.extent()) : cut.layers();
            node.output(0, TensorSharding.along(ACTIVATION - 1, ACTIVATION, extent, layers, x.holders()));
        }
        return x.devices();
    }

    /** Whole heads to each device; or, where each of {@code count} is cut by itself, a share of every one. */
    private static TensorSharding parted(CutNode node, TensorSharding features, long count, long size) {
        TensorSharding.Cut cut = features.cut().orElseThrow();
        int rank = ACTIVATION + 1;
        long pieces = cut.layers() * (long) features.holders().size();
        if (count % pieces == 0) {
            return TensorSharding.along(rank - 2, rank, count, cut.layers(), features.holders());
        }
        node.require(cut.layers() == count);
        return TensorSharding.along(rank - 1, rank, size, 1, features.holders());
    }
}
