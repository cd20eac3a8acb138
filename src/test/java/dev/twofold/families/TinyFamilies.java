package dev.twofold.families;

import dev.twofold.testing.StoredTensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tiny checkpoints of testmodels/families. */
public final class TinyFamilies {

    public static final Path ROOT = Path.of("testmodels", "families");

    /** Checkpoints with options that those of their families leave out. */
    static final List<String> VARIANTS = List.of(
            "variants/glm4_moe-groups",
            "variants/dots1-groups",
            "variants/granitemoehybrid-experts",
            "variants/llama4-listed",
            "variants/falcon-rw",
            "variants/minicpm3-longrope");

    /** What other checkpoints compute too. */
    private static final Set<String> ALIKE = Set.of(
            "arcee",
            "codegen",
            "cwm",
            "dots1",
            "ernie4_5",
            "exaone",
            "exaone4-full",
            "falcon",
            "glm",
            "gpt_bigcode",
            "gpt_neo",
            "gpt_neox-sequential",
            "granitemoehybrid",
            "gptj",
            "helium",
            "hunyuan_v1_dense",
            "internlm2",
            "llama3.1",
            "minicpm",
            "minicpm3",
            "minimax_m2",
            "olmo",
            "phi3-longrope",
            "qwen3_moe",
            "seed_oss",
            "stablelm",
            "vaultgemma");

    /** Those that tests are run for, all if nothing is said: {@code -Dfamilies=apertus,gpt_oss} while one is worked on. */
    private static final Set<String> ONLY = Arrays.stream(
                    System.getProperty("families", "").split(","))
            .filter(name -> !name.isEmpty())
            .collect(Collectors.toUnmodifiableSet());

    private TinyFamilies() {}

    /** Their names, in alphabetical order. */
    public static List<String> names() {
        try (Stream<Path> directories = Files.list(ROOT)) {
            return directories
                    .filter(directory -> Files.exists(directory.resolve("config.json")))
                    .map(directory -> directory.getFileName().toString())
                    .filter(name -> ONLY.isEmpty() || ONLY.contains(name))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Those that together have all mathematics there is: the others are read from names and keys of their own, and compute nothing
     * that one of these does not. Tests of many forms a checkpoint run these; {@code CoveredMathematicsTest} holds them to it.
     */
    public static List<String> kinds() {
        return names().stream().filter(name -> !ALIKE.contains(name)).toList();
    }

    /** Whether a family has the steps that a plan is made of. */
    static boolean takes(String name, Arrangement plan) {
        return !plan.needsTwoStepsALayer() || !Reference.of(checkpoint(name)).parallelResidual();
    }

    public static Path checkpoint(String name) {
        return ROOT.resolve(name);
    }

    /**
     * What transformers makes of some tokens.
     *
     * @param tokens {@code [rows][length]}
     * @param logits {@code [rows * length * vocabulary]}
     */
    public record Golden(int[][] tokens, float[] logits) {}

    public static Golden golden(String name) {
        return golden(name, "");
    }

    /** Of a sequence longer than the short range of LongRoPE. */
    public static Golden longGolden(String name) {
        return golden(name, "_long");
    }

    private static Golden golden(String name, String suffix) {
        try {
            StoredTensors stored =
                    StoredTensors.of(Files.readAllBytes(checkpoint(name).resolve("golden.safetensors")));
            int[][] tokens = Arrays.stream(stored.ids("tokens" + suffix))
                    .map(row -> Arrays.stream(row).mapToInt(Math::toIntExact).toArray())
                    .toArray(int[][]::new);
            return new Golden(tokens, stored.floats("logits" + suffix));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
