package dev.twofold.source.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SpillDirectory;
import dev.twofold.tokenizer.TokenizerFile;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files that a checkpoint has beside its weights and a GGUF file has in its metadata. They are made in a temporary
 * directory when they are first asked for, and are gone with the process.
 */
final class GeneratedFiles {

    private static final String PREFIX = "twofold-gguf-";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** In the order in which a checkpoint's are listed. */
    private static final List<String> NAMES = List.of(
            "config.json",
            "generation_config.json",
            TokenizerFile.NAME,
            "tokenizer_config.json",
            "special_tokens_map.json",
            "chat_template.jinja");

    private final ObjectNode config;
    private final Optional<Vocabulary> vocabulary;
    private @Nullable SpillDirectory directory;

    GeneratedFiles(ObjectNode config, Optional<Vocabulary> vocabulary) {
        this.config = config;
        this.vocabulary = vocabulary;
    }

    /** The directory, with every file in it. */
    synchronized Path directory() {
        SpillDirectory made = directory;
        if (made == null) {
            made = make();
            directory = made;
        }
        return made.path();
    }

    /** Those that there are. */
    List<Path> files() {
        return NAMES.stream().map(directory()::resolve).filter(Files::exists).toList();
    }

    private SpillDirectory make() {
        Path parent = Path.of(System.getProperty("java.io.tmpdir"));
        try {
            SpillDirectory spill = SpillDirectory.create(parent, PREFIX);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(spill)));
            write(spill.path());
            return spill;
        } catch (IOException e) {
            throw TwofoldException.environment("cannot keep what was made of the metadata on the disk")
                    .at(Origin.file(parent))
                    .found(e)
                    .hint("free some space there, or choose another directory with"
                            + " TWOFOLD_JAVA_OPTS=-Djava.io.tmpdir=DIR")
                    .cause(e);
        }
    }

    private static void delete(SpillDirectory spill) {
        try {
            spill.close();
        } catch (IOException e) {
            // Nobody is left to be told; the next process removes what could not be removed now.
        }
    }

    private void write(Path directory) throws IOException {
        write(directory, "config.json", config);
        if (vocabulary.isEmpty()) {
            return;
        }
        CompanionDocuments documents = new CompanionDocuments(vocabulary.get());
        write(directory, "generation_config.json", documents.generationConfig());
        write(
                directory,
                "tokenizer_config.json",
                documents.tokenizerConfig(config.path("max_position_embeddings").asInt()));
        write(directory, "special_tokens_map.json", documents.specialTokens());
        if (vocabulary.get().chatTemplate().isPresent()) {
            Files.writeString(
                    directory.resolve("chat_template.jinja"),
                    vocabulary.get().chatTemplate().orElseThrow());
        }
        try (OutputStream out =
                new BufferedOutputStream(Files.newOutputStream(directory.resolve(TokenizerFile.NAME)))) {
            TokenizerDocument.write(vocabulary.get(), out);
        }
    }

    private static void write(Path directory, String name, JsonNode content) throws IOException {
        Files.writeString(
                directory.resolve(name), MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n");
    }
}
