import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * Writes a Hugging Face Llama checkpoint with random weights: the size and layout of a real model without its download.
 *
 * <p>Equal arguments give byte-equal files. A weight depends on the seed, the tensor's name and the place in the tensor
 * only, so neither the number of cores nor {@code --shard-bytes} changes it. Memory in use is one small buffer a core.
 */
public final class SyntheticCheckpoint {

    /** What config.json says of a model; the table of shapes below is made of these. */
    private record Shape(
            String name, int layers, int hidden, int heads, int kvHeads, int headDim, int ffn, int vocab, boolean tied,
            int context, double ropeTheta, double llama3Factor, int bos, int eos) {

        Shape withLayers(int count) {
            return new Shape(name, count, hidden, heads, kvHeads, headDim, ffn, vocab, tied, context, ropeTheta,
                    llama3Factor, bos, eos);
        }

        long parameters() {
            return tensors().stream().mapToLong(Tensor::elements).sum();
        }

        /** Tensors in the order in which transformers saves them, which decides what shares a shard. */
        List<Tensor> tensors() {
            List<Tensor> tensors = new ArrayList<>();
            tensors.add(new Tensor("model.embed_tokens.weight", vocab, hidden));
            for (int layer = 0; layer < layers; layer++) {
                String prefix = "model.layers." + layer + ".";
                tensors.add(new Tensor(prefix + "self_attn.q_proj.weight", heads * headDim, hidden));
                tensors.add(new Tensor(prefix + "self_attn.k_proj.weight", kvHeads * headDim, hidden));
                tensors.add(new Tensor(prefix + "self_attn.v_proj.weight", kvHeads * headDim, hidden));
                tensors.add(new Tensor(prefix + "self_attn.o_proj.weight", hidden, heads * headDim));
                tensors.add(new Tensor(prefix + "mlp.gate_proj.weight", ffn, hidden));
                tensors.add(new Tensor(prefix + "mlp.up_proj.weight", ffn, hidden));
                tensors.add(new Tensor(prefix + "mlp.down_proj.weight", hidden, ffn));
                tensors.add(new Tensor(prefix + "input_layernorm.weight", hidden));
                tensors.add(new Tensor(prefix + "post_attention_layernorm.weight", hidden));
            }
            tensors.add(new Tensor("model.norm.weight", hidden));
            if (!tied) {
                tensors.add(new Tensor("lm_head.weight", vocab, hidden));
            }
            return tensors;
        }
    }

    // A llama3Factor of 0 means no rope scaling. 77 layers is what makes four times the bytes of llama-3.2-1b.
    // @formatter:off spotless:off
    private static final List<Shape> SHAPES = List.of(
            //                   layers hidden heads kv  dim    ffn   vocab   tied context   theta factor   bos     eos
            new Shape("tiny",            4,   64,  4,  2,  16,   176,    256, true,    256,  10000,  0,      0,      0),
            new Shape("smollm-135m",    30,  576,  9,  3,  64,  1536,  49152, true,   2048,  10000,  0,      0,      0),
            new Shape("llama-3.2-1b",   16, 2048, 32,  8,  64,  8192, 128256, true, 131072, 500000, 32, 128000, 128001),
            new Shape("llama-3.2-1b-x4", 77, 2048, 32, 8,  64,  8192, 128256, true, 131072, 500000, 32, 128000, 128001),
            new Shape("llama-3.2-3b",   28, 3072, 24,  8, 128,  8192, 128256, true, 131072, 500000, 32, 128000, 128001),
            new Shape("llama-3.1-8b",   32, 4096, 32,  8, 128, 14336, 128256, false, 131072, 500000, 8, 128000, 128001),
            new Shape("llama-2-7b",     32, 4096, 32, 32, 128, 11008,  32000, false,   4096,  10000, 0,     1,      2));
    // @formatter:on spotless:on

    private record Tensor(String name, int... shape) {
        long elements() {
            long count = 1;
            for (int dimension : shape) {
                count *= dimension;
            }
            return count;
        }

        boolean isNorm() {
            return shape.length == 1;
        }
    }

    private enum DType {
        BF16("bfloat16", 2),
        F16("float16", 2),
        F32("float32", 4);

        final String torchName;
        final int width;

        DType(String torchName, int width) {
            this.torchName = torchName;
            this.width = width;
        }

