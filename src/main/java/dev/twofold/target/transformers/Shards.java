package dev.twofold.target.transformers;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.stepwise.NamedWeight;
import dev.twofold.tensor.DType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The safetensors files of a checkpoint: one, or several with an index where one would be too long. */
record Shards(List<Shard> files) {

    static final String SINGLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";

    Shards {
        files = List.copyOf(files);
    }

    /**
     * Weights in their order, in files as full as they may be; one weight is never cut.
     *
     * @param mostBytes of tensors in a file
     */
    static Shards of(List<NamedWeight> weights, DType dtype, long mostBytes) {
        List<List<NamedWeight>> parts = new ArrayList<>();
        long room = 0;
        for (NamedWeight weight : weights) {
            long bytes = Shard.bytes(weight, dtype);
            if (parts.isEmpty() || bytes > room) {
                parts.add(new ArrayList<>());
                room = mostBytes;
            }
            parts.get(parts.size() - 1).add(weight);
            room -= bytes;
        }
        List<Shard> files = new ArrayList<>();
        for (int part = 0; part < parts.size(); part++) {
            String name = parts.size() == 1
                    ? SINGLE
                    : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", part + 1, parts.size());
            files.add(Shard.of(name, parts.get(part), dtype));
        }
        return new Shards(files);
    }

    boolean areSeveral() {
        return files.size() > 1;
    }

    long dataBytes() {
        return files.stream().mapToLong(Shard::dataBytes).sum();
    }

    long fileBytes() {
        return files.stream().mapToLong(Shard::fileBytes).sum();
    }

    /** Which file has which tensor. */
    ObjectNode index() {
        ObjectNode index = JsonNodeFactory.instance.objectNode();
        index.putObject("metadata").put("total_size", dataBytes());
        ObjectNode map = index.putObject("weight_map");
        files.forEach(file -> file.placements().forEach(placement -> map.put(placement.name(), file.name())));
        return index;
    }

    /** @throws IllegalStateException if a file is not as long as it should be, or has another header */
    void verify(Path directory) throws IOException {
        for (Shard shard : files) {
            Path file = directory.resolve(shard.name());
            byte[] head = new byte[shard.head().length];
            try (RandomAccessFile written = new RandomAccessFile(file.toFile(), "r")) {
                written.readFully(head);
            }
            if (Files.size(file) != shard.fileBytes() || !Arrays.equals(head, shard.head())) {
                throw new IllegalStateException(file + " is not the safetensors file that was to be written");
            }
        }
    }
}
