import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Writes a Hugging Face Llama checkpoint with random weights: the size and layout of a real model without its download.
 *
 * <p>Equal arguments give byte-equal files. A weight depends on the seed, the tensor's name and the place in the tensor
 * only, so neither the number of cores nor {@code --shard-bytes} changes it.
 */
final class SyntheticCheckpoint {

    private record Shard(String file, List<Tensor> tensors) {}

    private final Options options;

    private SyntheticCheckpoint(Options options) {
        this.options = options;
    }

    public static void main(String[] args) {
        if (List.of(args).contains("--help") || List.of(args).contains("-h")) {
            System.out.print(Options.usage());
            return;
        }
        try {
            new SyntheticCheckpoint(Options.parse(args)).write();
        } catch (UsageException e) {
            System.err.println("synthetic-checkpoint: " + e.getMessage() + " (--help lists the shapes and options)");
            System.exit(2);
        } catch (IOException e) {
            System.err.println("synthetic-checkpoint: " + describe(e));
            System.exit(4);
        }
    }

    private void write() throws IOException {
        long start = System.nanoTime();
        Files.createDirectories(options.output());
        refuseLeftovers(); // a shard of another checkpoint would be read as part of this one
        Shape shape = options.shape();
        if (options.configOnly()) {
            writeText("config.json", shape.config(options.dtype()));
            return;
        }
        List<Shard> shards = shards();
        writeWeights(shards);
        if (shards.size() > 1) {
            writeText("model.safetensors.index.json", index(shards));
        }
        if (options.tokenizer().isPresent()) {
            Files.copy(options.tokenizer().get(), options.output().resolve("tokenizer.json"));
        }
        writeText("generation_config.json", shape.generationConfig());
        writeText("config.json", shape.config(options.dtype())); // last: a directory with a config.json is whole

        System.out.printf(Locale.ROOT, "%s: %s, %d layers, %,d parameters, %,d bytes of weights in %d file%s, %.1f s%n",
                options.output(), shape.name(), shape.layers(), shape.parameters(), totalBytes(), shards.size(),
                shards.size() == 1 ? "" : "s", (System.nanoTime() - start) / 1e9);
    }

    private void refuseLeftovers() throws IOException {
        try (DirectoryStream<?> entries = Files.newDirectoryStream(options.output())) {
            if (entries.iterator().hasNext()) {
                throw new DirectoryNotEmptyException(options.output().toString());
            }
        }
    }

    private void writeWeights(List<Shard> shards) throws IOException {
        RandomWeights weights = new RandomWeights(options.dtype(), options.seed());
        List<FileChannel> files = new ArrayList<>();
        try {
            for (Shard shard : shards) {
                FileChannel file = FileChannel.open(
                        options.output().resolve(shard.file), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                files.add(file);
                weights.add(shard.tensors, file, writeHeader(shard, file));
            }
            weights.write();
        } finally {
            for (FileChannel file : files) {
                file.close();
            }
        }
    }

    /** Fills shards greedily, as transformers does; a tensor larger than the limit has a shard of its own. */
    private List<Shard> shards() {
        List<List<Tensor>> groups = new ArrayList<>();
        long room = 0;
        for (Tensor tensor : options.shape().tensors()) {
            if (groups.isEmpty() || bytes(tensor) > room) {
                groups.add(new ArrayList<>());
                room = options.shardBytes();
            }
            groups.get(groups.size() - 1).add(tensor);
            room -= bytes(tensor);
        }
        if (groups.size() == 1) {
            return List.of(new Shard("model.safetensors", byName(groups.get(0))));
        }
        List<Shard> shards = new ArrayList<>();
        for (List<Tensor> group : groups) {
            int number = shards.size() + 1;
            String file = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", number, groups.size());
            shards.add(new Shard(file, byName(group)));
        }
        return shards;
    }

    /** The safetensors library lays tensors of one type out by name. */
    private static List<Tensor> byName(List<Tensor> tensors) {
        return tensors.stream().sorted(Comparator.comparing(Tensor::name)).toList();
    }

    /** Writes the header and returns where the data starts. */
    private long writeHeader(Shard shard, FileChannel file) throws IOException {
        StringBuilder json = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        long offset = 0;
        for (Tensor tensor : shard.tensors) {
            String shape = Arrays.toString(tensor.shape()).replace(" ", "");
            json.append(String.format(Locale.ROOT, ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                    tensor.name(), options.dtype(), shape, offset, offset + bytes(tensor)));
            offset += bytes(tensor);
        }
        json.append('}');
        json.append(" ".repeat(-json.length() & 7)); // the data starts at a multiple of 8
        byte[] header = json.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(header.length).put(header).flip();
        RandomWeights.writeFully(file, buffer, 0);
        return buffer.limit();
    }

    private void writeText(String name, String text) throws IOException {
        Files.writeString(options.output().resolve(name), text);
    }

    private long bytes(Tensor tensor) {
        return tensor.elements() * options.dtype().width;
    }

    private long totalBytes() {
        return options.shape().parameters() * options.dtype().width;
    }

    private String index(List<Shard> shards) {
        return shards.stream()
                .flatMap(shard -> shard.tensors.stream()
                        .map(tensor -> "    \"" + tensor.name() + "\": \"" + shard.file + "\""))
                .sorted()
                .collect(Collectors.joining(
                        ",\n",
                        "{\n  \"metadata\": {\n    \"total_size\": " + totalBytes() + "\n  },\n  \"weight_map\": {\n",
                        "\n  }\n}\n"));
    }

    private static String describe(IOException e) {
        if (e instanceof DirectoryNotEmptyException) {
            return e.getMessage() + " is not empty: choose another directory or empty it first";
        }
        return e instanceof FileAlreadyExistsException ? e.getMessage() + " is a file, not a directory" : e.toString();
    }
}