        /** Bits of the nearest value of this type, ties to even. */
        int encode(float value) {
            int bits = Float.floatToIntBits(value);
            return switch (this) {
                case F32 -> bits;
                case BF16 -> (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
                case F16 -> {
                    int sign = bits >>> 16 & 0x8000;
                    int magnitude = bits & 0x7fffffff;
                    // Below 2^-14 a half is a multiple of 2^-24; above, only the exponent's bias (127 to 15) changes.
                    yield Math.abs(value) < 0x1p-14f
                            ? sign | (int) Math.rint(Math.abs(value) * 0x1p24)
                            : sign | (magnitude + 0xfff + (magnitude >>> 13 & 1) >>> 13) - (112 << 10);
                }
            };
        }
    }

    private record Shard(String file, List<Tensor> tensors) {}

    /** A run of bytes of one tensor: the unit of work, small enough to be a buffer. */
    private record Chunk(FileChannel file, long position, int length, Tensor tensor, int index) {}

    private record Options(
            Shape shape, DType dtype, Path output, Path tokenizer, long seed, long shardBytes, boolean configOnly) {}

    private static final class UsageException extends RuntimeException {
        UsageException(String message) {
            super(message);
        }
    }

    private static final int CHUNK_BYTES = 1 << 20;
    private static final int TABLE_BITS = 16;
    private static final double WEIGHT_STD = 0.02;

    private final Options options;
    private final int[] weightBits;
    private final int[] normBits;

    private SyntheticCheckpoint(Options options) {
        this.options = options;
        this.weightBits = normalTable(0, options.dtype);
        this.normBits = normalTable(1, options.dtype);
    }

    public static void main(String[] args) {
        if (List.of(args).contains("--help") || List.of(args).contains("-h")) {
            System.out.print(usage());
            return;
        }
        try {
            new SyntheticCheckpoint(parse(args)).write();
        } catch (UsageException e) {
            System.err.println("SyntheticCheckpoint: " + e.getMessage() + " (--help lists the shapes and options)");
            System.exit(2);
        } catch (IOException e) {
            System.err.println("SyntheticCheckpoint: " + describe(e));
            System.exit(4);
        }
    }

    private void write() throws IOException {
        long start = System.nanoTime();
        Files.createDirectories(options.output);
        refuseLeftovers(); // a shard of another checkpoint would be read as part of this one
        if (options.configOnly) {
            writeText("config.json", config());
            return;
        }
        List<Shard> shards = shards();
        List<FileChannel> files = new ArrayList<>();
        try {
            List<Chunk> chunks = new ArrayList<>();
            for (Shard shard : shards) {
                FileChannel file = FileChannel.open(
                        options.output.resolve(shard.file), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                files.add(file);
                planChunks(shard, file, writeHeader(shard, file), chunks);
            }
            fill(chunks);
        } finally {
            for (FileChannel file : files) {
                file.close();
            }
        }

        if (shards.size() > 1) {
            writeText("model.safetensors.index.json", index(shards));
        }
        if (options.tokenizer != null) {
            Files.copy(options.tokenizer, options.output.resolve("tokenizer.json"));
        }
        writeText("generation_config.json", generationConfig());
        writeText("config.json", config()); // last: a directory with a config.json is whole

        System.out.printf(Locale.ROOT, "%s: %s, %d layers, %,d parameters, %,d bytes of weights in %d file%s, %.1f s%n",
                options.output, options.shape.name, options.shape.layers, options.shape.parameters(), totalBytes(),
                shards.size(), shards.size() == 1 ? "" : "s", (System.nanoTime() - start) / 1e9);
    }

    private void refuseLeftovers() throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(options.output)) {
            if (entries.iterator().hasNext()) {
                throw new DirectoryNotEmptyException(options.output.toString());
            }
        }
    }

