package dev.twofold;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.decoder.Decoder;
import dev.twofold.family.Families;
import dev.twofold.layers.Applicability;
import dev.twofold.pipeline.Sources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/families.md says of every family what the program says. */
final class FamiliesDocumentTest {

    private static final Path CHECKPOINTS = Path.of("testmodels/families");

    @Test
    void lists_every_family_with_its_models() throws IOException {
        List<String> rows = new ArrayList<>(List.of("| `model_type` | file | models |", "|---|---|---|"));
        Families.shipped()
                .forEach((modelType, family) -> rows.add(
                        "| `" + modelType + "` | `" + Families.file(modelType) + ".yaml` | " + family.covers() + " |"));
        assertThat(Files.readString(Path.of("docs/families.md"))).contains(String.join("\n", rows));
    }

    @Test
    void says_what_each_rewrite_can_do() throws IOException {
        List<String> rows = new ArrayList<>();
        Map<String, List<Applicability>> byCheckpoint = byCheckpoint();
        List<String> rewrites = byCheckpoint.values().iterator().next().stream()
                .map(Applicability::rewrite)
                .toList();
        rows.add("| checkpoint | " + String.join(" | ", rewrites) + " |");
        rows.add("|---".repeat(rewrites.size() + 1) + "|");
        byCheckpoint.forEach((name, all) -> rows.add(all.stream()
                .map(one -> one.verdict().toString())
                .collect(Collectors.joining(" | ", "| " + name + " | ", " |"))));
        assertThat(Files.readString(Path.of("docs/families.md"))).contains(String.join("\n", rows));
    }

    @Test
    void says_why() throws IOException {
        Map<String, List<String>> reasons = new LinkedHashMap<>();
        byCheckpoint()
                .forEach((name, all) -> all.stream()
                        .filter(one -> !one.reason().isEmpty())
                        .forEach(one -> reasons.computeIfAbsent(reason(one), key -> new ArrayList<>())
                                .add(name)));
        String rows = reasons.entrySet().stream()
                .map(entry -> "| " + entry.getKey() + " | " + String.join(", ", entry.getValue()) + " |")
                .collect(Collectors.joining("\n"));
        assertThat(Files.readString(Path.of("docs/families.md"))).contains(rows);
    }

    /** Without the counts of one checkpoint. */
    private static String reason(Applicability one) {
        return one.rewrite() + ": " + one.verdict() + " | "
                + one.reason().replaceFirst("^\\d+ of \\d+ neighbours", "some neighbours");
    }

    private static Map<String, List<Applicability>> byCheckpoint() {
        Map<String, List<Applicability>> found = new TreeMap<>();
        try (Stream<Path> directories = Files.list(CHECKPOINTS)) {
            directories
                    .filter(directory -> Files.exists(directory.resolve("config.json")))
                    .forEach(directory ->
                            found.put(directory.getFileName().toString(), Applicability.of(decoder(directory))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private static Decoder decoder(Path directory) {
        return Sources.SHIPPED.open(directory).decoder();
    }

    @Test
    void every_family_has_a_tiny_checkpoint_and_is_in_the_index() throws IOException {
        List<String> types = new ArrayList<>(textTypes());
        try (Stream<Path> directories = Files.list(CHECKPOINTS)) {
            for (Path directory : directories.toList()) {
                Path config = directory.resolve("config.json");
                if (Files.exists(config)) {
                    types.add(new ObjectMapper()
                            .readTree(config.toFile())
                            .get("model_type")
                            .asText());
                }
            }
        }
        assertThat(types).containsAll(Families.shipped().keySet());
        try (Stream<Path> files = Files.list(Path.of("src/main/resources/dev/twofold/families"))) {
            List<String> names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".yaml"))
                    .map(name -> name.replace(".yaml", ""))
                    .filter(name -> !List.of(
                                    "index",
                                    "common",
                                    "transformers",
                                    "text-parts",
                                    "unread",
                                    "falcon-40b",
                                    "falcon-rw")
                            .contains(name))
                    .toList();
            assertThat(Families.shipped().keySet().stream().map(Families::file).distinct())
                    .containsExactlyInAnyOrderElementsOf(names);
        }
    }

    /** Of the language models of testmodels/text-parts. */
    private static List<String> textTypes() throws IOException {
        try (Stream<Path> directories = Files.list(Path.of("testmodels/text-parts"))) {
            return directories
                    .filter(Files::isDirectory)
                    .map(directory -> Families.textParts()
                            .wholes()
                            .get(directory.getFileName().toString())
                            .text())
                    .toList();
        }
    }
}
