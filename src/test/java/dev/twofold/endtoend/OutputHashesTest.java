package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.cli.CommandRun;
import dev.twofold.families.TinyFamilies;
import dev.twofold.inspection.Texts;
import dev.twofold.testing.Novels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every byte of what {@code convert} writes, against the hashes that were recorded. A change that is meant to leave outputs as they are
 * proves it here; one that is not copies {@code target/output-hashes.txt} over the resource, whose diff shows which
 * conversions and which of their files it touched: graphs, data, manifests, everything else.
 */
final class OutputHashesTest {

    private static final Path RECORDED = Path.of("src", "test", "resources", "outputs", "hashes.txt");

    /** Refitted weights come from products whose last bits depend on the processor, and the manifest has their hash. */
    private static final String NOT_RECORDED = "-";

    /** Refits go to the beginning of a text, which is enough where their numbers are not recorded. */
    private static final int CHARACTERS = 20_000;

    @TempDir
    private Path directory;

    /** A conversion: its name in the resource, the checkpoint and the options. */
    private record Conversion(String name, Path checkpoint, List<String> options) {

        boolean refits() {
            return options.contains("--compensate");
        }
    }

    private static Stream<Conversion> conversions() {
        return Stream.concat(novels(), families());
    }

    private static Stream<Conversion> novels() {
        return Stream.of(
                        "--window 0:0",
                        "--window 2:14",
                        "--window 2:14 --kv-layout wide",
                        "--window 2:14 --dtype fp16",
                        "--window 2:14 --dtype bf16",
                        "--window 2:14 --group 3",
                        "--window 2:14 --one-sync",
                        "--window 2:14 --devices 2",
                        "--window 2:14 --devices 2 --placement layers",
                        "--window 2:14 --devices 2 --shard-vocabulary",
                        "--window 2:14 --devices 2 --collective annotate",
                        "--window 2:14 --devices 2 --collective tensorrt",
                        "--window 0:16 --devices 2 --one-sync --placement layers",
                        "--merge 2A-2F,4F-5A,6A-7A,9F-11A",
                        "--merge 2A-2F,4F-5A,6A-7A,9F-11A --devices 2",
                        "--pairs 5-6,8-9 --form staggered --merge 2A-2F --dtype fp16",
                        "--merge 2A-2F,4F-5A,6A-7A --compensate --calibration-tokens 4096",
                        "--pairs 3-4,8-9 --compensate --calibration-tokens 4096")
                .flatMap(options -> dialects(Novels.CHECKPOINT, "novels-13m", options));
    }

    private static Stream<Conversion> families() {
        return TinyFamilies.names().stream()
                .flatMap(name -> Stream.of(
                                "--window 0:0",
                                "--window 0:2",
                                "--pairs 1-2 --one-sync --dtype fp16",
                                "--window 0:4 --devices 2 --placement layers",
                                "--window 2:4 --compensate --calibration-tokens 1024")
                        .flatMap(options -> dialects(TinyFamilies.checkpoint(name), name, options)));
    }

    private static Stream<Conversion> dialects(Path checkpoint, String name, String options) {
        return Stream.of("ort", "onnx").map(dialect -> {
            String all = options + " --dialect " + dialect;
            return new Conversion(name + " " + all, checkpoint, Arrays.asList(all.split(" ")));
        });
    }

    private Path text;

    @BeforeEach
    void writeText() throws IOException {
        text = Files.writeString(
                directory.resolve("text.txt"), Texts.evaluation().words().substring(0, CHARACTERS));
    }

    @Test
    void every_conversion_writes_what_was_recorded() throws IOException {
        List<Made> made = new ArrayList<>();
        for (Conversion conversion : conversions().toList()) {
            made.add(run(conversion));
        }
        String portable = lines(made, Made::portable);
        Files.writeString(Path.of("target", "output-hashes.txt"), portable);
        Files.writeString(Path.of("target", "output-hashes-of-this-machine.txt"), lines(made, Made::all));
        assertThat(portable).isEqualTo(Files.readString(RECORDED));
    }

    private static String lines(List<Made> made, Function<Made, String> line) {
        return made.stream().map(line).map(text -> text + "\n").collect(Collectors.joining());
    }

    /** What a conversion wrote: a hash for each kind of files; none if it was refused. */
    private record Made(Conversion conversion, Map<Kind, String> hashes) {

        String all() {
            return line(kind -> false);
        }

        String portable() {
            return line(kind -> kind.dependsOnRuntime && conversion.refits());
        }

        private String line(Predicate<Kind> left) {
            String columns = hashes.entrySet().stream()
                    .map(entry -> left.test(entry.getKey()) ? NOT_RECORDED : entry.getValue())
                    .collect(Collectors.joining(" "));
            return (hashes.isEmpty() ? "refused" : columns) + "  " + conversion.name();
        }
    }

    private Made run(Conversion conversion) {
        Path output = directory.resolve("output");
        List<Object> arguments = new ArrayList<>(
                List.of("convert", conversion.checkpoint(), "-o", output, "--force", "--no-load", "--quiet"));
        arguments.addAll(conversion.options());
        if (conversion.refits()) {
            arguments.addAll(List.of("--text", text));
        }
        Map<Kind, String> hashes = new EnumMap<>(Kind.class);
        if (CommandRun.of(arguments.toArray()).exitCode() == 0) {
            Arrays.stream(Kind.values()).forEach(kind -> hashes.put(kind, hash(output, kind)));
        }
        return new Made(conversion, hashes);
    }

    private enum Kind {
        GRAPH(false),
        DATA(true),
        MANIFEST(true),
        OTHER(false);

        private final boolean dependsOnRuntime;

        Kind(boolean dependsOnRuntime) {
            this.dependsOnRuntime = dependsOnRuntime;
        }

        static Kind of(Path file) {
            String name = file.getFileName().toString();
            if (name.endsWith(".onnx")) {
                return GRAPH;
            } else if (name.endsWith(".data")) {
                return DATA;
            }
            return name.equals("twofold.json") || name.endsWith(".intoto.json") ? MANIFEST : OTHER;
        }
    }

    private static String hash(Path output, Kind kind) {
        try (Stream<Path> paths = Files.walk(output)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : paths.filter(Files::isRegularFile)
                    .filter(path -> Kind.of(path) == kind)
                    .sorted()
                    .toList()) {
                digest.update(output.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
                digest.update(Files.readAllBytes(file));
            }
            return HexFormat.of().formatHex(digest.digest()).substring(0, 12);
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
