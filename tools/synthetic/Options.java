import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The command line. */
record Options(
        Shape shape, DType dtype, Path output, Optional<Path> tokenizer, long seed, long shardBytes,
        boolean configOnly) {

    static Options parse(String[] args) {
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
                shape = Shape.named(arg);
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
                layers == 0 ? shape : shape.withLayers(layers), dtype, output, Optional.ofNullable(tokenizer), seed,
                shardBytes, configOnly);
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

    static String usage() {
        StringBuilder text = new StringBuilder("""
                usage: tools/synthetic-checkpoint.sh SHAPE -o DIR [options]

                Writes a Hugging Face Llama checkpoint with random weights (normal, standard deviation 0.02; norms
                about 1) to DIR. Equal arguments give byte-equal files. It has no tokenizer unless --tokenizer names
                one. Without a tokenizer you can convert and time it, but not generate text with it.

                  -o DIR             where to write; DIR is made if it does not exist, and must be empty
                  --layers N         use N layers instead of the shape's number
                  --dtype TYPE       bf16 (default), f16 or f32
                  --seed S           seed of the random weights (default: 0)
                  --shard-bytes N    largest weight file, without its header (default: 1000000000)
                  --tokenizer FILE   a file to copy to DIR/tokenizer.json
                  --config-only      write config.json alone, which is all that 'twofold estimate' needs
                  --help             print this text

                shapes:
                """);
        for (Shape shape : Shape.ALL) {
            text.append(String.format(Locale.ROOT, "  %-17s %2d layers, hidden %4d, %7.1f million parameters%n",
                    shape.name(), shape.layers(), shape.hidden(), shape.parameters() / 1e6));
        }
        return text.toString();
    }
}
