package dev.twofold.source.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.parse.JsonFile;
import dev.twofold.weight.Weight.Stored;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The tensors of a checkpoint by name, from one safetensors file or from shards, which have an index as a rule.
 *
 * @param notes what of the files did not count
 */
record TensorIndex(List<Path> files, Map<String, Stored> tensors, List<String> notes) {

    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";
    private static final Pattern SHARD = Pattern.compile("model-(\\d{5})-of-(\\d{5})\\.safetensors");

    /** What file systems take. */
    private static final int MAX_NAME = 255;

    private static final int MAX_SHOWN = 40;

    /** @throws TwofoldException of kind INPUT if there are no safetensors, or index and shards disagree */
    static TensorIndex read(Path directory) {
        Path single = directory.resolve(SINGLE);
        Path index = directory.resolve(INDEX);
        if (SourceFile.exists(single)) {
            return single(single, index);
        } else if (SourceFile.exists(index)) {
            return sharded(directory, index);
        }
        SortedSet<String> shards = shards(directory);
        if (!shards.isEmpty()) {
            return unindexed(directory, shards);
        }
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

    /** The one file counts, as in transformers. Some tools write an index for it, too. */
    private static TensorIndex single(Path single, Path index) {
        Map<String, Stored> tensors = new LinkedHashMap<>();
        SafetensorsFile.read(single).forEach(tensor -> tensors.put(tensor.name(), tensor));
        List<String> notes = SourceFile.exists(index)
                ? List.of("note: " + SINGLE + " counts, and " + INDEX + " beside it does not, as in transformers")
                : List.of();
        return new TensorIndex(List.of(single), tensors, notes);
    }

    /** Names of files that are shards by their names. */
    private static SortedSet<String> shards(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> SHARD.matcher(name).matches())
                    .collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException e) {
            throw TwofoldException.input("cannot list the directory")
                    .at(Origin.file(directory))
                    .found(e)
                    .cause(e);
        }
    }

    /** Their names say how many there are, so that none can be missing. */
    private static TensorIndex unindexed(Path directory, SortedSet<String> shards) {
        String ending = shards.first().substring("model-00001".length());
        int count = Integer.parseInt(ending.substring("-of-".length(), "-of-00001".length()));
        List<Path> files = new ArrayList<>();
        Map<String, Stored> tensors = new TreeMap<>();
        for (int shard = 1; shard <= Math.max(count, shards.size()); shard++) {
            String name = String.format(Locale.ROOT, "model-%05d", shard) + ending;
            Path file = directory.resolve(name);
            if (!shards.contains(name) || shard > count) {
                throw TwofoldException.input("shards do not belong together, and there is no " + INDEX)
                        .at(Origin.file(directory))
                        .found(shards.size() + " shards, from " + shards.first() + " to " + shards.last())
                        .expected("model-00001" + ending + " to " + String.format(Locale.ROOT, "model-%05d", count)
                                + ending)
                        .hint("download what is missing, and " + INDEX);
            }
            files.add(file);
            for (Stored tensor : SafetensorsFile.read(file)) {
                Stored other = tensors.put(tensor.name(), tensor);
                if (other != null) {
                    throw TwofoldException.input("two shards hold the tensor, and there is no " + INDEX)
                            .at(Origin.tensor(file, tensor.name()))
                            .found("the same name in " + other.file().getFileName())
                            .hint("download " + INDEX);
                }
            }
        }
        return new TensorIndex(
                files, tensors, List.of("note: there is no " + INDEX + ": all of the " + count + " shards are read"));
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
                            .hint("download " + INDEX + " again");
                }
                tensors.put(tensor.name(), tensor);
                bytes += tensor.shape().elements() * tensor.dtype().bits() / 8;
            }
        }
        shardOf.forEach((tensor, shard) -> {
            if (!tensors.containsKey(tensor)) {
                throw TwofoldException.input("the shard does not hold a tensor that the index maps to it")
                        .at(Origin.tensor(directory.resolve(shard), tensor))
                        .hint("download " + shard + " again");
            }
        });
        List<Path> files =
                new TreeSet<>(shardOf.values()).stream().map(directory::resolve).toList();
        return new TensorIndex(files, tensors, total(root, bytes));
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

    /** Tools that merge or cut checkpoints leave it as it was; every tensor has its size all the same. */
    private static List<String> total(ObjectNode root, long bytes) {
        JsonNode total = root.path("metadata").path("total_size");
        // transformers has written whole numbers as floats, so 10.0 is 10.
        boolean equal = total.isNumber() && total.doubleValue() == bytes && total.asLong() == bytes;
        return equal || total.isMissingNode() || total.isNull()
                ? List.of()
                : List.of("note: total_size in " + INDEX + " is not the size of the tensors, which are all there: "
                        + shortened(total.toString()) + " for " + bytes);
    }

    private static String shortened(String text) {
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
    }
}
