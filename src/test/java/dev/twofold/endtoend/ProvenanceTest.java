package dev.twofold.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.cli.CommandRun;
import dev.twofold.testing.TinyLlama;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The statements beside a manifest, against the files themselves and the specifications' rules. */
final class ProvenanceTest {

    @TempDir
    private static Path directory;

    private static Path checkpoint;
    private static Path output;
    private static JsonNode contents;
    private static JsonNode origin;

    @BeforeAll
    static void convert() throws IOException {
        checkpoint = TinyLlama.create().tokenizer().write(directory.resolve("tiny"));
        output = directory.resolve("output");
        CommandRun.succeeding("convert", checkpoint, "-o", output, "--window", "0:2", "--quiet");
        contents = read("model-signing.intoto.json");
        origin = read("slsa-provenance.intoto.json");
    }

    private static JsonNode read(String name) throws IOException {
        return new ObjectMapper().readTree(output.resolve(name).toFile());
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void both_are_statements_about_the_model() {
        for (JsonNode statement : List.of(contents, origin)) {
            assertThat(statement.get("_type").asText()).isEqualTo("https://in-toto.io/Statement/v1");
            assertThat(statement.get("subject")).hasSize(1);
            assertThat(statement.at("/subject/0/name").asText()).isEqualTo("tiny");
        }
        assertThat(origin.get("subject")).isEqualTo(contents.get("subject"));
        assertThat(contents.get("predicateType").asText()).isEqualTo("https://model_signing/signature/v1.0");
        assertThat(origin.get("predicateType").asText()).isEqualTo("https://slsa.dev/provenance/v1");
    }

    @Test
    void the_resources_are_the_files_of_the_directory_in_order() throws IOException {
        List<String> names = new ArrayList<>();
        ByteArrayOutputStream digests = new ByteArrayOutputStream();
        for (JsonNode resource : contents.at("/predicate/resources")) {
            String name = resource.get("name").asText();
            byte[] digest = sha256(Files.readAllBytes(output.resolve(name)));
            assertThat(resource.get("algorithm").asText()).isEqualTo("sha256");
            assertThat(resource.get("digest").asText()).as(name).isEqualTo(hex(digest));
            names.add(name);
            digests.writeBytes(digest);
        }
        assertThat(names).isSorted().contains("twofold.json", "model.onnx", "model.onnx.data", "config.json");
        assertThat(contents.at("/subject/0/digest/sha256").asText()).isEqualTo(hex(sha256(digests.toByteArray())));
        for (JsonNode ignored : contents.at("/predicate/serialization/ignore_paths")) {
            names.add(ignored.asText());
        }
        try (Stream<Path> files = Files.list(output)) {
            assertThat(names)
                    .containsExactlyInAnyOrderElementsOf(
                            files.map(file -> file.getFileName().toString()).toList());
        }
    }

    @Test
    void the_serialization_has_what_the_specification_asks_for_and_nothing_else() {
        JsonNode predicate = contents.get("predicate");
        assertThat(predicate.fieldNames()).toIterable().containsExactlyInAnyOrder("serialization", "resources");
        JsonNode serialization = predicate.get("serialization");
        assertThat(serialization.fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("method", "hash_type", "allow_symlinks", "ignore_paths");
        assertThat(serialization.get("method").asText()).isEqualTo("files");
        assertThat(serialization.get("hash_type").asText()).isEqualTo("sha256");
        assertThat(serialization.get("allow_symlinks").isBoolean()).isTrue();
    }

    @Test
    void the_materials_are_the_files_of_the_checkpoint() throws IOException {
        List<String> names = new ArrayList<>();
        for (JsonNode material : origin.at("/predicate/buildDefinition/resolvedDependencies")) {
            String name = material.get("name").asText();
            byte[] content = Files.readAllBytes(directory.resolve(name));
            assertThat(material.at("/digest/sha256").asText()).as(name).isEqualTo(hex(sha256(content)));
            names.add(name);
        }
        assertThat(names).containsExactly("tiny/config.json", "tiny/model.safetensors", "tiny/tokenizer.json");
    }

    @Test
    void the_parameters_are_the_plan() throws IOException {
        JsonNode manifest = read("twofold.json");
        assertThat(origin.at("/predicate/buildDefinition/externalParameters/plan"))
                .isEqualTo(manifest.get("plan"));
        assertThat(origin.at("/predicate/runDetails/builder/version/twofold")).isEqualTo(manifest.get("twofold"));
    }
}
