package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.families.TinyFamilies;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.graph.proto.NodeProto;
import dev.twofold.graph.proto.ShardedDimProto;
import dev.twofold.graph.proto.ShardingSpecProto;
import dev.twofold.graph.proto.SimpleShardedDimProto;
import dev.twofold.testing.EmittedModel;
import dev.twofold.testing.EmittedModel.Table;
import dev.twofold.testing.Logits;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole models that say how they are to be cut. */
final class AnnotatedModelTest {

    /** A model, a plan for it, and how it is cut. */
    private record Cut(String model, String plan, String sharding) {

        Cut(String plan, String sharding) {
            this("llama", plan, sharding);
        }

        @Override
        public String toString() {
            return model + " " + plan + " " + sharding;
        }
    }

    private static final List<Cut> CUTS = List.of(
            new Cut("--window 0:0", "--devices 2"),
            new Cut("--window 0:0", "--devices 8 --shard-vocabulary"),
            new Cut("--pairs 0-1,2-3", "--devices 4"),
            new Cut("--pairs 0-1", "--devices 2 --placement layers --shard-vocabulary"),
            new Cut("--pairs 0-1,2-3", "--devices 8 --placement layers"),
            new Cut("--window 0:3 --group 3", "--devices 2"),
            new Cut("--pairs 0-1 --one-sync", "--devices 2 --placement layers"),
            new Cut("--window 0:4 --group 4 --one-sync", "--devices 4 --placement layers"),
            new Cut("--pipeline unmerged.yaml", "--devices 4 --placement layers"),
            new Cut("one-kv-head", "--pairs 0-1,2-3", "--devices 2"),
            new Cut("one-kv-head", "--window 0:4 --group 4", "--devices 4 --shard-vocabulary"),
            new Cut("mixtral", "--window 0:4", "--devices 2 --placement layers"),
            new Cut("mixtral", "--window 0:4 --group 4", "--devices 4 --placement layers --shard-vocabulary"));

    @TempDir
    private Path directory;

    private Path checkpoint = Path.of("");

    @BeforeEach
    void write() throws IOException {
        Files.writeString(directory.resolve("unmerged.yaml"), "steps:\n  - pair-layers: {pairs: [0-1]}\n");
    }

    private Path checkpoint(String model) throws IOException {
        return switch (model) {
            case "llama" -> llama(2);
            case "one-kv-head" -> llama(1);
            default -> TinyFamilies.checkpoint(model);
        };
    }

    private Path llama(int kvHeads) throws IOException {
        return TinyLlama.deep(4, 11).heads(8, kvHeads).mlpBias().tied().write(directory.resolve("checkpoint"));
    }

