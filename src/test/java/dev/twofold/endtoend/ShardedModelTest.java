package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.ort.ModelSession;
import dev.twofold.testing.Goldens;
import dev.twofold.testing.Logits;
import dev.twofold.testing.Novels;
import dev.twofold.testing.TinyLlama;
import dev.twofold.testing.Ways;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sharded models, run by all ranks, against the same models on one device. */
final class ShardedModelTest {

    private static final int LAYERS = 4;
    private static final List<String> UNPAIRED = List.of("--window", "0:0");
    private static final List<String> PAIRED = List.of("--pairs", "1-2");
    private static final List<String> ALL_PAIRED = List.of("--window", "0:4");
    private static final List<String> ONE_SYNC = List.of("--pairs", "1-2", "--one-sync");

    private record Cut(List<String> plan, List<String> options) {
        @Override
        public String toString() {
            return String.join(" ", plan) + " " + String.join(" ", options);
        }
    }

    private static final List<Cut> CUTS = List.of(
            new Cut(UNPAIRED, List.of("--devices", "2")),
            new Cut(UNPAIRED, List.of("--devices", "16")),
            new Cut(PAIRED, List.of("--devices", "2")),
            new Cut(PAIRED, List.of("--devices", "4", "--shard-vocabulary")),
            new Cut(PAIRED, List.of("--devices", "2", "--placement", "layers")),
            new Cut(ALL_PAIRED, List.of("--devices", "8", "--placement", "layers")),
            new Cut(ALL_PAIRED, List.of("--devices", "16", "--placement", "layers")),
            new Cut(List.of("--pairs", "0-2"), List.of("--devices", "4")),
            new Cut(ONE_SYNC, List.of("--devices", "2", "--placement", "layers")));

    @TempDir
    private Path directory;

    static Stream<Arguments> everyWay() {
        return CUTS.stream().flatMap(cut -> Ways.all().map(way -> Arguments.of(cut, way.get()[0], way.get()[1])));
    }

    @ParameterizedTest(name = "{0} {1} {2}")
    @MethodSource("everyWay")
    void ranks_compute_what_one_device_does(Cut cut, DialectName dialect, KvLayout layout) throws IOException {
        Path checkpoint = TinyLlama.deep(LAYERS, 3).heads(16, 8).write(directory.resolve("checkpoint"));
        List<String> way = List.of("--dialect", dialect.toString(), "--kv-layout", layout.toString());
        requireEqual(checkpoint, cut, way, 1e-4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"heads", "layers"})
    void biases_are_added_once(String placement) throws IOException {
        Path checkpoint = TinyLlama.deep(LAYERS, 4).attentionBias().mlpBias().write(directory.resolve("checkpoint"));
        requireEqual(checkpoint, new Cut(PAIRED, List.of("--devices", "2", "--placement", placement)), List.of(), 1e-4);
    }

    @Test
    void a_tied_vocabulary_is_cut() throws IOException {
        Path checkpoint = TinyLlama.deep(LAYERS, 5).tied().write(directory.resolve("checkpoint"));
        for (DialectName dialect : DialectName.values()) {
            Cut cut = new Cut(PAIRED, List.of("--devices", "4", "--shard-vocabulary"));
            requireEqual(checkpoint, cut, List.of("--dialect", dialect.toString()), 1e-4);
        }
    }

