package dev.twofold.families;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.testing.SafetensorsBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A copy of a tiny checkpoint, in which config.json and the names of tensors can be changed again and again. */
final class EditedFamily {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final ObjectNode config;
    private final ObjectNode header;
    private final byte[] data;

    private EditedFamily(Path directory, ObjectNode config, ObjectNode header, byte[] data) {
        this.directory = directory;
        this.config = config;
        this.header = header;
        this.data = data;
    }

    /** The checkpoint as it is, in a directory that need not exist. */
    static EditedFamily copy(String name, Path directory) {
        Path source = TinyFamilies.checkpoint(name);
        try {
            Files.createDirectories(directory);
            for (String file : List.of("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")) {
                Files.copy(source.resolve(file), directory.resolve(file));
            }
            byte[] stored = Files.readAllBytes(source.resolve("model.safetensors"));
            int end = 8
                    + Math.toIntExact(ByteBuffer.wrap(stored)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .getLong());
            return new EditedFamily(
                    directory,
                    (ObjectNode) JSON.readTree(source.resolve("config.json").toFile()),
                    (ObjectNode) JSON.readTree(Arrays.copyOfRange(stored, 8, end)),
                    Arrays.copyOfRange(stored, end, stored.length));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path directory() {
        return directory;
    }

    ObjectNode config() {
        return config.deepCopy();
    }

    /** The value of one key is another, only until the next change. */
    EditedFamily with(String key, JsonNode value) {
        return withConfig(config().<ObjectNode>set(key, value));
    }

    /** Another config.json, only until the next change. */
    EditedFamily withConfig(JsonNode other) {
        try {
            Files.writeString(directory.resolve("config.json"), other.toPrettyString());
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names of the tensors that are stored. */
    List<String> tensors() {
        List<String> names = new ArrayList<>();
        header.fieldNames().forEachRemaining(names::add);
        names.remove("__metadata__");
        return names;
    }

    /** One tensor has another name, only until the next change. */
    EditedFamily renamed(String tensor, String other) {
        ObjectNode names = JSON.createObjectNode();
        for (Map.Entry<String, JsonNode> entry : header.properties()) {
            names.set(entry.getKey().equals(tensor) ? other : entry.getKey(), entry.getValue());
        }
        try {
            Files.write(directory.resolve("model.safetensors"), SafetensorsBuilder.file(names.toString(), data));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
