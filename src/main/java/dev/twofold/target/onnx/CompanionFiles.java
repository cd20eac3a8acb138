package dev.twofold.target.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.decoder.Decoder;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.source.Companion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The files beside the model that runtimes read: the checkpoint's own, and {@code genai_config.json}. */
final class CompanionFiles {

    static final String CONFIG = "config.json";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private CompanionFiles() {}

    /**
     * Copies the checkpoint's files. Where the graph has other KV caches than config.json says, its copy is changed,
     * because runtimes make the caches from it; caches of different sizes it cannot say.
     *
     * @param inPlace whether the graph may write new keys and values into the caches that it reads
     */
    static void write(
            Path directory, List<Companion> originals, Decoder decoder, List<KvLayout.Cache> caches, boolean inPlace) {
        copy(directory, originals);
        Path config = directory.resolve(CONFIG);
        try {
            if (Files.exists(config)) {
                describeCaches(config, (ObjectNode) MAPPER.readTree(config.toFile()), decoder, caches);
            }
            write(directory.resolve(GenAiConfig.NAME), GenAiConfig.of(decoder, caches, inPlace));
        } catch (IOException e) {
            throw failed(directory, e);
        }
    }

    /** Copies the checkpoint's files as they are. */
    static void copy(Path directory, List<Companion> originals) {
        originals.forEach(original -> copy(original, directory));
    }

    /** What runtimes read otherwise in these files than the libraries that they are written for, a line each. */
    static List<String> notes(List<Companion> originals) {
        return GenAiTokenizer.notes(originals);
    }

    /** Copies the checkpoint's config.json as it is. */
    static void writeConfig(Path directory, List<Companion> originals) {
        originals.stream()
                .filter(original -> original.name().equals(CONFIG))
                .forEach(original -> copy(original, directory));
    }

    /** Not Files.copy of paths, which would copy a link's or a cache's permissions. */
    private static void copy(Companion original, Path directory) {
        Path copy = directory.resolve(original.name());
        try (InputStream content = original.content().open()) {
            Files.copy(content, copy);
        } catch (IOException e) {
            throw failed(copy, e);
        }
    }

    private static void describeCaches(Path config, ObjectNode content, Decoder decoder, List<KvLayout.Cache> caches)
            throws IOException {
        boolean part = decoder.sharding().filter(cut -> cut.rank().isPresent()).isPresent();
        if (part || caches.size() != decoder.facts().layers()) {
            content.put("num_hidden_layers", caches.size());
            content.put("num_key_value_heads", caches.get(0).kvHeads());
            write(config, content);
        }
    }

    private static void write(Path file, JsonNode content) throws IOException {
        Files.writeString(file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(content) + "\n");
    }

    private static TwofoldException failed(Path file, IOException e) {
        return TwofoldException.environment("cannot copy or write the file")
                .at(Origin.file(file))
                .found(e)
                .cause(e);
    }
}