    @Test
    void half_precision_is_summed_and_rounded() throws IOException {
        Path checkpoint = TinyLlama.deep(LAYERS, 6).write(directory.resolve("checkpoint"));
        requireEqual(checkpoint, new Cut(PAIRED, List.of("--devices", "2")), List.of("--dtype", "fp16"), 2e-2);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "--window 0:0, --devices 2, base",
        "--window 0:0, --devices 4, base",
        "--window 2:14, --devices 2, window:2:14",
        "--window 2:14, --devices 4, window:2:14",
        "--window 2:14, --devices 4 --placement layers, window:2:14",
        "--window 2:14 --group 4, --devices 4 --placement layers, window:2:14:4",
        "--window 2:14 --one-sync, --devices 2 --placement layers, window:2:14:one",
        "--window 0:16, --devices 8 --placement layers,"
    })
    void the_test_model_computes_on_ranks_what_it_does_on_one_device(
            String plan, String devices, @Nullable String golden) {
        Cut cut = new Cut(List.of(plan.split(" ")), List.of(devices.split(" ")));
        requireEqual(Novels.CHECKPOINT, cut, List.of(), 1e-4);
        if (golden != null) {
            Goldens goldens = Goldens.load();
            assertThat(Logits.distance(Logits.of(directory.resolve("many"), goldens.tokens()), goldens.logits(golden)))
                    .isLessThan(2e-4);
        }
    }

    @Test
    void commands_take_a_directory_with_ranks() {
        Path output = directory.resolve("novels");
        CommandRun.succeeding(
                "convert", Novels.CHECKPOINT, "-o", output, "--window", "2:14", "--devices", "2", "--quiet");
        CommandRun validated = CommandRun.succeeding(
                "validate", output, "--against", Novels.CHECKPOINT, "--tokens", "128", "--format", "json", "--quiet");
        assertThat(validated.json().path("passed").asBoolean()).isTrue();
        CommandRun written =
                CommandRun.succeeding("generate", output, "--prompt", "The old man", "--max-tokens", "4", "--quiet");
        assertThat(written.out()).startsWith("The old man");
        CommandRun timed = CommandRun.succeeding(
                "bench", output, "--prompt-tokens", "4", "--new-tokens", "4", "--format", "json", "--quiet");
        assertThat(timed.json().at("/runs/0/devices").asInt()).isEqualTo(2);
        assertThat(timed.json().at("/runs/0/exchangeMillisPerToken").asDouble()).isPositive();
    }

    @Test
    void a_rank_compiled_alone_has_the_same_bytes() throws IOException {
        Path checkpoint = TinyLlama.deep(LAYERS, 7).write(directory.resolve("checkpoint"));
        List<String> options = new ArrayList<>(PAIRED);
        options.addAll(List.of("--devices", "2", "--shard-vocabulary"));
        Path whole = convert(checkpoint, "whole", options);
        for (int rank = 0; rank < 2; rank++) {
            options.addAll(List.of("--rank", String.valueOf(rank)));
            Path alone = convert(checkpoint, "alone-" + rank, options);
            options.subList(options.size() - 2, options.size()).clear();
            List<Path> files = regularFiles(alone);
            assertThat(files).contains(Path.of("twofold.json"), Path.of("rank-" + rank, "model.onnx.data"));
            assertThat(alone.resolve("rank-" + (1 - rank))).doesNotExist();
            for (Path file : files) {
                assertThat(Files.mismatch(alone.resolve(file), whole.resolve(file)))
                        .as(file.toString())
                        .isEqualTo(-1);
            }
        }
    }

    private static List<Path> regularFiles(Path root) throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(Files::isRegularFile).map(root::relativize).toList();
        }
    }

    private void requireEqual(Path checkpoint, Cut cut, List<String> way, double tolerance) {
        List<String> plan = new ArrayList<>(cut.plan());
        plan.addAll(way);
        Path one = convert(checkpoint, "one", plan);
        plan.addAll(cut.options());
        Path many = convert(checkpoint, "many", plan);
        long[] tokens = new Random(8).longs(24, 0, TinyLlama.VOCABULARY).toArray();
        long[][] batch = {
            tokens, new Random(9).longs(24, 0, TinyLlama.VOCABULARY).toArray()
        };
        try (ModelSession single = Logits.open(one);
                ModelSession ranks = Logits.open(many)) {
            float[] expected = Logits.onePass(single, batch);
            assertThat(Logits.distance(Logits.onePass(ranks, batch), expected)).isLessThan(tolerance);
            assertThat(Logits.distance(Logits.tokenByToken(ranks, tokens), Logits.tokenByToken(single, tokens)))
                    .isLessThan(tolerance);
        }
    }

    private Path convert(Path checkpoint, String name, List<String> options) {
        Path output = directory.resolve(name);
        List<Object> arguments = new ArrayList<>(List.of("convert", checkpoint, "-o", output, "--quiet", "--force"));
        arguments.addAll(options);
        CommandRun.succeeding(arguments.toArray());
        return output;
    }
}
