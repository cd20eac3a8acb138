package dev.twofold.fuzz;

import dev.twofold.source.gguf.GgufFuzz;
import dev.twofold.source.huggingface.SafetensorsFuzz;
import dev.twofold.source.huggingface.SafetensorsHeaderFuzz;
import dev.twofold.source.onnx.OnnxFuzz;
import dev.twofold.tokenizer.TokenizerFuzz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every file of the corpus, and the same mutations of them in every run, through the targets of {@code tools/fuzz.sh}. */
final class FuzzRegressionTest {

    private static final Path CORPUS = Path.of("src/test/resources/fuzz");
    private static final int MUTATIONS = 400;
    private static final int EDITS = 4;

    private static final Map<String, Consumer<byte[]>> TARGETS = new TreeMap<>(Map.ofEntries(
            target("config", ConfigFuzz::fuzzerTestOneInput),
            target("family", FamilyFuzz::fuzzerTestOneInput),
            target("gguf", GgufFuzz::fuzzerTestOneInput),
            target("hardware", HardwareFuzz::fuzzerTestOneInput),
            target("index", IndexFuzz::fuzzerTestOneInput),
            target("manifest", ManifestFuzz::fuzzerTestOneInput),
            target("onnx", OnnxFuzz::fuzzerTestOneInput),
            target("pipeline", PipelineFuzz::fuzzerTestOneInput),
            target("safetensors", SafetensorsFuzz::fuzzerTestOneInput),
            target("safetensors-header", SafetensorsHeaderFuzz::fuzzerTestOneInput),
            target("tokenizer", TokenizerFuzz::fuzzerTestOneInput)));

    private static Map.Entry<String, Consumer<byte[]>> target(String name, Consumer<byte[]> reader) {
        return Map.entry(name, reader);
    }

    @TestFactory
    Stream<DynamicTest> keeps_its_promise_for_the_corpus_and_mutations_of_it() throws IOException {
        return names(CORPUS).stream().map(target -> DynamicTest.dynamicTest(target, () -> run(target)));
    }

    private static void run(String target) throws IOException {
        Consumer<byte[]> reader = TARGETS.get(target);
        Path seeds = CORPUS.resolve(target);
        for (String name : names(seeds)) {
            byte[] seed = Files.readAllBytes(seeds.resolve(name));
            feed(reader, seed, name);
            Random random = new Random(name.hashCode());
            for (int i = 0; i < MUTATIONS; i++) {
                feed(reader, mutated(seed, random), name + ", mutation " + i);
            }
        }
    }

    private static void feed(Consumer<byte[]> reader, byte[] input, String name) {
        try {
            reader.accept(input);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(name, e);
        }
    }

    /** A few bytes changed, removed, doubled or put in. */
    private static byte[] mutated(byte[] seed, Random random) {
        byte[] bytes = seed;
        for (int edit = random.nextInt(EDITS); edit >= 0 && bytes.length > 0; edit--) {
            int at = random.nextInt(bytes.length);
            int length = Math.min(bytes.length - at, 1 + random.nextInt(8));
            byte[] piece = random.nextBoolean() ? Arrays.copyOfRange(bytes, at, at + length) : randomBytes(random);
            bytes = switch (random.nextInt(3)) {
                case 0 -> joined(bytes, at, piece, at);
                case 1 -> joined(bytes, at, new byte[0], at + length);
                default -> joined(bytes, at, randomBytes(random), at + 1);
            };
        }
        return bytes;
    }

    private static byte[] randomBytes(Random random) {
        byte[] bytes = new byte[1 + random.nextInt(3)];
        String telling = "0123456789-+.eE[]{}\",:&*!|\n\0\\u";
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte)
                    (random.nextBoolean() ? random.nextInt(256) : telling.charAt(random.nextInt(telling.length())));
        }
        return bytes;
    }

    /** The bytes before a place, something, and those from another place on. */
    private static byte[] joined(byte[] bytes, int before, byte[] between, int after) {
        byte[] joined = Arrays.copyOf(bytes, before + between.length + bytes.length - after);
        System.arraycopy(between, 0, joined, before, between.length);
        System.arraycopy(bytes, after, joined, before + between.length, bytes.length - after);
        return joined;
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(path -> path.getFileName().toString())
                    .sorted(Comparator.naturalOrder())
                    .toList();
        }
    }
}