    /** Fills shards greedily, as transformers does; a tensor larger than the limit has a shard of its own. */
    private List<Shard> shards() {
        List<List<Tensor>> groups = new ArrayList<>();
        long room = 0;
        for (Tensor tensor : options.shape.tensors()) {
            if (groups.isEmpty() || bytes(tensor) > room) {
                groups.add(new ArrayList<>());
                room = options.shardBytes;
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
            String shape = Arrays.toString(tensor.shape).replace(" ", "");
            json.append(String.format(Locale.ROOT, ",\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
                    tensor.name, options.dtype, shape, offset, offset + bytes(tensor)));
            offset += bytes(tensor);
        }
        json.append('}');
        json.append(" ".repeat(-json.length() & 7)); // the data starts at a multiple of 8
        byte[] header = json.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(header.length).put(header).flip();
        writeFully(file, buffer, 0);
        return buffer.limit();
    }

    private void planChunks(Shard shard, FileChannel file, long dataStart, List<Chunk> chunks) {
        long position = dataStart;
        for (Tensor tensor : shard.tensors) {
            long left = bytes(tensor);
            for (int index = 0; left > 0; index++) {
                int length = (int) Math.min(left, CHUNK_BYTES);
                chunks.add(new Chunk(file, position, length, tensor, index));
                position += length;
                left -= length;
            }
        }
    }

    /** Generates and writes the chunks on all cores, each core taking the next chunk that no other has taken. */
    private void fill(List<Chunk> chunks) throws IOException {
        AtomicInteger next = new AtomicInteger();
        int workers = Runtime.getRuntime().availableProcessors();
        ExecutorService pool = Executors.newFixedThreadPool(workers);
        try {
            List<Future<Void>> results = new ArrayList<>();
            for (int worker = 0; worker < workers; worker++) {
                results.add(pool.submit(() -> {
                    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
                    for (int i = next.getAndIncrement(); i < chunks.size(); i = next.getAndIncrement()) {
                        Chunk chunk = chunks.get(i);
                        generate(chunk, buffer);
                        writeFully(chunk.file, buffer, chunk.position);
                    }
                    return null;
                }));
            }
            for (Future<Void> result : results) {
                result.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } finally {
            pool.shutdownNow();
        }
    }

    /** Every 64 random bits choose four values from a table: nextGaussian for each would be slower than the disk. */
    private void generate(Chunk chunk, ByteBuffer buffer) {
        int[] table = chunk.tensor.isNorm() ? normBits : weightBits;
        SplittableRandom random =
                new SplittableRandom(options.seed ^ ((long) chunk.tensor.name.hashCode() << 32 | chunk.index));
        buffer.clear();
        if (options.dtype.width == 2) {
            while (buffer.hasRemaining()) {
                long r = random.nextLong();
                buffer.putLong(pick(table, r) | pick(table, r >>> 16) << 16
                        | pick(table, r >>> 32) << 32 | pick(table, r >>> 48) << 48);
            }
        } else {
            while (buffer.hasRemaining()) {
                long r = random.nextLong();
                buffer.putLong(pick(table, r) | pick(table, r >>> 16) << 32);
                buffer.putLong(pick(table, r >>> 32) | pick(table, r >>> 48) << 32);
            }
        }
        buffer.flip().limit(chunk.length);
    }

    private static long pick(int[] table, long index) {
        return table[(int) index & (1 << TABLE_BITS) - 1] & 0xffffffffL;
    }

    private int[] normalTable(double mean, DType dtype) {
        Random random = new Random(options.seed);
        int[] table = new int[1 << TABLE_BITS];
        for (int i = 0; i < table.length; i++) {
            table[i] = dtype.encode((float) (mean + WEIGHT_STD * random.nextGaussian()));
        }
        return table;
    }

    private static void writeFully(FileChannel file, ByteBuffer buffer, long position) throws IOException {
        long at = position;
        while (buffer.hasRemaining()) {
            at += file.write(buffer, at);
        }
    }

    private void writeText(String name, String text) throws IOException {
        Files.writeString(options.output.resolve(name), text);
    }

    private long bytes(Tensor tensor) {
        return tensor.elements() * options.dtype.width;
    }

    private long totalBytes() {
        return options.shape.parameters() * options.dtype.width;
    }

    private String index(List<Shard> shards) {
        return shards.stream()
                .flatMap(shard -> shard.tensors.stream()
                        .map(tensor -> "    \"" + tensor.name + "\": \"" + shard.file + "\""))
                .sorted()
                .collect(Collectors.joining(
                        ",\n",
                        "{\n  \"metadata\": {\n    \"total_size\": " + totalBytes() + "\n  },\n  \"weight_map\": {\n",
                        "\n  }\n}\n"));
    }

    private String generationConfig() {
        return """
                {
                  "bos_token_id": %d,
                  "eos_token_id": %d
                }
                """.formatted(options.shape.bos, options.shape.eos);
    }

    private String config() {
        Shape shape = options.shape;
        String ropeScaling = shape.llama3Factor == 0 ? "null" : """
                {
                    "factor": %s,
                    "high_freq_factor": 4.0,
                    "low_freq_factor": 1.0,
                    "original_max_position_embeddings": 8192,
                    "rope_type": "llama3"
                  }""".formatted(shape.llama3Factor);
        return """
                {
                  "architectures": [
                    "LlamaForCausalLM"
                  ],
                  "attention_bias": false,
                  "attention_dropout": 0.0,
                  "bos_token_id": %d,
                  "eos_token_id": %d,
                  "head_dim": %d,
                  "hidden_act": "silu",
                  "hidden_size": %d,
                  "initializer_range": %s,
                  "intermediate_size": %d,
                  "max_position_embeddings": %d,
                  "mlp_bias": false,
                  "model_type": "llama",
                  "num_attention_heads": %d,
                  "num_hidden_layers": %d,
                  "num_key_value_heads": %d,
                  "rms_norm_eps": 1e-05,
                  "rope_scaling": %s,
                  "rope_theta": %s,
                  "tie_word_embeddings": %b,
                  "torch_dtype": "%s",
                  "use_cache": true,
                  "vocab_size": %d
                }
                """.formatted(shape.bos, shape.eos, shape.headDim, shape.hidden, WEIGHT_STD, shape.ffn, shape.context,
                shape.heads, shape.layers, shape.kvHeads, ropeScaling, shape.ropeTheta, shape.tied,
                options.dtype.torchName, shape.vocab);
    }

    private static Options parse(String[] args) {
        Shape shape = null;
        DType dtype = DType.BF16;
        Path output = null;
        Path tokenizer = null;
        int layers = 0;
        long seed = 0;
        long shardBytes = 1_000_000_000L;
        boolean configOnly = false;
        for (int i = 0; i < args.length; i++) {
            String arg = args[i];
            if (!arg.startsWith("-")) {
                if (shape != null) {
                    throw new UsageException("one shape is expected, and '" + arg + "' is a second");
                }
                shape = shape(arg);
                continue;
            }
            if (arg.equals("--config-only")) {
                configOnly = true;
                continue;
            }
            if (!List.of("-o", "--layers", "--dtype", "--seed", "--shard-bytes", "--tokenizer").contains(arg)) {
                throw new UsageException("unknown option " + arg);
            }
            if (++i == args.length) {
                throw new UsageException(arg + " needs a value");
            }
            switch (arg) {
                case "-o" -> output = Path.of(args[i]);
                case "--layers" -> layers = (int) number(arg, args[i], 1, 1000);
                case "--dtype" -> dtype = dtype(args[i]);
                case "--seed" -> seed = number(arg, args[i], Long.MIN_VALUE, Long.MAX_VALUE);
                case "--shard-bytes" -> shardBytes = number(arg, args[i], 1, Long.MAX_VALUE);
                default -> tokenizer = Path.of(args[i]);
            }
        }
        if (shape == null) {
            throw new UsageException("a shape is missing");
        }
        if (output == null) {
            throw new UsageException("-o DIR is missing");
        }
        if (tokenizer != null && !Files.isReadable(tokenizer)) {
            throw new UsageException("--tokenizer " + tokenizer + " cannot be read"); // now, not after all the weights
        }
        return new Options(
                layers == 0 ? shape : shape.withLayers(layers), dtype, output, tokenizer, seed, shardBytes, configOnly);
    }

    private static Shape shape(String name) {
        return SHAPES.stream()
                .filter(shape -> shape.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new UsageException("unknown shape '" + name + "'"));
    }

    private static DType dtype(String name) {
        for (DType dtype : DType.values()) {
            if (dtype.name().equalsIgnoreCase(name)) {
                return dtype;
            }
        }
        throw new UsageException("--dtype is bf16, f16 or f32, not '" + name + "'");
    }

    private static long number(String option, String text, long min, long max) {
        try {
            long value = Long.parseLong(text);
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // falls through to the one message for anything that is not such a number
        }
        throw new UsageException(option + " is a whole number from " + min + " to " + max + ", not '" + text + "'");
    }

    private static String describe(IOException e) {
        if (e instanceof DirectoryNotEmptyException) {
            return e.getMessage() + " is not empty: choose another directory or remove it first";
        }
        return e instanceof FileAlreadyExistsException ? e.getMessage() + " is a file, not a directory" : e.toString();
    }

    private static String usage() {
        StringBuilder text = new StringBuilder("""
                usage: java tools/SyntheticCheckpoint.java SHAPE -o DIR [options]

                Writes a Hugging Face Llama checkpoint with random weights (normal, standard deviation 0.02; norms
                about 1) to DIR. Equal arguments give byte-equal files. There is no tokenizer in it unless
                --tokenizer names one, so it can be converted and measured but does not generate text.

                  -o DIR             where to write; made if absent, must be empty
                  --layers N         instead of the shape's number of layers
                  --dtype TYPE       bf16 (default), f16 or f32
                  --seed S           of the random weights; default 0
                  --shard-bytes N    largest weight file, header apart; default 1000000000
                  --tokenizer FILE   copied to DIR/tokenizer.json
                  --config-only      no weights, which 'twofold estimate' does without
                  --help             this text

                shapes:
                """);
        for (Shape shape : SHAPES) {
            text.append(String.format(Locale.ROOT, "  %-17s %2d layers, hidden %4d, %7.1f million parameters%n",
                    shape.name, shape.layers, shape.hidden, shape.parameters() / 1e6));
        }
        return text.toString();
    }
}
