package dev.twofold.source.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.parse.JsonFile;
import dev.twofold.weight.Weight.Stored;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** The tensors of a checkpoint by name, from one safetensors file or from shards with their index. */
record TensorIndex(List<Path> files, Map<String, Stored> tensors) {

    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    /** What file systems take. */
    private static final int MAX_NAME = 255;

    /** @throws TwofoldException of kind INPUT if there are no safetensors, or index and shards disagree */
    static TensorIndex read(Path directory) {
        Path single = directory.resolve(SINGLE);
        Path index = directory.resolve(INDEX);
        if (SourceFile.exists(index)) {
            if (SourceFile.exists(single)) {
                throw TwofoldException.input("the checkpoint has both " + SINGLE + " and " + INDEX)
                        .at(Origin.file(directory))
                        .hint("keep the one that the model was saved with, and remove the other");
            }
            return sharded(directory, index);
        }
        if (!SourceFile.exists(single)) {
            boolean pickled = Files.exists(directory.resolve("pytorch_model.bin"))
                    || Files.exists(directory.resolve("pytorch_model.bin.index.json"));
            throw TwofoldException.input("the checkpoint has no safetensors")
                    .at(Origin.file(directory))
                    .expected(SINGLE + ", or shards with " + INDEX)
                    .hint(
                            pickled
                                    ? "convert pytorch_model.bin to safetensors first"
                                    : "give the directory of a Hugging Face checkpoint, with its weights");
        }
        Map<String, Stored> tensors = new LinkedHashMap<>();
        SafetensorsFile.read(single).forEach(tensor -> tensors.put(tensor.name(), tensor));
        return new TensorIndex(List.of(single), tensors);
    }

    private static TensorIndex sharded(Path directory, Path index) {
        ObjectNode root = JsonFile.read(index);
        Map<String, String> shardOf = weightMap(index, root);
        Map<String, Stored> tensors = new TreeMap<>();
        long bytes = 0;
        for (String shard : new TreeSet<>(shardOf.values())) {
            Path file = directory.resolve(shard);
            for (Stored tensor : SafetensorsFile.read(file)) {
                String mapped = shardOf.get(tensor.name());
                if (!shard.equals(mapped)) {
                    throw TwofoldException.input("the index does not say that the tensor is in this shard")
                            .at(Origin.tensor(file, tensor.name()))
                            .found(mapped == null ? "no entry in " + INDEX : INDEX + " maps it to " + mapped)
                            .hint("download the checkpoint again");
                }
                tensors.put(tensor.name(), tensor);
                bytes += tensor.shape().elements() * tensor.dtype().bits() / 8;
            }
        }
        shardOf.forEach((tensor, shard) -> {
            if (!tensors.containsKey(tensor)) {
                throw TwofoldException.input("the shard does not hold a tensor that the index maps to it")
                        .at(Origin.tensor(directory.resolve(shard), tensor))
                        .hint("download the checkpoint again");
            }
        });
        requireTotal(index, root, bytes);
        List<Path> files =
                new TreeSet<>(shardOf.values()).stream().map(directory::resolve).toList();
        return new TensorIndex(files, tensors);
    }

    private static Map<String, String> weightMap(Path index, ObjectNode root) {
        JsonNode map = root.path("weight_map");
        if (!map.isObject() || map.isEmpty()) {
            throw TwofoldException.input("weight_map should be an object that names a shard for each tensor")
                    .at(Origin.key(index, "weight_map"))
                    .found(map.isObject() ? "no tensors" : map.getNodeType())
                    .hint("download the checkpoint again");
        }
        Map<String, String> shardOf = new TreeMap<>();
        map.properties().forEach(entry -> {
            String shard = entry.getValue().asText();
            if (!entry.getValue().isTextual() || !isPlainName(shard)) {
                throw TwofoldException.input("a shard should be the plain name of a .safetensors file")
                        .at(Origin.key(index, "weight_map." + entry.getKey()))
                        .found(entry.getValue())
                        .hint("find out who made this checkpoint before you use it");
            }
            shardOf.put(entry.getKey(), shard);
        });
        return shardOf;
    }

    /** A name that a file can have on any system, and that stays in its directory. */
    private static boolean isPlainName(String name) {
        return name.endsWith(".safetensors")
                && name.length() <= MAX_NAME
                && name.codePoints()
                        .noneMatch(c -> Character.isISOControl(c)
                                || Character.getType(c) == Character.SURROGATE
                                || "/\\:".indexOf(c) >= 0);
    }

    private static void requireTotal(Path index, ObjectNode root, long bytes) {
        JsonNode total = root.path("metadata").path("total_size");
        // transformers has written whole numbers as floats, so 10.0 is 10.
        if (!total.isMissingNode() && (!total.isNumber() || total.doubleValue() != bytes || total.asLong() != bytes)) {
            throw TwofoldException.input("total_size is not the size of the tensors")
                    .at(Origin.key(index, "metadata.total_size"))
                    .found(total)
                    .expected(bytes)
                    .hint("download the checkpoint again: a shard may be from another one");
        }
    }
}