    /** Every cut in two ways, which between them have both dialects and both layouts. */
    static Stream<Arguments> ways() {
        return IntStream.range(0, CUTS.size()).boxed().flatMap(i -> {
            boolean even = i % 2 == 0;
            return Stream.of(
                    Arguments.of(CUTS.get(i), DialectName.ORT, even ? KvLayout.PER_LAYER : KvLayout.WIDE),
                    Arguments.of(CUTS.get(i), DialectName.ONNX, even ? KvLayout.WIDE : KvLayout.PER_LAYER));
        });
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("ways")
    void shards_are_what_ranks_are_given_and_one_device_computes_the_same(Cut cut, DialectName dialect, KvLayout layout)
            throws IOException {
        checkpoint = checkpoint(cut.model());
        Path annotated = convert("annotated", cut.plan(), cut.sharding() + " --collective annotate", dialect, layout);
        requireEqualLogits(annotated, cut, dialect, layout);
        EmittedModel model = EmittedModel.read(annotated);
        requireEveryTensorPlaced(model);
        Path ranks = convert("ranks", cut.plan(), cut.sharding() + " --collective ort", dialect, layout);
        List<ShardingSpecProto> specs = weightSpecs(model);
        for (int device = 0; device < devices(model); device++) {
            Map<String, Table> pool = new LinkedHashMap<>();
            for (ShardingSpecProto spec : specs) {
                Optional<Table> shard = model.shard(spec, device);
                shard.ifPresent(table -> pool.put(spec.getTensorName(), table));
            }
            EmittedModel rank = EmittedModel.read(ranks.resolve("rank-" + device));
            Set<String> chosen = ofChosenExperts(rank);
            for (Map.Entry<String, Table> given : rank.weights().entrySet()) {
                if (!chosen.contains(given.getKey())) {
                    takeApart(given.getValue(), pool, "rank " + device + ": " + given.getKey());
                }
            }
            // Of the devices that share a layer, the first adds the bias of the sum; norms are on all devices.
            assertThat(pool.keySet())
                    .as("rank " + device + " of " + cut)
                    .allMatch(name -> name.matches(".*(output|down)[.0-9]*\\.bias|.*\\.gain")
                            || !chosen.isEmpty() && name.matches(".*/(gate|up|gate_up|down)[.0-9]*\\.weight"));
        }
    }

    /** Weights that a rank has row by row in turns, for the operator that runs some experts; an annotated model runs all. */
    private static Set<String> ofChosenExperts(EmittedModel rank) {
        return rank.proto().getGraph().getNodeList().stream()
                .filter(node -> node.getOpType().equals("MoE"))
                .flatMap(node -> node.getInputList().stream())
                .collect(Collectors.toSet());
    }

    /** A weight of a rank must be shards side by side, for ranks pack projections that an annotated model keeps apart. */
    private static void takeApart(Table given, Map<String, Table> pool, String name) {
        int column = 0;
        while (column < given.columns()) {
            int from = column;
            Optional<String> found = pool.keySet().stream()
                    .filter(shard -> given.has(pool.get(shard), from))
                    .findFirst();
            assertThat(found).as(name + " from column " + from).isPresent();
            column += pool.remove(found.orElseThrow()).columns();
        }
    }

    /** The one spec of each weight; of what all devices have, nodes that run on some devices may need it there only. */
    private static List<ShardingSpecProto> weightSpecs(EmittedModel model) {
        List<ShardingSpecProto> specs = new ArrayList<>();
        for (String weight : model.weights().keySet()) {
            List<ShardingSpecProto> said = model.proto().getGraph().getNodeList().stream()
                    .flatMap(node -> specs(node).stream())
                    .filter(spec -> spec.getTensorName().equals(weight))
                    .distinct()
                    .toList();
            assertThat(said).as(weight).isNotEmpty();
            if (said.size() > 1) {
                assertThat(said).as(weight).allMatch(spec -> spec.getShardedDimCount() == 0);
            }
            specs.addAll(said);
        }
        return specs;
    }

    private static void requireEveryTensorPlaced(EmittedModel model) {
        assertThat(model.proto().getIrVersion()).isEqualTo(11);
        int devices = devices(model);
        assertThat(model.proto().getConfiguration(0).getDeviceList()).hasSize(devices);
        for (NodeProto node : model.proto().getGraph().getNodeList()) {
            Set<String> tensors = new TreeSet<>(node.getInputList());
            tensors.addAll(node.getOutputList());
            tensors.remove("");
            assertThat(node.getDeviceConfigurationsList())
                    .singleElement()
                    .satisfies(configuration -> assertThat(configuration.getConfigurationId())
                            .isEqualTo(model.proto().getConfiguration(0).getName()));
            assertThat(specs(node).stream().map(ShardingSpecProto::getTensorName))
                    .containsExactlyInAnyOrderElementsOf(tensors);
            specs(node).forEach(spec -> requireSound(spec, devices));
        }
    }

    private static void requireSound(ShardingSpecProto spec, int devices) {
        assertThat(holders(spec)).doesNotHaveDuplicates().allMatch(device -> device >= 0 && device < devices);
        long shards = 1;
        for (ShardedDimProto dim : spec.getShardedDimList()) {
            for (SimpleShardedDimProto part : dim.getSimpleShardingList()) {
                assertThat(part.getDimValue() % part.getNumShards())
                        .as(spec.getTensorName())
                        .isZero();
                shards *= part.getNumShards();
            }
        }
        assertThat(spec.getShardedDimCount()).isEqualTo(shards > 1 ? 1 : 0);
        assertThat(spec.getDeviceCount()).isEqualTo((int) shards);
    }

    private void requireEqualLogits(Path annotated, Cut cut, DialectName dialect, KvLayout layout) {
        long[] tokens = new Random(3).longs(20, 0, TinyLlama.VOCABULARY).toArray();
        Path plain = convert("plain", cut.plan(), "", dialect, layout);
        float[] expected = Logits.of(plain, new long[][] {tokens});
        float[] actual = Logits.of(annotated, new long[][] {tokens});
        assertThat(Logits.distance(actual, expected)).isLessThan(1e-5);
    }

    private static List<Long> holders(ShardingSpecProto spec) {
        return EmittedModel.holders(spec).stream().flatMap(List::stream).toList();
    }

    private static List<ShardingSpecProto> specs(NodeProto node) {
        return node.getDeviceConfigurations(0).getShardingSpecList();
    }

    private static int devices(EmittedModel model) {
        return model.proto().getConfiguration(0).getNumDevices();
    }

    private Path convert(String name, String plan, String options, DialectName dialect, KvLayout layout) {
        Path output = directory.resolve(name);
        List<Object> arguments = new ArrayList<>(List.of("convert", checkpoint, "-o", output, "--quiet", "--force"));
        String all =
                plan.replace("unmerged.yaml", directory.resolve("unmerged.yaml").toString()) + " " + options;
        arguments.addAll(Arrays.asList(all.strip().split(" ")));
        arguments.addAll(List.of("--dialect", dialect, "--kv-layout", layout));
        CommandRun.succeeding(arguments.toArray());
        return output;
    }
}
